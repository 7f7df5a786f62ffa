"""Building: once, by one, going on where it was stopped or killed; and the limit of what is kept."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from core.errors import InputError, JobCancelled
from core.signals import Channel, Recording, build_pyramid, open_pyramid, prune_pyramids
from core.signals.pyramid_tables import tables_of
from tests.core.signals.arrays import Floats, Integers, recording
from tests.core.signals.test_pyramid import StopAfter

STEP = 64 * 4**5  # samples, at 100 Hz


def files_of(pyramid):
    return {p.name: p.read_bytes() for p in pyramid.folder.glob("*.npy")}


def noise(n=10 * STEP, rows=2):
    return list(np.random.default_rng(0).integers(-999, 999, (rows, n), dtype=np.int16))


def integers(x):
    return recording(Integers(x, [1.0] * len(x), [0.0] * len(x)))


@pytest.mark.parametrize("n", [1, 63, 64, 65, STEP, STEP + 1, 5 * STEP + 12_345])
def test_every_level_holds_the_extremes_of_its_bins(tmp_path, n):
    x = np.random.default_rng(n).standard_normal(n).astype(np.float32).astype(np.float64)
    some = recording(Floats([x]))
    pyramid = build_pyramid(some, tmp_path)
    (table,) = tables_of(some)
    (low,), (high,) = np.load(table.file(pyramid.folder), allow_pickle=False)
    for offset, length, size in zip(table.offsets, table.lengths, table.sizes, strict=True):
        starts = np.arange(0, n, size)
        np.testing.assert_array_equal(low[offset : offset + length], np.minimum.reduceat(x, starts))
        np.testing.assert_array_equal(high[offset : offset + length], np.maximum.reduceat(x, starts))
    assert offset + length == len(low)


def test_built_once_and_kept(tmp_path):
    some = integers(noise())
    build_pyramid(some, tmp_path)
    some.source.reads.clear()
    assert build_pyramid(some, tmp_path).complete
    assert all(start == stop for _, start, stop in some.source.reads)


def test_a_stopped_build_goes_on_where_it_was(tmp_path):
    some = integers(noise())
    with pytest.raises(JobCancelled):
        build_pyramid(some, tmp_path, StopAfter(4))
    assert open_pyramid(some, tmp_path).built_s == 4 * STEP / 100.0
    some.source.reads.clear()
    pyramid = build_pyramid(some, tmp_path)
    assert min(start for _, start, stop in some.source.reads if stop > start) == 4 * STEP
    assert files_of(pyramid) == files_of(build_pyramid(some, tmp_path / "at once"))


KILLED = """
import sys, time
import numpy as np
from core.signals import build_pyramid
from tests.core.signals.test_pyramid_build import integers, noise

some = integers(noise())
read = some.source.digital
some.source.digital = lambda *of: (time.sleep(0.02), read(*of))[1]
build_pyramid(some, sys.argv[1])
"""


def test_a_killed_build_goes_on_where_it_was(tmp_path):
    root = Path(__file__).parents[3]
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    some = integers(noise())
    pyramid = open_pyramid(some, tmp_path)
    patience = time.monotonic() + 60
    while pyramid.built_s < 2 * STEP / 100.0 and time.monotonic() < patience:  # as a window would: from another process
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    built = round(pyramid.built_s * 100.0)
    assert 2 * STEP <= built < 10 * STEP
    some.source.reads.clear()
    build_pyramid(some, tmp_path)
    assert min(start for _, start, stop in some.source.reads if stop > start) == built
    assert pyramid.complete
    assert files_of(pyramid) == files_of(build_pyramid(some, tmp_path / "at once"))


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
    assert (pyramid.folder / "levels-0.npy").stat().st_size < 0.043 * 4 * 2 * n


@pytest.mark.parametrize("damage", [lambda whole: whole[:500], lambda whole: b"no array" + whole[8:]])
@pytest.mark.parametrize("name", ["levels-0.npy", "built.npy"])
def test_damaged_files_are_built_again(tmp_path, damage, name):
    some = integers(noise())
    first = build_pyramid(some, tmp_path)
    whole = files_of(first)
    (first.folder / name).write_bytes(damage(whole[name])[:-3])
    assert not open_pyramid(some, tmp_path).complete
    build_pyramid(some, tmp_path)
    assert files_of(first) == whole


def test_a_cache_of_other_channels_is_not_mistaken_for_this_one(tmp_path):
    build_pyramid(integers(noise(rows=2)), tmp_path)
    three = integers(noise(rows=3))
    assert not open_pyramid(three, tmp_path).complete
    _, low, _ = build_pyramid(three, tmp_path).query(2, 0, 1e9, 10)
    assert low.min() == three.source.x[2].min()


def test_two_callers_build_once(tmp_path):
    some = integers(noise())
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: build_pyramid(some, tmp_path), range(2)))
    firsts = [start for _, start, stop in some.source.reads if stop > start]
    assert len(firsts) == len(set(firsts)) > 0


def test_who_waits_for_another_builder_can_be_stopped(tmp_path):
    some = integers(noise())
    folder = open_pyramid(some, tmp_path).folder
    folder.mkdir(parents=True)
    with FileLock(folder / "building.lock"), pytest.raises(JobCancelled):
        build_pyramid(some, tmp_path, StopAfter(0))


def test_readers_while_it_is_built(tmp_path):
    x = noise(40 * STEP, 1)
    some = integers(x)
    pyramid = open_pyramid(some, tmp_path)
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(build_pyramid, some, tmp_path)
        while not building.done():
            built_s = pyramid.built_s
            t, low, _ = pyramid.query(0, 0.0, built_s, 20)
            assert not np.isnan(low[t < built_s - (t[1] - t[0] if len(t) > 1 else 1e9)]).any()
        building.result()
    assert pyramid.complete
    assert pyramid.query(0, 0.0, 1e9, 5)[1].min() == x[0].min()


def test_derived_signals_have_files_of_their_own_and_old_versions_go(tmp_path):
    (tmp_path / "pyramid-1").mkdir()
    (tmp_path / "pyramid-1" / "0.npy").write_bytes(b"old")
    stored = build_pyramid(integers(noise()), tmp_path)
    averaged = recording(Floats([np.zeros(1000)]), derivation="average reference")
    filtered = recording(Floats([np.ones(1000)]), derivation="average reference, high pass 1 Hz")
    for n, some in enumerate((averaged, filtered)):
        assert build_pyramid(some, tmp_path).query(0, 0, 10, 1)[1][0] == n
    assert len({stored.folder, *(open_pyramid(some, tmp_path).folder for some in (averaged, filtered))}) == 3
    assert stored.complete
    assert [p.name for p in tmp_path.iterdir()] == ["pyramid-2"]


def test_pruning_removes_what_was_opened_longest_ago(tmp_path):
    some = integers(noise())
    kept = [build_pyramid(some, tmp_path / name).folder for name in "abc"]
    for age, folder in enumerate(kept):
        os.utime(folder / "built.npy", (1000 + age, 1000 + age))
    open_pyramid(some, tmp_path / "a")
    size = sum(f.stat().st_size for f in kept[0].glob("*.npy"))
    assert prune_pyramids(tmp_path, 3 * size) == 0
    assert prune_pyramids(tmp_path, 2 * size) == size
    assert [open_pyramid(some, tmp_path / name).complete for name in "abc"] == [True, False, True]
    with FileLock(kept[2] / "building.lock"):
        assert prune_pyramids(tmp_path, 0) == size
    assert [open_pyramid(some, tmp_path / name).complete for name in "abc"] == [False, False, True]
    assert build_pyramid(some, tmp_path / "a").complete


def test_montages_make_room_for_each_other_and_never_for_what_is_stored(tmp_path):
    def derived(name):
        return recording(Floats([np.ones(10 * STEP)]), derivation=name)

    def is_kept(some, of):
        return open_pyramid(some, tmp_path / of).complete

    stored = integers(noise())
    build_pyramid(stored, tmp_path / "one")
    build_pyramid(derived("a"), tmp_path / "one")
    b = build_pyramid(derived("b"), tmp_path / "two")
    size = sum(f.stat().st_size for f in b.folder.glob("*.npy"))
    for age, (name, of) in enumerate([("b", "two"), ("a", "one")]):
        os.utime(open_pyramid(derived(name), tmp_path / of).folder / "built.npy", (1000 + age, 1000 + age))
    build_pyramid(derived("c"), tmp_path / "two", arrays=tmp_path, arrays_limit=2 * size)
    assert [is_kept(derived("b"), "two"), is_kept(derived("a"), "one"), is_kept(derived("c"), "two")] == [
        False,
        True,
        True,
    ]
    assert build_pyramid(
        derived("d"), tmp_path / "two", arrays=tmp_path, arrays_limit=0
    ).complete  # the one that is wanted
    assert not is_kept(derived("a"), "one")
    assert is_kept(stored, "one")
    build_pyramid(derived("e"), tmp_path / "two")  # without a limit
    assert is_kept(derived("d"), "two")


def test_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="choose a folder"):
        build_pyramid(recording(Floats([np.zeros(100)])), tmp_path / "file")


FULL = """
import resource, sys
from core.errors import InputError
from core.signals import build_pyramid
from tests.core.signals.test_pyramid_build import integers, noise

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    build_pyramid(integers(noise()), sys.argv[1])
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files there")
def test_a_full_disk_is_an_error_that_can_be_read(tmp_path):
    root = Path(__file__).parents[3]
    said = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert "Free some disk space" in said.stdout
