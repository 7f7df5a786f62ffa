import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.signals import clip_to_statistics, log_spectrogram, spectrogram, stft

GOLDEN = Path(__file__).parents[2] / "data" / "golden"


@pytest.mark.parametrize("name", ["spectrogram_iq", "spectrogram_esr178", "spectrogram_ecg187"])
def test_golden_true_complex_form(name):
    with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as golden:
        meta = json.loads(str(golden["meta"]))
        x, nfft, hop = golden["signal"], meta["nfft"], meta["hop"]
        spectrum = stft(x, nfft, hop, two_sided=True)
        np.testing.assert_allclose(
            spectrum, golden["stft_true"], rtol=1e-6, atol=1e-9 * np.abs(golden["stft_true"]).max()
        )
        got = log_spectrogram(x, meta["fs"], nfft, hop, two_sided=True)
        np.testing.assert_allclose(got.db, golden["logspec_talk"], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(got.freqs_hz, golden["freqs"], atol=1e-9)
        clipped = log_spectrogram(x, meta["fs"], nfft, hop, two_sided=True, clip=(0, 9))
        np.testing.assert_allclose(clipped.db, golden["talk_clip_a0_b9"], rtol=1e-6, atol=1e-6)


def test_sign_of_the_frequency_is_the_direction_of_flow():
    t = np.arange(4000) / 4000
    got = log_spectrogram(np.exp(2j * np.pi * -700 * t), 4000.0, 128, 32)
    assert got.freqs_hz[got.db.mean(axis=1).argmax()] == pytest.approx(-700, abs=4000 / 128)


@given(n=st.integers(8, 300), nfft=st.integers(2, 8), hop=st.integers(1, 20))
def test_number_of_frames_and_energy(n, nfft, hop):
    x = np.random.default_rng(n).standard_normal(n)
    spectrum = stft(x, nfft, hop, window="boxcar", two_sided=True)
    assert spectrum.shape == (nfft, 1 + (n - nfft) // hop)
    np.testing.assert_allclose((np.abs(spectrum[:, 0]) ** 2).sum() / nfft, (x[:nfft] ** 2).sum(), rtol=1e-9)


@pytest.mark.parametrize("nfft", [7, 8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(100,), (3, 2, 100)])
def test_blocks_give_the_transform_by_its_definition_and_leave_the_signal(monkeypatch, nfft, dtype, shape):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(dtype)
    x = x + (1j * rng.standard_normal(shape)).astype(dtype) if np.iscomplexobj(x) else x
    before = x.copy()
    monkeypatch.setattr(spectrogram, "BLOCK", 5 * nfft)
    frames = np.stack([x[..., k : k + nfft] for k in range(0, 100 - nfft + 1, 3)], axis=-1)
    k, n = np.arange(nfft) - nfft // 2, np.arange(nfft)
    dft = np.exp(-2j * np.pi * np.outer(k, n) / nfft) * np.blackman(nfft)
    got = stft(x, nfft, 3, two_sided=True)
    np.testing.assert_allclose(got, dft @ frames, atol=1e-5)
    assert got.dtype == np.result_type(dtype, np.complex64)
    np.testing.assert_array_equal(x, before)
    if not np.iscomplexobj(x):
        half = stft(x, nfft, 3)
        np.testing.assert_allclose(half[..., : nfft - nfft // 2, :], got[..., nfft // 2 :, :], atol=1e-5)
        assert half.shape[-2] == nfft // 2 + 1


def test_silence_and_single_precision():
    assert np.isneginf(log_spectrogram(np.zeros(64), 100.0, 16, 8).db).all()
    assert (log_spectrogram(np.zeros(64), 100.0, 16, 8, clip=(0, 9)).db == 0).all()
    assert stft(np.zeros((3, 2, 64), np.float32), 16, 8).dtype == np.complex64


def test_batch_equals_one_by_one():
    x = np.random.default_rng(0).standard_normal((5, 2, 100))
    db = np.abs(stft(x, 16, 4))
    np.testing.assert_allclose(db[3, 1], np.abs(stft(x[3, 1], 16, 4)))
    np.testing.assert_allclose(clip_to_statistics(db, (0, 1))[2, 0], clip_to_statistics(db[2, 0], (0, 1)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"x": np.zeros(5)}, "5 samples are fewer than one frame of 16"),
        ({"x": np.zeros((2, 50))}, r"shape \(2, 50\) is not one signal"),
        ({"x": 1.0}, "is not one signal"),
        ({"nfft": 1}, "nfft must be a whole number of at least 2, not 1"),
        ({"nfft": 16.0}, "nfft must be"),
        ({"hop": 0}, "hop must be a whole number of at least 1, not 0"),
        ({"fs": 0}, "fs must be a number above 0, not 0"),
        ({"fs": np.nan}, "fs must be"),
        ({"window": "house"}, "there is no window 'house'"),
        ({"window": "kaiser"}, "that needs no parameters"),
    ],
)
def test_what_has_no_spectrogram_says_why(wrong, message):
    with pytest.raises(InputError, match=message):
        log_spectrogram(**{"x": np.zeros(50), "fs": 100.0, "nfft": 16, "hop": 4, **wrong})


def test_a_single_number_has_no_frames():
    with pytest.raises(InputError, match="fewer than one frame"):
        stft(1.0, 16, 4)
