import csv
from importlib import import_module

import numpy as np
import pytest

import resources
from core.errors import InputError
from core.signals import log_spectrogram, open_recording, simulate


def test_same_seed_same_samples():
    a, truth_a = simulate.tcd(3, 5.0)
    b, truth_b = simulate.tcd(3, 5.0)
    np.testing.assert_array_equal(a, b)
    assert truth_a == truth_b
    assert not np.array_equal(a, simulate.tcd(4, 5.0)[0])


def cut(start_s, duration_s):
    return slice(int(start_s * 4385), int((start_s + duration_s) * 4385))


def test_hbr_is_what_the_truth_says():
    """With and without emboli the blood is the same noise: the difference is the echo, and the blood is what is left."""
    (iq, truth), (blood, nothing) = (
        simulate.tcd(5, 120.0, artefacts_per_minute=0, emboli_per_minute=n) for n in (12, 0)
    )
    assert nothing == []
    assert len(truth) >= 10
    middles = np.array([t.start_s + t.duration_s / 2 for t in truth])
    for t, middle in zip(truth, middles, strict=True):
        if (np.abs(middles - middle) < 0.3).sum() > 1:
            continue  # in a shower, another's echo is in it too
        own, around = (iq - blood)[cut(t.start_s, t.duration_s)], blood[cut(t.start_s - 0.1, t.duration_s + 0.2)]
        measured = 10 * np.log10(np.mean(np.abs(own) ** 2) / np.mean(np.abs(around) ** 2))
        assert measured == pytest.approx(t.echo_db, abs=4.0)  # noise, wall and speckle are in what is left


def test_blocks_are_the_same_however_long_they_are(monkeypatch):
    whole = np.concatenate(list(simulate.Simulation(3, 20.0, gates=2).blocks()), axis=1)
    monkeypatch.setattr(import_module("core.signals.simulate.tcd"), "BLOCK_S", 3.0)
    pieces = list(simulate.Simulation(3, 20.0, gates=2).blocks())
    assert len(pieces) > 4
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, atol=1e-12)


@pytest.mark.parametrize("regime", simulate.REGIMES)
def test_every_parameter_is_drawn_from_its_stated_range(regime):
    for seed in range(20):
        patient = simulate.Simulation(seed, 1.0, regime).patient
        for name, parameter in simulate.PARAMETERS.items():
            assert parameter.low <= getattr(patient, name) <= parameter.high, name
            assert parameter.source


def test_an_embolus_reaches_the_gates_one_after_the_other():
    _, truth = simulate.tcd(4, 60.0, gates=2, artefacts_per_minute=0)
    delays = [t.delay_s for t in truth]
    assert all(0.005 < abs(d) < 0.25 for d in delays)
    assert len({d > 0 for d in delays}) == 1  # blood flows one way
    _, alone = simulate.tcd(4, 60.0, artefacts_per_minute=0)
    assert {t.delay_s for t in alone} == {0.0}


@pytest.mark.parametrize("regime", simulate.REGIMES)
def test_what_the_truth_says_of_emboli_is_possible(regime):
    for seed in range(4):
        _, truth = simulate.tcd(seed, 60.0, regime, emboli_per_minute=20)
        emboli = [t for t in truth if t.kind != "artefact"]
        assert all(0.002 < t.duration_s < 0.3 for t in emboli)
        assert all(0 <= t.echo_db <= 20 for t in emboli)
        assert not [t for t in emboli if t.kind == "solid" and t.detail == "rapid"]
        assert len({np.sign(t.shift_hz) for t in emboli}) == 1
        assert {t.detail for t in truth if t.kind == "artefact"} <= set(simulate.ARTEFACTS)


def test_shifts_beyond_half_the_rate_come_back_on_the_other_side():
    for seed in range(40):
        made = simulate.Simulation(seed, 20.0, fs=2500.0, emboli_per_minute=0, artefacts_per_minute=0)
        if not made.patient.away and made.patient.systolic * np.cos(np.deg2rad(made.patient.angle_deg)) > 0.85:
            break
    iq = np.concatenate(list(made.blocks()), axis=1)[0]
    spectrum = np.abs(np.fft.fft(iq)) ** 2
    shift = np.fft.fftfreq(len(iq), 1 / 2500.0)
    assert spectrum[shift < -900].mean() > 1.5 * spectrum[(shift < -300) & (shift > -600)].mean()


@pytest.mark.parametrize(("echo_db", "hbr_db"), [(-np.inf, 0.0), (0.0, 3.01), (10.0, 10.41), (30.0, 30.0)])
def test_hbr_of_an_echo(echo_db, hbr_db):
    assert simulate.hbr_of_echo(echo_db) == pytest.approx(hbr_db, abs=0.01)


def test_the_demo_says_both_measures_of_its_emboli():
    with resources.path("demo/tcd_simulated_truth.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 83
    for row in rows:
        assert float(row["hbr_db"]) == pytest.approx(simulate.hbr_of_echo(float(row["echo_db"])), abs=0.011)


def test_flow_goes_one_way_and_artefacts_both_ways():
    iq, truth = simulate.tcd(6, 60.0, emboli_per_minute=0, artefacts_per_minute=20)
    spectrum = log_spectrogram(iq, 4385.0, 128, 64)
    power = 10 ** (spectrum.db / 10)
    positive, negative = power[spectrum.freqs_hz > 100].sum(axis=0), power[spectrum.freqs_hz < -100].sum(axis=0)
    hit = np.zeros(len(spectrum.times_s), bool)
    for t in truth:
        hit |= (spectrum.times_s > t.start_s) & (spectrum.times_s < t.start_s + t.duration_s / 3)
    clean = np.ones_like(hit)
    for t in truth:
        clean &= (spectrum.times_s < t.start_s - 0.05) | (spectrum.times_s > t.start_s + t.duration_s + 0.05)
    assert np.median(positive[clean] / negative[clean]) > 5
    assert np.median(positive[hit] / negative[hit]) < 3


def test_file_says_simulated(tmp_path):
    iq, truth = simulate.tcd(1, 3.0, emboli_per_minute=30)
    table = simulate.write_simulated_wav(tmp_path / "s.wav", iq, 4385.0, truth)
    recording = open_recording(tmp_path / "s.wav")
    assert recording.simulated
    assert recording.gates == ((0, 1),)
    assert len(table.read_text().splitlines()) == len(truth) + 1


def test_out_of_range_is_refused():
    with pytest.raises(InputError, match="regular"):
        simulate.tcd(0, 10.0, regime="martian")
