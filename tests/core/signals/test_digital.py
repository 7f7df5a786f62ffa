"""What is stored, of several channels at once, against reading channel by channel."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.signals import DigitalSource, open_recording
from tests.core.signals.arrays import Floats, Integers, recording
from tests.core.signals.test_edf import ramp, write_edf

SMALL = Path(__file__).parents[2] / "data" / "recordings"
WITHOUT_SAMPLES = ("1.hea",)
FILES = sorted(
    p for p in SMALL.iterdir() if p.suffix in (".edf", ".bdf", ".hea", ".wav") and p.name not in WITHOUT_SAMPLES
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_several_channels_at_once_are_what_each_one_reads(path):
    some = open_recording(path)
    rng = np.random.default_rng(0)
    for key in {(c.fs, c.n_samples) for c in some.channels if c.n_samples}:
        alike = [n for n, c in enumerate(some.channels) if (c.fs, c.n_samples) == key]
        several = list(rng.permutation(alike))[:5]
        for _ in range(3):
            start, stop = sorted(int(n) for n in rng.integers(0, key[1] + 1, 2))
            found = some.digital(several, start, stop).physical()
            expected = np.stack([some.read(int(n), start, stop) for n in several])
            np.testing.assert_array_equal(found, expected)


def test_edf_gives_its_own_integers(tmp_path):
    digits = np.random.default_rng(0).integers(-999, 999, (2, 6, 4))
    some = open_recording(write_edf(tmp_path / "x.edf", list(digits), np.array([0, 1, 2, 7, 8, 9.0])))
    assert isinstance(some.source, DigitalSource)
    found = some.digital([1, 0], 2, 34)
    assert found.values.dtype == np.int16
    stored = np.flatnonzero(~found.missing)
    for row, channel in enumerate([1, 0]):
        whole = np.concatenate([digits[channel, :3].ravel(), np.zeros(16, int), digits[channel, 3:].ravel()])
        np.testing.assert_array_equal(found.values[row, stored], whole[2:34][stored])
    np.testing.assert_array_equal(np.flatnonzero(found.missing), np.arange(10, 26))
    assert some.digital([0], 5, 11).missing is None


def test_nothing_of_several_channels(tmp_path):
    for source in (Floats([np.ones(5), np.ones(5)]), Integers(list(np.ones((2, 5), np.int32)), [1, 1], [0, 0])):
        assert recording(source).digital([0, 1], 3, 3).values.shape == (2, 0)
    some = open_recording(write_edf(tmp_path / "x.edf", [ramp(2, 4)] * 2, None))
    assert some.digital([0, 1], 8, 8).values.shape == (2, 0)


def test_only_channels_of_one_rate_can_be_read_together():
    some = recording(Floats([np.ones(500), np.ones(5)]), [100.0, 1.0])
    with pytest.raises(InputError, match="one by one"):
        some.digital([0, 1], 0, 5)
    with pytest.raises(InputError, match="outside"):
        some.digital([0], 0, 501)
    with pytest.raises(InputError, match="sample numbers"):
        some.digital([0], 0.5, 1)


def test_a_file_that_was_cut_short_meanwhile(tmp_path):
    path = write_edf(tmp_path / "x.edf", [ramp(9000, 4)] * 2, None)
    some = open_recording(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match="cut short or damaged"):
        some.digital([0, 1], 0, 36_000)
