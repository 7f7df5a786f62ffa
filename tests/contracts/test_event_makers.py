"""What every event maker promises, whatever it is given."""

import math

import numpy as np
import pytest

from core.errors import InputError
from core.events import EVENT_MAKERS, run_maker
from core.signals import Annotation
from tests.core.events.signals_made import ecg, recording_of

FS = 250.0
RATES = {"hits": 1000.0}  # at 250 Hz, nothing of Doppler is left above the vessel wall
GAP = ecg(30)[0]
GAP[2000:3000] = np.nan
SIGNALS = {
    "empty": np.zeros(0),
    "one sample": np.ones(1),
    "too short": np.ones(20),
    "flat": np.full(5000, 0.3),
    "all missing": np.full(5000, np.nan),
    "a moment in a gap": np.where(np.abs(np.arange(5000) - 2500) < 20, 1.0, np.nan),
    "huge": np.where(np.arange(5000) % 200 == 0, 1e12, 0.0),
    "an ECG with a gap": GAP,
}
MARKS = (Annotation(0.0, 2.0, "T0"), Annotation(0.01, 0.0, "N"))


def as_recording(signal, maker):
    kinds = ("doppler_i", "doppler_q") if maker == "hits" else ("ecg",)
    made = recording_of(*(signal for _ in kinds), fs=RATES.get(maker, FS), annotations=MARKS)
    channels = tuple(
        type(c)(c.name, c.fs, c.unit, c.n_samples, kind) for c, kind in zip(made.channels, kinds, strict=True)
    )
    return type(made)(made.path, made.format, channels, made.source, annotations=MARKS)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("maker", EVENT_MAKERS)
def test_events_lie_within_the_recording_and_are_the_same_each_time(maker, signal):
    recording = as_recording(SIGNALS[signal], maker)
    try:
        made = run_maker(maker, recording, {})
    except InputError as error:
        made, remedy = None, error.remedy
    if made is None:
        assert remedy, "says what to do"
        return
    assert made == run_maker(maker, recording, {})
    for event in made:
        assert event.channel in ("", *(c.name for c in recording.channels))
        assert event.kind
        assert math.isfinite(event.start_s)
        assert math.isfinite(event.duration_s)
        assert event.duration_s >= 0
        if maker != "annotations":  # what a file says beyond its end is kept
            assert 0 <= event.start_s < recording.duration
        assert event.label is None or isinstance(event.label, str)


@pytest.mark.parametrize("signal", ["one sample", "too short", "flat", "a moment in a gap"])
def test_where_there_is_nothing_no_beats_or_hits_are_found(signal):
    for maker in ("beats", "hits"):
        assert run_maker(maker, as_recording(SIGNALS[signal], maker), {}) == []


@pytest.mark.parametrize("maker", EVENT_MAKERS)
def test_a_recording_without_a_sample_is_refused(maker):
    with pytest.raises(InputError, match="holds no signal"):
        run_maker(maker, as_recording(SIGNALS["empty"], maker), {})


@pytest.mark.parametrize("maker", ["beats", "hits"])
def test_a_channel_without_a_sample_is_refused(maker):
    with pytest.raises(InputError, match="missing"):
        run_maker(maker, as_recording(SIGNALS["all missing"], maker), {})
