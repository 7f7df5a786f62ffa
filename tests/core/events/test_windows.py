import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import EVENT_MAKERS, windows
from core.signals import Annotation
from tests.core.events.signals_made import recording_of

MARKS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), max_size=8)


@given(marks=MARKS, length=st.integers(1, 9), step=st.integers(1, 9), least=st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_window_takes_the_label_of_what_covers_most_of_it(marks, length, step, least):
    annotations = [Annotation(a / 4, d / 4, str(n)) for n, (a, d) in enumerate(marks)]
    length_s = length / 4
    starts = np.arange(0, 10, step / 4)
    labels = windows.covering(annotations, starts, length_s, least * length_s)
    for start, label in zip(starts, labels, strict=True):
        covered = [min(a.onset_s + a.duration_s, start + length_s) - max(a.onset_s, start) for a in annotations]
        most = max(covered, default=0.0)
        if label is None:
            assert most < least * length_s + 1e-6
        else:
            assert covered[int(label)] == most >= least * length_s - 1e-6


def test_ten_thousand_windows_and_annotations_are_not_compared_each_with_each():
    marks = [Annotation(2.0 * n, 2.0, f"{n % 3}") for n in range(10_000)]
    made = EVENT_MAKERS["windows"](recording_of(np.zeros(20_000), fs=1.0, annotations=marks), length_s=2.0)
    assert [event.label for event in made] == [mark.text for mark in marks]


@pytest.mark.parametrize(("step", "n"), [(None, 5), (1.0, 9), (0.5, 17), (3.0, 3)])
def test_step_says_how_windows_overlap(step, n):
    made = EVENT_MAKERS["windows"](recording_of(np.zeros(1000), fs=100.0), length_s=2.0, step_s=step)
    assert len(made) == n
    assert {event.duration_s for event in made} == {2.0}
