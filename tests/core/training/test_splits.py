"""What is held out is apart from what is trained on: by subject, by recording, or sample by sample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.events import make_events
from core.features import Windows, WindowSpec
from core.signals import add_to_study
from core.study import Study
from core.training import TrainingSpec, best_unit, load_dataset, split_dataset
from core.training.data import Dataset

SPEC = TrainingSpec()


def dataset(spans, *, recording=None, subject=None, y=None, scored=None, origin=None):
    """A dataset whose windows come from given stretches of time; one event each, of two classes in turn."""
    spans = np.asarray(spans, float)
    n = len(spans)
    ids = np.arange(n, dtype=np.int64)
    recording = np.zeros(n, np.int64) if recording is None else np.asarray(recording)
    subject = np.array([""] * n if subject is None else subject, dtype=object)
    x = np.zeros((n, 1, 4), np.float32)
    windows = Windows(ids, x, recording, subject, 100.0, ("I",), ("1",), {}, spans_s=spans)
    return Dataset(
        ids=ids,
        recording=recording,
        subject=subject,
        start_s=spans[:, 0],
        x=x,
        raw=x,
        y=np.arange(n) % 2 if y is None else y,
        classes=["a", "b"],
        scored=np.ones(n, bool) if scored is None else scored,
        origin=np.full(n, -1) if origin is None else origin,
        window=WindowSpec(4),
        windows=windows,
        label_hash="",
    )


def overlapping(data, split):
    """Pairs of windows of two sides that share a stretch of the same recording, by brute force."""
    sides = (split.train, split.validation, split.test)
    pairs = 0
    for number, one in enumerate(sides):
        for other in sides[number + 1 :]:
            a, b = data.windows.spans_s[one], data.windows.spans_s[other]
            same = data.recording[one][:, None] == data.recording[other]
            pairs += int((same & (a[:, None, 0] < b[:, 1]) & (b[:, 0] < a[:, None, 1])).sum())
    return pairs


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(40, 200), length=st.floats(0.1, 6.0), n_recordings=st.integers(1, 2))
def test_no_window_of_one_side_overlaps_one_of_another(seed, n, length, n_recordings):
    rng = np.random.default_rng(seed)
    # As of centred windows of events of any duration: their order is not that of the events.
    begins = np.cumsum(rng.exponential(1.0, n)) + rng.uniform(-0.5, 0.5, n)
    data = dataset(
        np.column_stack([begins, begins + length]),
        recording=rng.integers(0, n_recordings, n),
        y=rng.integers(0, 2, n),
        scored=rng.random(n) < 0.9,
    )
    try:
        split = split_dataset(data, SPEC, seed)
    except InputError:
        return  # too few of a class are left: said, with a remedy
    assert overlapping(data, split) == 0
    assert len(set(split.train) | set(split.validation) | set(split.test)) == sum(
        map(len, (split.train, split.validation, split.test))
    )


def test_windows_that_touch_are_apart_and_nothing_is_left_out():
    begins = np.arange(100) * 2.0
    split = split_dataset(dataset(np.column_stack([begins, begins + 2])), SPEC, 0)
    assert len(split.train) + len(split.validation) + len(split.test) == 100


@pytest.mark.parametrize("anchor", ["centre", "start"])
def test_beats_of_a_real_recording_are_apart_though_windows_hold_several(tmp_path, anchor):
    with Study.create(tmp_path / "s") as study:
        study.apply(make_events(study, add_to_study(study, resources.path("demo/208")), "annotations", mapping="aami"))
        window = {"n_times": 187, "fs": 125.0, "channels": ["MLII"], "anchor": anchor}
        spec = TrainingSpec.from_json({"kinds": ["beat"], "classes": ["N", "V", "F"], "window": window})
        data = load_dataset(study, spec)
    lengths = np.diff(data.windows.spans_s, axis=1)
    assert lengths.min() >= 187 / 125
    events = data.start_s + (0.1 if anchor == "centre" else 0.75)
    np.testing.assert_allclose(data.windows.spans_s.mean(axis=1), events, atol=0.01)
    split = split_dataset(data, spec, 0)
    assert overlapping(data, split) == 0
    assert len(split.train) > 1500


def of_units(n_events, **units):
    """A dataset of events far apart."""
    begins = np.arange(n_events) * 10.0
    return dataset(np.column_stack([begins, begins + 1]), **units)


def test_the_seed_draws_the_split_and_the_same_seed_draws_the_same():
    data = of_units(400, y=np.random.default_rng(0).integers(0, 2, 400))
    tests = [split_dataset(data, SPEC, seed).test.tolist() for seed in range(12)]
    assert len({tuple(rows) for rows in tests}) >= 3
    assert tests == [split_dataset(data, SPEC, seed).test.tolist() for seed in range(12)]


def test_the_seed_draws_the_subjects_too():
    data = of_units(400, subject=[f"P{n % 8}" for n in range(400)], y=np.random.default_rng(0).integers(0, 2, 400))
    held_out = {tuple(sorted(set(data.subject[split_dataset(data, SPEC, seed).test]))) for seed in range(12)}
    assert len(held_out) >= 3


RECORDINGS = np.arange(240) // 40  # six recordings


@pytest.mark.parametrize(
    ("subjects", "split_by", "unit", "said", "not_said"),
    [
        # Two people in six recordings: by recording, both would be on all sides.
        (["P0", "P0", "P0", "P1", "P1", "P1"], "auto", "time block", "all events are of 2 subjects", "not known"),
        (["P0"] * 6, "auto", "time block", "all events are of 1 subject)", "not known"),
        (["P0", "P0", "P1", "P1", "P2", "P2"], "auto", "subject", "", "person"),
        ([""] * 6, "auto", "recording", "whose 6 of 6 recordings are is not known", "as asked"),
        (["P0", "P0", "P1", "P1", "", ""], "auto", "recording", "whose 2 of 6 recordings are is not known", "as asked"),
        (["P0", "P0", "P0", "P0", "P0", ""], "auto", "time block", "too few recordings", "not known"),
        (["P0", "P0", "P0", "P1", "P1", "P1"], "recording", "recording", "subjects have several", "not known"),
        (["P0", "P0", "P1", "P1", "P2", "P2"], "time", "time block", "as asked", "too few"),
    ],
)
def test_people_are_kept_apart_or_the_warning_says_the_truth(subjects, split_by, unit, said, not_said):
    data = of_units(240, recording=RECORDINGS, subject=[subjects[r] for r in RECORDINGS])
    split = split_dataset(data, TrainingSpec(split_by=split_by), 1)
    assert split.unit == unit
    assert said in " ".join(split.warnings)
    assert not_said not in " ".join(split.warnings)
    sides = (split.train, split.validation, split.test)
    if unit == "recording":
        assert sum(len(set(data.recording[rows])) for rows in sides) == 6
    if split_by == "auto" and unit != "time block":
        known = [{s for s in data.subject[rows] if s} for rows in sides]
        assert not (known[0] & known[1] | known[0] & known[2] | known[1] & known[2])


@pytest.mark.parametrize(
    ("subjects", "unit"),
    [("abc", "subject"), ("aab", "time"), ("aaa", "time"), ("ab ", "recording"), ("aa ", "time"), ("   ", "recording")],
)
def test_what_is_kept_apart_depends_on_whom_is_known(subjects, unit):
    assert best_unit([s.strip() for s in subjects], range(len(subjects))) == unit
