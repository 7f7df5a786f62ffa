from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.events import (
    BEAT_SYMBOLS,
    BeatAgreement,
    compare_beats,
    compare_with_annotations,
    flutter_episodes,
    match_beats,
)
from core.signals import Annotation, open_recording

TIMES = st.lists(st.integers(0, 12), max_size=5).map(lambda ticks: np.sort(np.array(ticks, float)) / 10)


def marks(text):
    return [Annotation(float(at), 0.0, symbol) for at, symbol in enumerate(text)]


def best_of_all(truth, found, tolerance):
    """Return number and total distance of the best pairs, by trying all ways to pair."""
    few, many = sorted((truth, found), key=len)
    best = (0, 0.0)
    for order in permutations(range(len(many)), len(few)):
        apart = [abs(few[i] - many[j]) for i, j in enumerate(order)]
        pairs = [d for d in apart if d <= tolerance + 1e-9]
        best = max(best, (len(pairs), -round(sum(pairs), 9)))
    return best


@given(truth=TIMES, found=TIMES, tolerance=st.sampled_from([0.1, 0.15, 0.35]))
def test_pairs_are_as_many_and_as_close_as_can_be(truth, found, tolerance):
    pairs = match_beats(truth, found, tolerance)
    apart = np.abs(truth[pairs[:, 0]] - found[pairs[:, 1]])
    assert (apart <= tolerance + 1e-6).all()
    assert (np.diff(pairs, axis=0) > 0).all()
    n, distance = best_of_all(truth, found, tolerance)
    assert len(pairs) == n
    assert apart.sum() == pytest.approx(-distance, abs=1e-6)


@given(truth=TIMES, found=TIMES)
def test_every_beat_is_counted_once(truth, found):
    result = compare_beats(truth, found)
    assert result.tp + result.fn == result.n == len(truth)
    assert result.tp + result.fp == len(found)
    swapped = compare_beats(found, truth)
    assert (swapped.tp, swapped.fn, swapped.fp) == (result.tp, result.fp, result.fn)
    assert compare_beats(truth, truth).fn == compare_beats(truth, truth).fp == 0


def test_a_detector_that_fires_all_the_time_is_compared_in_good_time():
    truth = np.arange(0, 3600, 0.8)
    result = compare_beats(truth, np.arange(0, 3600, 0.01))
    assert (result.tp, result.fn) == (len(truth), 0)


def test_an_early_beat_takes_no_later_one_from_its_own():
    # In order of time, the false 0.9 would take 1.0, and then 1.04 be left for nobody.
    assert match_beats([1.0], [0.9, 1.01]).tolist() == [[0, 1]]
    assert len(match_beats([1.0, 1.2], [1.1, 1.3])) == 2


def test_flutter_counts_on_neither_side():
    reference, found = [1.0, 2.0, 9.0], [1.0, 2.0, 5.0, 5.5, 9.0]
    assert compare_beats(reference, found).fp == 2
    result = compare_beats(reference, found, excluded=[(4.0, 6.0)])
    assert (result.tp, result.fn, result.fp, result.n_excluded, result.excluded_s) == (3, 0, 0, 2, 2.0)
    # The beat before the episode was found some samples late, within it: it was found.
    assert compare_beats([3.99], [4.02], excluded=[(4.0, 6.0)]) == BeatAgreement(1, 0, 0, 0, 2.0)
    assert compare_beats([4.02], [3.99], excluded=[(4.0, 6.0)]) == BeatAgreement(0, 0, 0, 2, 2.0)


@pytest.mark.parametrize(
    ("text", "episodes"),
    [("NN", []), ("N[!!]N", [(1, 4)]), ("N[!", [(1, 10)]), ("!]N[", [(0, 1), (3, 10)]), ("[[]]", [(0, 2)])],
)
def test_episodes_go_from_one_bracket_to_the_other(text, episodes):
    assert flutter_episodes(marks(text), 10.0) == episodes


def test_where_there_are_no_beats_shares_are_not_defined():
    nothing = compare_beats([], [])
    assert nothing.as_dict()["sensitivity"] is None
    assert "not defined (no beats)" in nothing.describe()


def test_results_add_up():
    both = compare_beats([1.0], [1.0]) + compare_beats([1.0, 2.0], [2.5])
    assert (both.tp, both.fn, both.fp) == (1, 2, 1)
    assert both.as_dict()["n"] == 3


@pytest.mark.parametrize("times", [[2.0, 1.0], [np.nan], [[1.0]]])
def test_times_are_numbers_in_order(times):
    with pytest.raises(InputError, match="in order"):
        compare_beats([1.0], times)


def test_what_came_with_the_recording_is_the_reference():
    recording = open_recording(resources.path("demo/208"))
    times = [a.onset_s for a in recording.annotations if a.text in BEAT_SYMBOLS]
    assert compare_with_annotations(recording, times).fn == 0
    with pytest.raises(InputError, match="no annotated beats"):
        compare_with_annotations(open_recording(resources.path("demo/S001R04.edf")), [])
