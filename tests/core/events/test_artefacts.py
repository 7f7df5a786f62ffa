from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.events import EVENT_MAKERS, artefacts, find_events
from core.events.stretches import Collected, joined, spans_of
from core.signals import add_to_study
from core.study import Study
from tests.core.events.signals_made import recording_of

FIND = EVENT_MAKERS["threshold"]
FS = 100.0


def noise(seconds=60.0, seed=0):
    return np.random.default_rng(seed).standard_normal(int(seconds * FS))


def found(signal, kind="ecg", unit="mV", **options):
    made = FIND(recording_of(signal, fs=FS, kind=kind, unit=unit), **options)
    assert {event.kind for event in made} <= {"artefact"}
    return [(round(e.start_s, 4), round(e.duration_s, 4), e.attributes["reason"]) for e in made]


def test_a_quiet_signal_has_none():
    assert found(noise()) == []
    assert found(noise(), kind="eeg") == []


def test_each_artefact_says_why():
    x = noise()
    x[1000:1100] = np.nan
    x[2000:2150] = 0.25
    x[3000:3200] = 9.0
    x[4000:4010] = -7.0
    assert found(x, above=8.0, below=-5.0) == [
        (10.0, 1.0, "missing for 1 s"),
        (20.0, 1.5, "flat at 0.25 mV for 1.5 s"),
        (30.0, 2.0, "above 8 mV for 2 s; saturated at 9 mV, its highest value, for 2 s"),
        (40.0, 0.1, "below -5 mV for 0.1 s"),
    ]
    assert [start for start, *_ in found(x, flat_s=0)] == [10.0]
    assert found(x, flat_s=1.51, min_duration_s=1.5)[0][0] == 30.0


def test_what_is_far_from_the_running_median_is_counted_in_robust_deviations():
    drift = 50 * np.sin(np.arange(6000) / 6000 * 2 * np.pi)
    x = noise() + drift
    x[3000:3020] += 30
    ((start, duration, reason),) = found(x, kind="eeg", unit="µV", max_deviations=10.0)
    assert (start, duration) == (30.0, 0.2)
    assert "10 robust standard deviations" in reason
    assert "µV" in reason
    assert len(found(x, kind="eeg")) == 1
    assert found(x) == []  # of an ECG, beats would be far too
    assert found(x, kind="eeg", max_deviations=0) == []


def test_artefacts_close_together_are_one():
    x = noise()
    x[1000:1010] = x[1015:1025] = 20.0
    assert found(x, above=10.0) == [(10.0, 0.25, "above 10 mV for 0.25 s")]
    assert len(found(x, above=10.0, merge_gap_s=0.04)) == 2
    assert found(x, above=10.0, min_duration_s=0.3) == []
    assert len(found(x, above=10.0, min_duration_s=0.25)) == 1


@given(
    kinds=st.lists(st.tuples(st.sampled_from("nfhq"), st.integers(1, 40)), min_size=1, max_size=12),
    chunk=st.integers(1, 50),
    gap=st.sampled_from([0.0, 0.05, 0.2]),
)
def test_chunks_leave_no_seams(kinds, chunk, gap):
    quiet = noise(10)
    parts = {"n": np.nan, "f": 0.5, "h": 9.0}
    x = np.concatenate([np.full(n, parts[k]) if k in parts else quiet[:n] for k, n in kinds])
    options = {"above": 5.0, "flat_s": 0.1, "merge_gap_s": gap}
    whole = found(x, **options)
    usual, artefacts.CHUNK = artefacts.CHUNK, chunk
    try:
        assert found(x, **options) == whole
    finally:
        artefacts.CHUNK = usual


def test_memory_does_not_grow_with_the_recording(monkeypatch):
    monkeypatch.setattr(artefacts, "CHUNK", 1000)
    recording = recording_of(noise(200), fs=FS, kind="eeg")
    FIND(recording)
    assert recording.source.most <= 1000


def test_channels_of_unknown_kind_are_looked_at_when_asked_for():
    flat = np.zeros(500)
    assert found(flat, kind="other") != []  # where there are no others, all are
    assert FIND(recording_of(flat, fs=FS), channel="c0")[0].channel == "c0"
    with pytest.raises(InputError, match="no channel 'Cz'"):
        FIND(recording_of(flat, fs=FS), channel="Cz")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flat_s": -1.0}, "flat_s must be"),
        ({"max_deviations": -1.0}, "max_deviations must be"),
        ({"median_s": 0.0}, "median_s must be"),
        ({"above": -1.0, "below": 1.0}, "everything would be an artefact"),
    ],
)
def test_limits_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        FIND(recording_of(noise(1), fs=FS), **options)


def test_they_are_found_once_in_a_study(tmp_path):
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        recording = add_to_study(study, resources.path("demo/208"))
        first = find_events(study, recording, "threshold", {"above": 2.0})
        study.apply(first.changeset)
        assert first.n_found == len(study.events()) > 100
        assert find_events(study, recording, "threshold", {"above": 2.0}).n_known == first.n_found


@given(mask=st.lists(st.booleans(), max_size=40), cuts=st.sets(st.integers(0, 40)), gap=st.integers(0, 3))
def test_stretches_are_put_together(mask, cuts, gap):
    mask = np.array(mask, bool)
    whole = joined(spans_of(mask), gap)
    assert [bool(mask[a]) and bool(mask[b - 1]) for a, b in whole] == [True] * len(whole)
    assert (whole[1:, 0] - whole[:-1, 1] > gap).all()
    collected = Collected(gap=gap)
    edges = sorted({0, len(mask)} | {cut for cut in cuts if cut < len(mask)})
    for start, stop in pairwise(edges):
        collected.add(spans_of(mask[start:stop], start))
    assert collected.all().tolist() == whole.tolist()
