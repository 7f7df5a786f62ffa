"""What is stored, of several channels at once, against reading channel by channel."""

import h5py
import numpy as np
import pytest

from core.errors import InputError
from core.signals import DigitalSource, open_recording
from core.signals.readers.array_source import ArraySource, Line
from core.signals.readers.clock import Clock
from core.signals.readers.mapping import StoredArray
from tests.core.signals.arrays import Floats, Integers, recording
from tests.core.signals.test_edf import ramp, write_edf


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


def test_wfdb_gives_its_own_integers_where_its_segments_agree(tmp_path):
    digits = np.random.default_rng(0).integers(-2000, 2000, (40, 3)).astype("<i2")
    digits[5, 1] = -32768  # stands for no sample
    for number, gain in ((1, 100), (2, 100), (3, 50)):
        lines = [f"s{number}.dat 16 {gain}(10)/mV 16 0 0 0 0 {name}" for name in "abc"]
        (tmp_path / f"s{number}.hea").write_text("\n".join([f"s{number} 3 50 40", *lines]) + "\n")
        (tmp_path / f"s{number}.dat").write_bytes(digits.tobytes())
    (tmp_path / "alike.hea").write_text("alike/3 3 50 90\ns1 40\n~ 10\ns2 40\n")
    (tmp_path / "other.hea").write_text("other/2 3 50 80\ns1 40\ns3 40\n")
    alike = open_recording(tmp_path / "alike").digital([2, 1], 3, 60)
    assert alike.values.dtype == np.int16
    assert alike.gain.tolist() == [0.01] * 2
    np.testing.assert_array_equal(alike.values[:, :2], digits[3:5, [2, 1]].T)
    assert np.argwhere(alike.missing[:, :37]).tolist() == [[1, 2]]
    assert alike.missing[:, 37:47].all()
    assert not alike.missing[:, 47:52].any()
    other = open_recording(tmp_path / "other").digital([0], 0, 80)
    assert other.values.dtype == np.float64
    np.testing.assert_allclose(other.values[0, :40], (digits[:, 0] - 10.0) / 100, atol=1e-12)
    np.testing.assert_allclose(other.values[0, 40:], (digits[:, 0] - 10.0) / 50, atol=1e-12)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", ">i2", "u2", "i4", "u4", "i8", "f2", "f4", ">f8", "c8"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_arrays_give_channels_that_lie_side_by_side_at_once(axis, dtype):
    whole = (np.random.default_rng(0).standard_normal((4, 40, 5)) * 30 + 60).astype(dtype)
    asked = []

    def cut(index):
        asked.append(whole[index].size)
        return whole[index]

    n = whole.shape[axis]
    places = list(np.ndindex(*np.delete(whole.shape, axis)))
    parts = ("real", "imag") if dtype == "c8" else ("real",)
    lines = tuple(Line(place[:axis], place[axis:], part) for place in places for part in parts)
    source = ArraySource(StoredArray("a", whole.shape, dtype, cut), lines, Clock(100.0, n - 1), 1, -0.5)
    values = np.moveaxis(whole, axis, -1).reshape(-1, n)[:, 1:].astype("c16" if dtype == "c8" else "f8")
    every = np.stack([values.real, values.imag], axis=1).reshape(-1, n - 1) if dtype == "c8" else values
    chosen = [3, 4, 2, 0, len(lines) - 1, 7]
    found = source.digital(chosen, 1, n - 1)
    np.testing.assert_array_equal(found.physical(), every[chosen, 1:] * -0.5)
    assert sum(asked) == len({n // len(parts) for n in chosen}) * (n - 2)  # no value of another channel
    assert len(asked) < len(chosen)
    assert found.values.dtype.kind == ("i" if dtype in ("i1", "u1", "i2", ">i2", "u2", "i4") else "f")


def test_a_packed_array_is_decoded_once_for_all_channels_and_says_what_that_costs(tmp_path):
    x = np.random.default_rng(0).integers(-999, 999, (8, 4096)).astype("<i2")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("packed", data=x, chunks=(8, 1024), compression="gzip")
        file.create_dataset("plain", data=x)
    packed, plain = (open_recording(tmp_path / "a.h5", array=name, fs=250.0) for name in ("packed", "plain"))
    np.testing.assert_array_equal(packed.digital(range(8), 100, 300).values, x[:, 100:300])
    assert plain.cost([0], 200) == 200
    assert packed.cost([0], 200) == 200 + 6 * 8 * 1024
    assert packed.cost(range(8), 200) == 8 * 200 + 6 * 8 * 1024
    assert packed.cost(range(8), 1025) == 8 * 1025 + 6 * 8 * 2048


def test_wfdb_says_that_all_channels_of_a_file_are_decoded(tmp_path):
    lines = [f"{file}.dat 212 100/mV 12 0 0 0 0 {file}{n}" for file in "ab" for n in range(8)]
    (tmp_path / "r.hea").write_text("\n".join(["r 16 50 100", *lines]) + "\n")
    for file in "ab":
        (tmp_path / f"{file}.dat").write_bytes(bytes(8 * 100 * 3 // 2))
    some = open_recording(tmp_path / "r")
    assert some.cost([0], 100) == 100 + 800
    assert some.cost(range(8), 100) == 800 + 800
    assert some.cost([0, 8], 100) == 200 + 1600
