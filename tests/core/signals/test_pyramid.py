import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, JobCancelled
from core.jobs import NullReporter
from core.signals import Channel, Recording, build_pyramid
from core.signals.pyramid import level_lengths


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


@pytest.mark.parametrize("n", [1, 63, 64, 65, 2**20, 2**20 + 1, 5 * 2**20 + 12_345])
def test_every_level_holds_the_extremes_of_its_bins(tmp_path, n):
    x = np.random.default_rng(n).standard_normal(n).astype(np.float32).astype(np.float64)
    pyramid = build_pyramid(recording(x), tmp_path)
    table = np.load(pyramid.folder / "0.npy", allow_pickle=False)
    offset = 0
    for level, length in enumerate(level_lengths(n)):
        starts = np.arange(0, n, 64 * 4**level)
        np.testing.assert_array_equal(table[offset : offset + length, 0], np.minimum.reduceat(x, starts))
        np.testing.assert_array_equal(table[offset : offset + length, 1], np.maximum.reduceat(x, starts))
        offset += length
    assert offset == len(table)


def test_building_takes_the_memory_of_a_piece_not_of_the_recording(tmp_path):
    class Zeros:
        def read(self, channel, start, stop):
            return np.zeros(stop - start)

    n = 40 * 2**20
    channels = tuple(Channel(f"c{k}", 1000.0, "V", n) for k in range(2))
    tracemalloc.start()
    pyramid = build_pyramid(Recording(Path("memory.wav"), "test", channels, Zeros()), tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000 < 8 * n
    assert (pyramid.folder / "1.npy").stat().st_size < 0.043 * 4 * n


def test_damaged_file_is_built_again(tmp_path):
    x = np.arange(100_000.0)
    path = build_pyramid(recording(x), tmp_path).folder / "0.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:500])
    build_pyramid(recording(x), tmp_path)
    assert path.read_bytes() == whole


def test_stopping_leaves_nothing_half_built(tmp_path):
    class Stop(NullReporter):
        def check(self):
            raise JobCancelled("stopped as asked")

    with pytest.raises(JobCancelled):
        build_pyramid(recording(np.zeros(10_000)), tmp_path, Stop())
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] in ([], ["building.lock"])
    build_pyramid(recording(np.zeros(10_000)), tmp_path)


def test_two_callers_build_once(tmp_path):
    class Counted(Array):
        reads = 0

        def read(self, channel, start, stop):
            Counted.reads += 1
            return super().read(channel, start, stop)

    one = Recording(Path("memory.wav"), "test", (Channel("x", 100.0, "V", 3_000_000),), Counted(np.zeros(3_000_000)))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: build_pyramid(one, tmp_path), range(2)))
    assert Counted.reads == 3


def test_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="Choose a folder"):
        build_pyramid(recording(np.zeros(100)), tmp_path / "file")
