import csv
from importlib import import_module

import numpy as np
import pytest

import resources
from core.errors import InputError
from core.signals import log_spectrogram, open_recording, simulate
from core.signals.simulate.artefacts import artefact_samples, draw_artefact
from core.signals.simulate.heart import pulse


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
    during, without = [], []
    for seed in range(6, 12):  # of one recording, a few strong ones on one side decide
        made = simulate.Simulation(seed, 60.0, emboli_per_minute=0, artefacts_per_minute=20)
        iq = np.concatenate(list(made.blocks()), axis=1)[0]
        spectrum = log_spectrogram(iq.conj() if made.patient.away else iq, 4385.0, 128, 64)
        power, times = 10 ** (spectrum.db / 10), spectrum.times_s
        ratio = power[spectrum.freqs_hz > 100].sum(axis=0) / power[spectrum.freqs_hz < -100].sum(axis=0)
        hit, clean = np.zeros(len(times), bool), np.ones(len(times), bool)
        for t in made.truth:
            hit |= (times > t.start_s) & (times < t.start_s + t.duration_s / 3)
            clean &= (times < t.start_s - 0.05) | (times > t.start_s + t.duration_s + 0.05)
        during.append(ratio[hit]), without.append(ratio[clean])
    assert np.median(np.concatenate(without)) > 5
    assert np.median(np.concatenate(during)) < 3


@pytest.mark.parametrize("kind", ["knock", "speech", "swallow"])
def test_artefacts_end_without_a_step_and_only_the_blow_of_a_knock_begins_with_one(kind):
    for seed in range(30):
        artefact = draw_artefact(np.random.default_rng(seed), 0.0, kind)
        size = np.abs(artefact_samples(artefact, 4385.0))
        assert size[-2:].max() < 0.005 * size.max()
        assert size[-22:].max() < 0.1 * size.max()  # 5 ms
        assert (size[:2].max() < 0.01 * size.max()) == (kind != "knock")


@pytest.mark.parametrize("length_s", [0.35, 0.6, 1.1])
@pytest.mark.parametrize("upstroke_s", [0.03, 0.14])
def test_a_beat_rises_fast_to_its_peak_and_ends_where_the_next_one_begins(upstroke_s, length_s):
    t = np.linspace(0, length_s, 2001)
    beat = pulse(t, np.full_like(t, length_s), upstroke_s)
    assert beat[0] == pytest.approx(0, abs=1e-4)
    assert beat[-1] == pytest.approx(0, abs=1e-4)
    assert t[np.argmax(beat)] == pytest.approx(upstroke_s, abs=0.01)
    assert beat.max() == pytest.approx(1, abs=0.02)
    assert np.abs(np.diff(beat)).max() < 0.05  # nowhere a step
    assert np.diff(beat).max() > 1.5 * -np.diff(beat).min() or upstroke_s > 0.1


def test_the_offset_of_i_and_q_is_as_strong_as_the_patient_says():
    made = simulate.Simulation(3, 20.0, gates=2, emboli_per_minute=0, artefacts_per_minute=0)
    offsets = np.concatenate(list(made.blocks()), axis=1).mean(axis=1)
    np.testing.assert_allclose(20 * np.log10(np.abs(offsets)), made.patient.offset_db, atol=1.0)
    assert abs(np.angle(offsets[0] / offsets[1])) > 0.01  # each gate has its own


@pytest.mark.parametrize("emission_hz", [1e6, 2e6, 2.25e6])
def test_a_file_says_what_the_probe_emitted(tmp_path, emission_hz):
    simulate.write_simulation(tmp_path / "s.wav", simulate.Simulation(1, 2.0, fs=4000.0, emission_hz=emission_hz))
    assert open_recording(tmp_path / "s.wav").emission_hz == emission_hz


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
