from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from core.errors import InputError
from core.signals import Channel, Recording, mean_frequency, measure, measurement, power_spectrum
from tests.core.signals.arrays import Floats

FS = 250.0


def eeg(x):
    return Recording(Path("memory.edf"), "test", (Channel("Cz", FS, "µV", len(x), "eeg"),), Floats((x,)))


def test_what_two_cursors_tell_of_a_sine():
    t = np.arange(2500) / FS
    found = measure(eeg(3 + 2 * np.sin(np.pi * t)), "Cz", 2.5, 5.5)  # from a crest to a trough
    assert (found.dt_s, found.n, found.unit) == (3.0, 751, "µV")
    assert found.difference == pytest.approx(-4, abs=0.01)
    assert found.peak_to_peak == pytest.approx(4, abs=0.01)
    assert (found.minimum, found.maximum) == pytest.approx((1, 5), abs=0.01)
    assert (found.at_start, found.at_stop) == pytest.approx((5, 1), abs=0.01)
    assert (found.maximum_s, found.minimum_s) == pytest.approx((2.5, 3.5), abs=1 / FS)
    assert found.rate_hz == pytest.approx(1 / 3)
    assert found.per_minute == pytest.approx(20)
    whole = measure(eeg(3 + 2 * np.sin(np.pi * t)), "Cz", 0, 10)
    assert whole.mean == pytest.approx(3, abs=0.001)
    assert whole.rms == pytest.approx(np.sqrt(9 + 2))
    turned = measure(eeg(3 + 2 * np.sin(np.pi * t)), "Cz", 5.5, 2.5)
    assert (turned.dt_s, turned.difference, turned.n) == (-3.0, -found.difference, 751)


def test_gaps_and_places_outside_do_not_count():
    x = np.arange(1000.0)
    x[100:200] = np.nan
    found = measure(eeg(x), 0, 0.2, 1.0)
    assert (found.n, found.minimum, found.maximum) == (101, 50.0, 250.0)
    assert found.difference == 200.0
    empty = measure(eeg(x), 0, 0.5, 0.6)
    assert empty.n == 0
    assert np.isnan([empty.mean, empty.rms, empty.peak_to_peak, empty.minimum, empty.difference]).all()
    assert np.isnan(measure(eeg(x), 0, -1.0, 0.2).difference)
    one = measure(eeg(x), 0, 0.2, 0.2)
    assert (one.n, one.rate_hz, one.difference) == (1, np.inf, 0.0)
    with pytest.raises(InputError, match="start_s must be"):
        measure(eeg(x), 0, np.nan, 1.0)


def test_long_windows_in_pieces_give_the_same(monkeypatch):
    x = np.random.default_rng(0).standard_normal(50_000)
    x[12_345:12_400] = np.nan
    (freqs, density), found = power_spectrum(eeg(x), 0, 1, 190), measure(eeg(x), 0, 1, 190)
    monkeypatch.setattr(measurement, "CHUNK", 1777)
    again = power_spectrum(eeg(x), 0, 1, 190)
    np.testing.assert_allclose(again[1], density)
    np.testing.assert_array_equal(again[0], freqs)
    pieces = measure(eeg(x), 0, 1, 190)
    assert (pieces.n, pieces.peak_to_peak) == (found.n, found.peak_to_peak)
    low, high = (round(t * FS) for t in (pieces.minimum_s, pieces.maximum_s))
    assert (low, high) == (250 + np.nanargmin(x[250:47501]), 250 + np.nanargmax(x[250:47501]))
    assert pieces.rms == pytest.approx(found.rms)


def test_the_power_spectrum_is_that_of_scipy_and_holds_all_power():
    x = np.random.default_rng(0).standard_normal(25_000)
    freqs, density = power_spectrum(eeg(x), 0, 0, 100)
    expected = welch(x, FS, nperseg=500)
    np.testing.assert_array_equal(freqs, expected[0])
    np.testing.assert_allclose(density, expected[1])
    assert density.sum() * freqs[1] == pytest.approx(x.var(), rel=0.02)
    assert len(power_spectrum(eeg(x), 0, 0, 0.2)[0]) == 26  # all of a short stretch
    assert power_spectrum(eeg(x), 0, 0, 100, segment_s=4)[0][1] == 0.25


def test_segments_in_gaps_are_left_out():
    x = np.sin(2 * np.pi * 10 * np.arange(25_000) / FS)
    y = x.copy()
    y[5000:5010] = np.nan
    freqs, density = power_spectrum(eeg(y), 0, 0, 100)
    np.testing.assert_allclose(density, power_spectrum(eeg(x), 0, 0, 100)[1], rtol=1e-6, atol=1e-12)
    assert freqs[density.argmax()] == 10.0
    for stretch in ((20.0, 20.03), (0.0, 0.0), (1e6, 2e6)):
        with pytest.raises(InputError, match="without a gap"):
            power_spectrum(eeg(y), 0, *stretch)


def test_a_gate_has_two_sides():
    z = np.exp(2j * np.pi * -700 * np.arange(20_000) / 4000)
    channels = tuple(Channel(k, 4000.0, "1", len(z), k) for k in ("doppler_i", "doppler_q"))
    freqs, density = power_spectrum(Recording(Path("m"), "test", channels, Floats((z.real, z.imag))), 1, 0, 5)
    assert np.all(np.diff(freqs) > 0)
    assert freqs[0] == -2000
    assert freqs[density.argmax()] == -700
    assert density[freqs > 0].max() < 1e-6 * density.max()
    assert mean_frequency(freqs, density) == pytest.approx(-700, abs=0.01)
    assert np.isnan(mean_frequency(freqs, 0 * density))
