"""Mel spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.checks import finite, whole
from core.errors import InputError
from core.features.representations.base import Floats, Presets, Rules
from core.features.representations.images import FrameImage, both_ways


@dataclass(frozen=True, kw_only=True)
class Mel(FrameImage):
    """Energies of a mel filterbank, dB: (N, C, n_mels, n_frames), and twice as many rows of I/Q.

    Triangles of height 1, whose corners are evenly spaced on the mel scale ``2595 log10(1 + f / 700 Hz)`` (O'Shaughnessy 1987),
    weigh ``|STFT|²``. The scale is that of human hearing: linear far below 700 Hz, so that for ECG and EEG it only gathers
    neighbouring frequencies. Rows of I/Q are those of flow away from the highest down, then those of flow towards.

    Attributes
    ----------
    nfft, hop, window
        As in `LogSpectrogram`.
    n_mels : int
        Filters; of I/Q, of each direction.
    low_hz, high_hz : float
        Where the first triangle begins and the last ends; None for half the sampling rate.
    clip, standardise, iq
        As in `LogImage`.

    Raises
    ------
    InputError
        If a field is of another type or out of its range; of windows, also if the range is empty at their sampling rate, or a
        filter lies between two frequencies of the frame.
    """

    nfft: int = 64
    n_mels: int = 32
    low_hz: float = 0.0
    high_hz: float | None = None
    name: ClassVar[str] = "mel"
    title: ClassVar[str] = "Mel spectrogram"
    help: ClassVar[str] = "Power in bands as the ear spaces them, from spectra"
    rules: ClassVar[Rules] = {
        **FrameImage.rules,
        "n_mels": whole(1),
        "low_hz": finite(least=0),
        "high_hz": finite(above=0).or_none(),
    }
    presets: ClassVar[Presets] = {
        "hits": {"nfft": 128, "hop": 13, "n_mels": 24, "iq": True},
        "ecg": {"nfft": 64, "hop": 4, "n_mels": 32},
        "esr": {"nfft": 64, "hop": 4, "n_mels": 32},
    }

    def power(self, signal: npt.NDArray[Any], fs: float) -> npt.NDArray[Any]:
        """Return the energies of the filters."""
        corners = self._corners(fs)
        return self.bank_power(signal, fs, lambda freqs: self._triangles(freqs, corners))

    def image_shape(self, n_times: int) -> tuple[int, int]:
        """Return ``(n_mels, n_frames)``; twice as many rows with `iq`."""
        return self.n_mels * (1 + self.iq), self.n_frames(n_times)

    def row_hz(self, fs: float) -> Floats:
        """Return the middle of each filter, Hz."""
        return both_ways(self._corners(fs)[1:-1], self.iq)

    def _corners(self, fs: float) -> Floats:
        high = fs / 2 if self.high_hz is None else self.high_hz
        if not self.low_hz < high <= fs / 2:
            raise InputError(
                f"mel filters from {self.low_hz:g} to {high:g} Hz are not possible at {fs:g} Hz",
                remedy=f"Choose low_hz below high_hz, and both up to {fs / 2:g} Hz",
            )
        low_mel, high_mel = 2595 * np.log10(1 + np.array([self.low_hz, high]) / 700)
        corners: Floats = 700 * (10 ** (np.linspace(low_mel, high_mel, self.n_mels + 2) / 2595) - 1)
        return corners

    def _triangles(self, freqs: Floats, corners: Floats) -> Floats:
        left, middle, right = (corners[n : n + self.n_mels, None] for n in range(3))
        rising, falling = (freqs - left) / (middle - left), (right - freqs) / (right - middle)
        weights: Floats = np.maximum(0.0, np.minimum(rising, falling))
        if empty := int((~weights.any(axis=1)).sum()):
            raise InputError(
                f"{empty} of {self.n_mels} mel filters lie between the frequencies of a frame of {self.nfft} samples",
                remedy="Raise nfft or lower n_mels",
            )
        return weights
