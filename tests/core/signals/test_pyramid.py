from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.signals import Channel, Recording, build_pyramid


@dataclass
class Array:
    x: np.ndarray

    def read(self, channel, start, stop):
        return self.x[start:stop]


def recording(x):
    return Recording(Path("memory.wav"), "test", (Channel("x", 100.0, "V", len(x)),), Array(x))


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 20_000), spike=st.floats(0, 1), window=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_no_extreme_is_ever_lost(tmp_path_factory, n, spike, window):
    x = np.sin(np.arange(n) / 7.0)
    at = min(int(spike * n), n - 1)
    x[at] = 50.0
    pyramid = build_pyramid(recording(x), tmp_path_factory.mktemp("p"))
    start, stop = sorted(f * n / 100.0 for f in window)
    for n_bins in (10, 200):
        t, low, high = pyramid.query(0, start, stop, n_bins)
        assert len(t) == len(low) == len(high)
        if start <= at / 100.0 <= stop:
            assert high.max() == 50.0
        assert np.all(low <= high)


def test_zoomed_in_gives_the_samples_and_zoomed_out_about_one_value_per_bin(tmp_path):
    x = np.random.default_rng(0).standard_normal(500_000)
    pyramid = build_pyramid(recording(x), tmp_path)
    t, low, high = pyramid.query("x", 10.0, 12.0, 1000)
    np.testing.assert_array_equal(low, x[1000:1201])
    np.testing.assert_array_equal(t, np.arange(1000, 1201) / 100.0)
    t, low, high = pyramid.query("x", 0.0, 5000.0, 1000)
    assert 500 <= len(t) <= 4000
    np.testing.assert_allclose([low.min(), high.max()], [x.min(), x.max()], rtol=1e-6)


def test_gaps_stay_gaps(tmp_path):
    x = np.ones(64 * 200)
    x[64 * 50 : 64 * 100] = np.nan
    _, low, _ = build_pyramid(recording(x), tmp_path).query(0, 0, 128, 100)
    assert np.isnan(low).mean() == pytest.approx(0.25, abs=0.05)


def test_built_once_and_kept(tmp_path):
    first = build_pyramid(recording(np.arange(1000.0)), tmp_path)
    stamp = (first.folder / "0.npy").stat().st_mtime_ns
    assert (build_pyramid(recording(np.arange(1000.0)), tmp_path).folder / "0.npy").stat().st_mtime_ns == stamp
