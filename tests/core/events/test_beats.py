import numpy as np
import pytest

import resources
from core.errors import InputError
from core.events import EVENT_MAKERS, beats, compare_beats, compare_with_annotations
from core.signals import open_recording
from tests.core.events.signals_made import ecg, recording_of

FIND = EVENT_MAKERS["beats"]


def peaks(recording, **options):
    return np.array([event.attributes["peak_s"] for event in FIND(recording, **options)])


def test_beats_of_an_ecg_agree_with_the_cardiologists():
    recording = open_recording(resources.path("demo/208"))
    result = compare_with_annotations(recording, peaks(recording))
    assert result.sensitivity.value > 0.99
    assert result.ppv.value > 0.995


def test_pieces_have_no_seams(monkeypatch):
    signal, truth = ecg(120)
    whole = peaks(recording_of(signal))
    assert compare_beats(truth, whole).fn <= 1
    monkeypatch.setattr(beats, "BEFORE_S", 30.0)
    for length in (7.0, 7.93, 31.3):
        monkeypatch.setattr(beats, "CHUNK", int(length * 250))
        recording = recording_of(signal)
        pieces = peaks(recording)
        assert recording.source.most < (length + beats.BEFORE_S + beats.AFTER_S + 1) * 250
        assert len(pieces) == len(whole)
        assert np.abs(pieces - whole).max() < 0.05
        assert np.diff(pieces).min() > beats.REFRACTORY_S


def test_there_are_no_beats_where_samples_are_missing():
    signal, truth = ecg(60)
    signal[20 * 250 : 30 * 250] = np.nan
    signal[int(40.3 * 250) : int(40.4 * 250)] = np.nan
    found = peaks(recording_of(signal))
    assert np.isfinite(signal[(found * 250).astype(int)]).all()
    there = truth[(truth < 19.5) | ((truth > 30.5) & (np.abs(truth - 40.35) > 0.5))]
    assert compare_beats(there, found).fn <= 1
    assert compare_beats(truth, found).fp == 0


@pytest.mark.parametrize(("unit", "factor"), [("µV", 1e3), ("V", 1e-3), ("1", 7.3), ("mV", 1.0)])
def test_beats_do_not_depend_on_the_unit(unit, factor):
    signal, truth = ecg(40)
    result = compare_beats(truth, peaks(recording_of(signal * factor + 5 * factor, unit=unit)))
    assert result.fn <= 1
    assert result.fp <= 1


def test_too_few_samples_a_second_are_refused():
    with pytest.raises(InputError, match=r"50 samples a second.*60 Hz"):
        FIND(recording_of(np.zeros(500), fs=50.0))
