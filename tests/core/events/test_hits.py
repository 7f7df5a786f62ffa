import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.events import Criteria, detect_hits
from core.events import hits as module
from core.signals import open_recording, simulate

FS = 4385.0


def overlaps(a, b):
    return a.start_s < b.start_s + b.duration_s + 0.05 and b.start_s < a.start_s + a.duration_s + 0.05


@pytest.mark.parametrize("regime", sorted(simulate.REGIMES))
def test_emboli_are_found_and_artefacts_are_not_taken_for_them(regime):
    iq, truth = simulate.tcd(11, 120.0, regime, echo_db=(5.0, 20.0))
    emboli = [t for t in truth if t.kind != "artefact"]
    artefacts = [t for t in truth if t.kind == "artefact"]
    taken = [h for h in detect_hits(iq, FS) if h.kind == "embolus"]
    found = [e for e in emboli if any(overlaps(e, h) for h in taken)]
    assert len(found) >= 0.95 * len(emboli) > 0
    assert not [a for a in artefacts if any(overlaps(a, h) for h in taken)]
    assert len([h for h in taken if not any(overlaps(h, e) for e in emboli)]) <= 4
    errors = [h.hbr_db - e.hbr_db for e in emboli for h in taken if overlaps(e, h)]
    assert abs(np.mean(errors)) < 0.5
    assert np.std(errors) < 1.5


def test_events_flagged_by_a_real_device_are_called_artefacts_with_a_reason():
    recording = open_recording(resources.path("demo/tcd_device_event_05.wav"))
    hits = detect_hits(recording.read_iq(0, 0, recording.channels[0].n_samples), recording.fs[0])
    assert hits
    assert {h.kind for h in hits} == {"artefact"}
    assert all("both sides of zero" in h.reason for h in hits)


@pytest.mark.parametrize("level", [0.0, 1.0, 1e-12])
def test_constant_signals_hold_no_hits(level):
    assert detect_hits(np.full(5000, level, complex), FS) == []


def test_flow_without_events_is_quiet():
    iq, _ = simulate.tcd(12, 60.0, emboli_per_minute=0, artefacts_per_minute=0)
    assert len([h for h in detect_hits(iq, FS) if h.kind == "embolus"]) <= 3


def test_no_candidate_is_below_the_criterion():
    recording = open_recording(resources.path("demo/tcd_simulated.wav"))
    iq = recording.read_iq(0, 0, recording.channels[0].n_samples)
    for least in (2.0, 3.0, 6.0):
        assert min(h.hbr_db for h in detect_hits(iq, recording.fs[0], criteria=Criteria(min_hbr_db=least))) >= least


def test_missing_samples_are_passed_over():
    iq, _ = simulate.tcd(13, 20.0, emboli_per_minute=20, artefacts_per_minute=0)
    iq[4000:9000] = np.nan
    hits = detect_hits(iq, FS)
    assert hits
    assert not [h for h in hits if 4000 / FS < h.start_s < 9000 / FS]
    assert detect_hits(np.full(5000, np.nan + 0j), FS) == []


def test_chunks_leave_no_seam(monkeypatch):
    iq, _ = simulate.tcd(14, 30.0, emboli_per_minute=30)
    whole = detect_hits(iq, FS)
    monkeypatch.setattr(module, "CHUNK_S", 4.0)
    pieces = detect_hits(iq, FS)
    assert [h.kind for h in pieces] == [h.kind for h in whole]
    np.testing.assert_allclose([h.start_s for h in pieces], [h.start_s for h in whole], atol=0.01)


@settings(max_examples=10, deadline=None)
@given(shift=st.floats(200, 1800), away=st.booleans(), gain=st.floats(1e-3, 1e3))
def test_direction_frequency_and_gain(shift, away, gain):
    rng = np.random.default_rng(0)
    n = 4 * 4385
    iq = rng.standard_normal(n) + 1j * rng.standard_normal(n)
    t = np.arange(n) / FS - 2.0
    sign = -1 if away else 1
    iq += 12 * np.exp(-0.5 * (t / 0.02) ** 2) * np.exp(2j * np.pi * sign * shift * t)
    (hit,) = [h for h in detect_hits(gain * iq, FS) if h.kind == "embolus"]
    assert hit.direction * sign > 0.8
    assert hit.peak_hz == pytest.approx(sign * shift, abs=40)
    assert hit.start_s < 2.0 < hit.start_s + hit.duration_s


@pytest.mark.parametrize(
    "arguments", [(np.zeros(5000), FS), (np.zeros(10, complex), FS), (np.zeros(5000, complex), 0.0)]
)
def test_what_cannot_be_searched_says_why(arguments):
    with pytest.raises(InputError) as caught:
        detect_hits(*arguments)
    assert caught.value.remedy


def passing(hbr_db, lasting_s=0.1, n=6):
    """Broad-band blood of power 1 and `n` tones, a hits-to-blood ratio above it, one a second from 2 s on."""
    rng = np.random.default_rng(0)
    t = np.arange(int((n + 3) * FS)) / FS
    iq = (rng.standard_normal(len(t)) + 1j * rng.standard_normal(len(t))) / np.sqrt(2)
    on = (t >= 2) & (t < n + 2) & (t % 1 < lasting_s)
    return iq + on * np.sqrt(10 ** (hbr_db / 10) - 1) * np.exp(2j * np.pi * 600 * t)


@pytest.mark.parametrize(("hbr_db", "n_found"), [(2.0, 0), (4.0, 6), (4.6, 6), (10.0, 6)])
def test_three_decibels_are_of_embolus_and_blood_over_blood(hbr_db, n_found):
    taken = [h for h in detect_hits(passing(hbr_db), FS) if h.kind == "embolus"]
    assert len(taken) == n_found
    for hit in taken:
        assert hit.hbr_db == pytest.approx(hbr_db, abs=1.0)
        assert f"HBR {hit.hbr_db:.1f} dB" in hit.reason
    if taken:
        assert np.mean([h.hbr_db for h in taken]) == pytest.approx(hbr_db, abs=0.4)


@pytest.mark.parametrize("regime", sorted(simulate.REGIMES))
def test_emboli_of_little_more_than_the_criterion_are_found_without_false_alarms(regime):
    """Before, 3 dB were asked of the echo alone: those of 4.1 dB (echo 2 dB) were missed one time in five."""
    iq, truth = simulate.tcd(21, 180.0, regime, echo_db=(2.0, 2.0), emboli_per_minute=20, artefacts_per_minute=0)
    taken = [h for h in detect_hits(iq, FS) if h.kind == "embolus"]
    assert np.mean([any(overlaps(e, h) for h in taken) for e in truth]) > 0.85
    assert len([h for h in taken if not any(overlaps(h, e) for e in truth)]) <= 2


def test_criteria_are_what_decides():
    iq, _ = simulate.tcd(15, 30.0, emboli_per_minute=30, artefacts_per_minute=0)
    strict = detect_hits(iq, FS, criteria=Criteria(max_duration_s=0.001))
    assert {h.kind for h in strict} == {"artefact"}
    assert "an embolus less than 1 ms" in strict[0].reason
