"""What every reader promises, checked on real files of its kind."""

import shutil
import tracemalloc

import numpy as np
import pytest

import resources
from core.errors import InputError
from core.signals import READERS, open_recording

REAL = {
    "wfdb": ("208.hea", ["208.hea", "208.dat", "208.atr"], "208.dat", 2),
    "edf": ("S001R04.edf", ["S001R04.edf"], "S001R04.edf", 64),
    "wav": ("tcd_device_event_01.wav", ["tcd_device_event_01.wav"], "tcd_device_event_01.wav", 4),
}


@pytest.fixture(params=sorted(REAL))
def real(request, tmp_path):
    """A copy of a real recording in a folder with spaces and accents; its first file, sample file and channel count."""
    first, names, samples, n_channels = REAL[request.param]
    folder = tmp_path / "données d'été à revoir"
    folder.mkdir()
    for name in names:
        shutil.copyfile(resources.path(f"demo/{name}"), folder / name)
    return request.param, folder / first, folder / samples, n_channels


def test_every_reader_is_covered():
    assert {reader.FORMAT for reader in READERS.values()} == set(REAL)


def test_metadata(real):
    format, path, _, n_channels = real
    recording = open_recording(path)
    assert recording.format == format
    assert len(recording.channels) == n_channels
    assert len({c.name for c in recording.channels}) == n_channels
    assert all(c.fs > 0 and c.n_samples > 0 and c.unit for c in recording.channels)
    assert recording.duration == pytest.approx(recording.channels[0].n_samples / recording.fs[0])
    assert not recording.simulated


def test_any_window_equals_that_part_of_the_whole(real):
    recording = open_recording(real[1])
    last = len(recording.channels) - 1
    n = recording.channels[last].n_samples
    whole = recording.read(last, 0, n)
    assert whole.dtype == np.float64
    rng = np.random.default_rng(0)
    for start, stop in [(0, 1), (n - 1, n), (5, 5), *np.sort(rng.integers(0, n, (8, 2)), axis=1).tolist()]:
        np.testing.assert_array_equal(recording.read(last, start, stop), whole[start:stop])
    np.testing.assert_array_equal(recording.read(recording.channels[last].name, 3, 9), whole[3:9])


def test_memory_is_bounded_by_the_window(real):
    recording = open_recording(real[1])
    recording.read(0, 0, 10)
    tracemalloc.start()
    recording.read(0, 1000, 1100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000


def test_nonsense_ranges_and_channels_are_refused_with_a_remedy(real):
    recording = open_recording(real[1])
    for arguments in [(0, -1, 5), (0, 5, 2), (0, 0, 10**12), (999, 0, 1), ("nobody", 0, 1), (0, 0.0, 1.5)]:
        with pytest.raises(InputError) as caught:
            recording.read(*arguments)
        assert caught.value.subject == str(recording.path)
        assert caught.value.remedy


@pytest.mark.parametrize("keep", [0, 10, 300])
def test_a_file_cut_short_is_refused_by_name(real, keep):
    _, path, samples, _ = real
    samples.write_bytes(samples.read_bytes()[:keep])
    with pytest.raises(InputError) as caught:
        open_recording(path).read(0, 0, 2000)
    assert path.stem in str(caught.value)
    assert caught.value.remedy


def test_something_else_under_this_name_is_refused(real):
    _, path, _, _ = real
    path.write_text("this is a shopping list, not a recording\n" * 40)
    with pytest.raises(InputError, match=path.stem) as caught:
        open_recording(path)
    assert caught.value.remedy
