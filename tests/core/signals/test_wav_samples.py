"""Samples taken straight from WAV files, against libsndfile."""

import numpy as np
import pytest
import soundfile

import resources
from core.signals import open_recording
from core.signals.readers.audio import AudioSource
from core.signals.readers.wav_samples import WavSource

N = 5000
STORED = {
    "PCM_U8": "int8",
    "PCM_16": "int16",
    "PCM_24": "int32",
    "PCM_32": "int32",
    "FLOAT": "float64",
    "DOUBLE": "float64",
}
KINDS = [("WAV", "FILE"), ("WAV", "BIG"), ("WAVEX", "FILE"), ("RF64", "FILE")]


def written(path, encoding, kind="WAV", endian="FILE", channels=3):
    x = np.random.default_rng(0).uniform(-1, 1, (N, channels))
    x[:2] = [[1.0], [-1.0]]
    soundfile.write(path, x, 5000, encoding, endian, kind)
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


@pytest.mark.parametrize("encoding", STORED)
@pytest.mark.parametrize(("kind", "endian"), KINDS)
def test_every_encoding_is_what_libsndfile_reads(tmp_path, encoding, kind, endian):
    expected = written(tmp_path / "x.wav", encoding, kind, endian)
    one = open_recording(tmp_path / "x.wav")
    assert isinstance(one.source, WavSource)
    for start, stop in [(0, N), (17, 18), (1234, 3210), (N, N)]:
        found = one.digital([2, 0], start, stop)
        assert found.values.dtype == STORED[encoding]
        assert found.values.shape == (2, stop - start)
        np.testing.assert_array_equal(found.physical(), expected[start:stop, [2, 0]].T)
        np.testing.assert_array_equal(one.read(1, start, stop), expected[start:stop, 1])


@pytest.mark.parametrize("encoding", ["ULAW", "IMA_ADPCM"])
def test_what_is_encoded_otherwise_is_decoded_by_libsndfile(tmp_path, encoding):
    expected = written(tmp_path / "x.wav", encoding, channels=2)
    one = open_recording(tmp_path / "x.wav")
    assert isinstance(one.source, AudioSource)
    found = one.digital([1, 0], 500, 700).physical()
    np.testing.assert_array_equal(found, expected[500:700, ::-1].T)


def test_chunks_of_odd_length_in_front_and_frames_wider_than_their_numbers(tmp_path):
    path = tmp_path / "x.wav"
    expected = written(path, "PCM_16", channels=2)
    plain = path.read_bytes()
    at = plain.index(b"data")
    path.write_bytes(plain[:at] + b"note\x05\0\0\0anyth\0" + plain[at:])
    one = open_recording(path)
    assert isinstance(one.source, WavSource)
    np.testing.assert_array_equal(one.digital([0, 1], 7, 900).physical(), expected[7:900].T)
    fmt = plain.index(b"fmt ") + 8
    path.write_bytes(plain[: fmt + 12] + (8).to_bytes(2, "little") + plain[fmt + 14 :])
    assert not isinstance(open_recording(path).source, WavSource)  # how libsndfile takes it is its own affair


@pytest.mark.parametrize("encoding", ["PCM_S8", "PCM_16", "PCM_24"])
def test_flac_of_several_channels_at_once_is_the_integers_that_were_encoded(tmp_path, encoding):
    path = tmp_path / "x.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.9, 0.9, (N, 2)), 5000, encoding)
    one, expected = open_recording(path, layout="iq"), soundfile.read(path, dtype="float64")[0]
    found = one.digital([1, 0], 100, 4000)
    assert found.values.dtype == np.int32
    np.testing.assert_array_equal(found.physical(), expected[100:4000, ::-1].T)
    np.testing.assert_array_equal(one.read_iq(0, 100, 4000), expected[100:4000] @ [1, 1j])


def test_i_and_q_are_read_in_one_pass(monkeypatch):
    one = open_recording(resources.path("demo/tcd_simulated.wav"))
    reads, read = [], WavSource.digital
    monkeypatch.setattr(WavSource, "digital", lambda self, *of: reads.append(of) or read(self, *of))
    z = one.read_iq(0, 1000, 3000)
    assert reads == [([0, 1], 1000, 3000)]
    np.testing.assert_array_equal(z, one.read(0, 1000, 3000) + 1j * one.read(1, 1000, 3000))
