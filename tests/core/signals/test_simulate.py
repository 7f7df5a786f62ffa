import csv

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


def test_hbr_is_what_the_truth_says():
    """With and without emboli the blood is the same noise: the difference is the echo, blood has power 1."""
    iq, truth = simulate.tcd(5, 60.0, artefacts_per_minute=0, emboli_per_minute=20)
    assert len(truth) >= 10
    powers = [np.mean(np.abs(iq[int(t.start_s * 4385) : int((t.start_s + t.duration_s) * 4385)]) ** 2) for t in truth]
    errors = [10 * np.log10(max(p - 1, 1e-3)) - t.echo_db for p, t in zip(powers, truth, strict=True)]
    assert np.abs(errors).max() < 3.0
    assert abs(np.mean(errors)) < 0.7
    # The ratio of the consensus has the blood in it on both sides.
    errors = [10 * np.log10(p) - t.hbr_db for p, t in zip(powers, truth, strict=True)]
    assert np.abs(errors).max() < 3.0
    assert abs(np.mean(errors)) < 0.5


@pytest.mark.parametrize(("echo_db", "hbr_db"), [(-np.inf, 0.0), (0.0, 3.01), (10.0, 10.41), (30.0, 30.0)])
def test_hbr_of_an_echo(echo_db, hbr_db):
    assert simulate.hbr_of_echo(echo_db) == pytest.approx(hbr_db, abs=0.01)


def test_the_demo_says_both_measures_of_its_emboli():
    with resources.path("demo/tcd_simulated_truth.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 72
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
