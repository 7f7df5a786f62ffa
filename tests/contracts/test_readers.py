"""What every reader promises, checked on real files of its kind."""

import shutil
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import InputError
from core.signals import FORMATS, READERS, content_hash, open_recording
from tests.contracts.reader_cases import CASES


@pytest.fixture(params=sorted(CASES))
def case(request):
    return CASES[request.param]


@pytest.fixture
def path(case, tmp_path):
    """A copy in a folder with spaces, accents and another script."""
    folder = tmp_path / "données d'été à revoir 記録"
    folder.mkdir()
    return case.put(folder)


@pytest.fixture
def options(case):
    """What a file of arrays does not say."""
    return dict(case.options)


def test_every_reader_is_covered():
    assert {reader.FORMAT for reader in READERS.values()} == {case.format for case in CASES.values()}


@pytest.mark.parametrize("reader", FORMATS, ids=lambda reader: reader.FORMAT)
def test_every_reader_can_be_chosen(reader):
    assert reader.TITLE
    assert reader.LISTED
    assert set(reader.LISTED) <= set(reader.EXTENSIONS)
    assert all(extension.startswith(".") and extension == extension.lower() for extension in reader.EXTENSIONS)
    for layout in reader.LAYOUTS.values():
        n = len(layout.channels)
        assert layout.fits(n)
        assert layout.fits(2 * n) == layout.repeats
        assert len({name for name, _ in layout.of(2 * n)}) == 2 * n


def test_metadata(case, path, options):
    recording = open_recording(path, **options)
    assert recording.format == case.format
    assert len({c.name for c in recording.channels}) == len(recording.channels) == len(case.library(path))
    assert all(c.fs > 0 and c.n_samples > 0 and c.unit for c in recording.channels)
    assert recording.duration == max(c.n_samples / c.fs for c in recording.channels)
    assert recording.simulated == ("simulated" in path.name)


def test_physical_values_are_the_library_s(case, path, options):
    recording = open_recording(path, **options)
    for number, whole in enumerate(case.library(path)):
        channel = recording.channels[number]
        got = recording.read(number, 0, channel.n_samples)
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, whole, rtol=1e-12, atol=1e-9 * np.nanmax(np.abs(whole)), err_msg=channel.name)


def test_any_window_equals_that_part_of_the_whole(path, options):
    recording = open_recording(path, **options)
    rng = np.random.default_rng(0)
    for number in sorted({0, len(recording.channels) // 2, len(recording.channels) - 1}):
        n = recording.channels[number].n_samples
        whole = recording.read(number, 0, n)
        for start, stop in [(0, 1), (n - 1, n), (5, 5), *np.sort(rng.integers(0, n, (8, 2)), axis=1).tolist()]:
            np.testing.assert_array_equal(recording.read(number, start, stop), whole[start:stop])
        np.testing.assert_array_equal(recording.read(recording.channels[number].name, 3, 9), whole[3:9])


def test_several_channels_at_once_are_what_each_one_reads(path, options):
    recording = open_recording(path, **options)
    rng = np.random.default_rng(0)
    for key in {(c.fs, c.n_samples) for c in recording.channels}:
        alike = [n for n, c in enumerate(recording.channels) if (c.fs, c.n_samples) == key]
        several = [int(n) for n in rng.permutation(alike)[:5]]
        n = key[1]
        for start, stop in [(0, n), (n // 2, n // 2), *np.sort(rng.integers(0, n + 1, (3, 2)), axis=1).tolist()]:
            found = recording.digital(several, start, stop)
            assert found.values.shape == (len(several), stop - start)
            assert found.values.dtype == recording.digital(alike, 0, 0).values.dtype
            assert found.values.dtype.kind in "if"
            expected = [recording.read(number, start, stop) for number in several]
            np.testing.assert_array_equal(found.physical(), expected)
        assert recording.cost(alike, n) >= n * len(alike)


def test_no_channel_has_samples_in_its_gaps(path, options):
    recording = open_recording(path, **options)
    assert recording.channel_gaps.keys() <= set(range(len(recording.channels)))
    for number, channel in enumerate(recording.channels):
        gaps = recording.gaps_of(number)
        assert gaps == tuple(sorted(gaps))
        for start, stop in gaps:
            assert start < stop
            assert np.isnan(recording.read_seconds(number, start, min(stop, channel.n_samples / channel.fs))).all()


def test_reading_from_several_threads_gives_the_same(path, options):
    recording = open_recording(path, **options)
    n = recording.channels[0].n_samples
    windows = [(start, start + 100) for start in range(0, n - 100, max(n // 40, 1))]
    one_by_one = [recording.read(0, *window) for window in windows]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda window: recording.read(0, *window), windows))
    np.testing.assert_array_equal(together, one_by_one)


def test_memory_is_bounded_by_the_window(path, options):
    open_recording(path, **options).read(0, 0, 10)
    tracemalloc.start()
    recording = open_recording(path, **options)
    opened = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    recording.read(0, 300, 400)
    read = tracemalloc.get_traced_memory()[1] - tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert opened < 3_000_000
    assert read < 400_000


def test_nonsense_ranges_and_channels_are_refused_with_a_remedy(path, options):
    recording = open_recording(path, **options)
    nonsense = [(0, -1, 5), (0, 5, 2), (0, 0, 10**12), (999, 0, 1), ("nobody", 0, 1), (0, 0.0, 1.5), (0.5, 0, 1)]
    for arguments in nonsense:
        with pytest.raises(InputError) as caught:
            recording.read(*arguments)
        assert caught.value.subject == str(recording.path)
        assert caught.value.remedy
    with pytest.raises(InputError, match="stretch of time"):
        recording.read_seconds(0, float("nan"), 1.0)
    np.testing.assert_array_equal(
        recording.read_seconds(0, -float("inf"), float("inf")), recording.read(0, 0, recording.channels[0].n_samples)
    )


@pytest.mark.parametrize("keep", [0.0, 10, 300, 0.5])
def test_a_file_cut_short_is_refused_by_name(case, path, keep, options):
    samples = path.with_name(case.names[min(1, len(case.names) - 1)])
    data = samples.read_bytes()
    cut = data[: int(keep * len(data)) if isinstance(keep, float) else keep]
    samples.write_bytes(cut)

    def use():
        recording = open_recording(path, **options)
        return recording.read(0, 0, recording.channels[0].n_samples)

    with pytest.raises(InputError) as caught:
        use()
    assert path.stem in str(caught.value)
    assert caught.value.remedy
    assert samples.read_bytes() == cut


def test_what_is_whole_of_a_cut_file_can_be_used_when_asked(case, path, options):
    whole = [
        (c, open_recording(path, **options).read(n, 0, c.n_samples))
        for n, c in enumerate(open_recording(path, **options).channels)
    ]
    samples = path.with_name(case.names[min(1, len(case.names) - 1)])
    data = samples.read_bytes()
    samples.write_bytes(data[: len(data) // 2])
    if not case.says_its_length:  # one block of compressed samples: all or nothing
        with pytest.raises(InputError):
            open_recording(path, allow_truncated=True, **options).read(0, 0, len(whole[0][1]))
        return
    half = open_recording(path, allow_truncated=True, **options)
    assert half.options == {"allow_truncated": True, **options}
    kept = 0
    for number, (channel, before) in enumerate(whole):
        n = half.channels[number].n_samples
        got = half.read(number, 0, n)
        there = np.isfinite(got)
        kept += there.sum() / channel.fs
        np.testing.assert_array_equal(got[there], before[:n][there])
        with pytest.raises(InputError):
            half.read(number, 0, n + 1)
    assert kept < sum(np.isfinite(before).sum() / channel.fs for channel, before in whole)
    assert kept > 0


def test_gaps_are_in_order_and_nan_in_every_channel(path, options):
    recording = open_recording(path, **options)
    assert (np.diff(np.array(recording.gaps).reshape(-1)) > 0).all()
    for start_s, stop_s in recording.gaps:
        for number in range(len(recording.channels)):
            assert np.isnan(recording.read_seconds(number, start_s, stop_s)).all()


def test_something_else_under_this_name_is_refused(path, options):
    path.write_text("this is a shopping list, not a recording\n" * 40)
    with pytest.raises(InputError, match=path.stem) as caught:
        open_recording(path, **options)
    assert caught.value.remedy


def test_an_option_of_another_format_is_refused(path):
    with pytest.raises(InputError, match="Known options"):
        open_recording(path, colour="red")


def test_contents_decide_the_hash_not_names_or_places(case, path, tmp_path):
    before = content_hash(path)
    moved = tmp_path / "elsewhere"
    shutil.copytree(path.parent, moved)
    assert content_hash(moved / path.name) == before
    for name in case.names:
        changed = moved / name
        data = changed.read_bytes()
        changed.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert content_hash(moved / path.name) != before
        changed.write_bytes(data)
