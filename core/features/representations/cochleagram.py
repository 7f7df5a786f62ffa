"""Cochleagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.fft

from core.checks import finite, whole
from core.errors import InputError
from core.features.representations.base import Floats, Presets, Rules
from core.features.representations.images import LogImage, both_ways

WIDTH = 1.019  # bandwidth of a gammatone filter of order 4 over the ERB that it stands for (Patterson et al. 1992)
ROUND_OFF = 1e-13  # of the loudest; less is what the transforms leave where there is nothing


@dataclass(frozen=True, kw_only=True)
class Cochleagram(LogImage):
    """Power behind a gammatone filterbank, dB: (N, C, n_bands, n_frames), and twice as many rows of I/Q.

    Each band is a complex gammatone filter of order 4 (Hohmann 2002), ``h[n] ∝ (n+1)(n+2)(n+3) aⁿ`` with
    ``a = exp(2π(i f − 1.019 ERB(f)) / fs)``; its modulus is the envelope of the band. Middles are evenly spaced on the scale of
    ERBs, ``ERB(f) = 24.7 (4.37 f / 1 kHz + 1)`` Hz (Glasberg & Moore 1990). A sine in the middle of a band comes out with its own
    power, a complex one of I/Q too. Bands are at least 25 Hz wide: made for sound and Doppler; those of ECG and EEG overlap much.
    The filters are at rest where a window begins. Rows of I/Q are those of flow away from the highest down, then those of flow
    towards.

    Attributes
    ----------
    n_bands : int
        Of I/Q, of each direction.
    hop : int
        Samples of a frame, whose mean power is taken; frames follow each other.
    low_hz, high_hz : float or None
        Middle of the first and last band; None for 0.01 and 0.45 of the sampling rate.
    clip, standardise, iq
        As in `LogImage`.

    Raises
    ------
    InputError
        If a field is of another type or out of its range; of windows, also if the range is empty at their sampling rate.
    """

    n_bands: int = 32
    hop: int = 4
    low_hz: float | None = None
    high_hz: float | None = None
    name: ClassVar[str] = "cochleagram"
    title: ClassVar[str] = "Cochleagram"
    help: ClassVar[str] = "Power behind filters like those of the ear"
    rules: ClassVar[Rules] = {
        **LogImage.rules,
        "n_bands": whole(1),
        "hop": whole(1),
        "low_hz": finite(above=0).or_none(),
        "high_hz": finite(above=0).or_none(),
    }
    presets: ClassVar[Presets] = {"hits": {"n_bands": 24, "hop": 14, "iq": True}, "ecg": {}, "esr": {}}

    def power(self, signal: npt.NDArray[Any], fs: float) -> npt.NDArray[Any]:
        """Return the mean power of each band and frame."""
        n_times = signal.shape[-1]
        n_frames = self.image_shape(n_times)[1]
        # Behind a filter that looks back only, the first n samples depend on the first n of its response alone.
        n = scipy.fft.next_fast_len(2 * n_times - 1)
        transformed = scipy.fft.fft(signal.astype(np.complex128), n, axis=-1)
        bands = self.row_hz(fs)
        power = np.empty((*signal.shape[:-1], len(bands), n_frames))
        for row, hz in enumerate(bands.tolist()):
            response = scipy.fft.fft(_gammatone(hz, fs, n_times), n)
            behind = scipy.fft.ifft(transformed * response, axis=-1)[..., : n_frames * self.hop]
            envelope = behind.real**2 + behind.imag**2
            power[..., row, :] = envelope.reshape(*envelope.shape[:-1], n_frames, self.hop).mean(axis=-1)
        if not self.iq:
            power *= 2  # of a real sine, half the amplitude lies on each side of zero; its power is half its square
        power[power < ROUND_OFF * power.max(axis=(-2, -1), keepdims=True)] = 0.0
        return power

    def image_shape(self, n_times: int) -> tuple[int, int]:
        """Return ``(n_bands, n_frames)``; twice as many rows with `iq`."""
        if n_times < self.hop:
            raise InputError(f"a window of {n_times} samples is shorter than a frame of {self.hop}", remedy="Lower hop")
        return self.n_bands * (1 + self.iq), n_times // self.hop

    def row_hz(self, fs: float) -> Floats:
        """Return the middle of each band, Hz."""
        low = 0.01 * fs if self.low_hz is None else self.low_hz
        high = 0.45 * fs if self.high_hz is None else self.high_hz
        if not low < high <= fs / 2:
            raise InputError(
                f"bands from {low:g} to {high:g} Hz are not possible at {fs:g} Hz",
                remedy=f"Choose low_hz below high_hz, and both up to {fs / 2:g} Hz",
            )
        on_scale = np.linspace(np.log1p(0.00437 * low), np.log1p(0.00437 * high), self.n_bands)
        return both_ways(np.expm1(on_scale) / 0.00437, self.iq)

    def times_s(self, n_times: int, fs: float) -> Floats:
        """Return the middle of each frame, s from the start of the window."""
        return (np.arange(self.image_shape(n_times)[1]) + 0.5) * self.hop / fs


def _gammatone(hz: float, fs: float, n: int) -> npt.NDArray[np.complex128]:
    """Return the first `n` samples of the response of the filter whose middle is `hz`; its gain there is 1."""
    width = WIDTH * 24.7 * (0.00437 * abs(hz) + 1)
    decay = np.exp(-2 * np.pi * width / fs)
    k = np.arange(n)
    shape = (k + 1) * (k + 2) * (k + 3) / 6 * decay**k * (1 - decay) ** 4
    response: npt.NDArray[np.complex128] = shape * np.exp(2j * np.pi * hz / fs * k)
    return response
