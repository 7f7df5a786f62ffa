"""Log-spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.checks import YES_OR_NO, Rule, list_of, whole
from core.features.representations.base import Floats, Presets, Rules
from core.features.representations.images import FrameImage, above_silence
from core.signals import decibels, frequencies

SIZE = Rule("two whole numbers of at least 1", lambda v: list_of("", whole(1)).fits(v) and len(v) == 2)


@dataclass(frozen=True, kw_only=True)
class LogSpectrogram(FrameImage):
    """Log-spectrograms, ``10 log10 |STFT|²``: (N, C, n_freqs, n_frames), dB.

    Attributes
    ----------
    nfft, hop : int
        Frame length and step, samples.
    window : str
        Symmetric window.
    two_sided : bool
        Both sides of zero also for real channels, as the papers do for ECG and EEG.
    size : (n_rows, n_columns) or None
        Draw each image in this size, by linear interpolation, as networks for pictures take it.
    copies : int
        Every image so many times, as channels: networks for pictures take three.
    reference : bool
        As the papers' public code computes, to compare with it: ``20 log10 (Re STFT)²`` without the imaginary part, silence
        counted as 0 dB in μ and σ, and a last frame of silence where it would just fit. Not for new work.
    clip : (a, b) or None
        To [μ + aσ, μ + bσ] of each image; the papers' (0, 9) flattens all below the mean to the mean. None: 80 dB below the
        loudest.
    standardise, iq : bool
        Each image to mean 0 and standard deviation 1; channels in pairs I, Q.

    Raises
    ------
    InputError
        If a field is of another type or out of its range.
    """

    two_sided: bool = True
    size: tuple[int, int] | None = None
    copies: int = 1
    reference: bool = False
    clip: tuple[float, float] | None = (0.0, 9.0)
    name: ClassVar[str] = "log_spectrogram"
    title: ClassVar[str] = "Log-spectrogram"
    help: ClassVar[str] = "Power over time and frequency"
    rules: ClassVar[Rules] = {
        **FrameImage.rules,
        "two_sided": YES_OR_NO,
        "size": SIZE.or_none(),
        "copies": whole(1),
        "reference": YES_OR_NO,
    }
    # "esr" and "ecg" are the papers' (nfft 32, hop 4). How the papers' HITS images, 3 x 224 x 96, were rendered is not
    # published: "hits" is ours, 64 frequencies by 96 frames of 1,400 I/Q samples, which resolve 69 Hz and 3 ms; and
    # "hits_picture" is that drawn in their size.
    presets: ClassVar[Presets] = {
        "hits": {"nfft": 64, "hop": 14, "iq": True},
        "ecg": {"nfft": 32, "hop": 4},
        "esr": {"nfft": 32, "hop": 4},
        "hits_picture": {"nfft": 64, "hop": 14, "iq": True, "size": (224, 96), "copies": 3},
    }

    def images(self, signal: npt.NDArray[Any], fs: float) -> npt.NDArray[Any]:
        """Return the images of signals (N, C, T), dB, limited, in their size and number."""
        db = self._as_published(signal) if self.reference else super().images(signal, fs)
        if self.size is not None:
            db = _resized(_resized(db, self.size[0], -2), self.size[1], -1)
        return np.repeat(db, self.copies, axis=1)

    def power(self, signal: npt.NDArray[Any], fs: float) -> npt.NDArray[Any]:
        """Return the squared modulus of the spectra."""
        spectrum = self.spectrum(signal, two_sided=self.two_sided)
        return spectrum.real**2 + spectrum.imag**2

    def _as_published(self, signal: npt.NDArray[Any]) -> npt.NDArray[Any]:
        real = self.spectrum(signal, two_sided=self.two_sided).real.copy()
        if (signal.shape[-1] - self.nfft) % self.hop == 0:
            real[..., -1] = 0.0
        db = 2 * decibels(real**2)
        if self.clip is None:
            return above_silence(db)
        counted = np.where(np.isneginf(db), 0.0, db)
        mean, spread = counted.mean(axis=(-2, -1), keepdims=True), counted.std(axis=(-2, -1), keepdims=True)
        return np.clip(db, mean + self.clip[0] * spread, mean + self.clip[1] * spread)

    def image_shape(self, n_times: int) -> tuple[int, int]:
        """Return ``(n_freqs, n_frames)``, or `size`."""
        n_frames = self.n_frames(n_times)  # too short a window is refused, whatever the size drawn
        return self.size or (self.nfft if self._both else self.nfft // 2 + 1, n_frames)

    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return ``(n_chans · copies, n_freqs, n_frames)``; half as many channels with `iq`; errors as `LogImage`'s."""
        channels, *image = super().output_shape(n_chans, n_times)
        return channels * self.copies, *image

    def row_hz(self, fs: float) -> Floats:
        """Return the frequency of each row, Hz."""
        hz = frequencies(self.nfft, fs, two_sided=self._both)
        return hz if self.size is None else np.linspace(hz[0], hz[-1], self.size[0])

    def times_s(self, n_times: int, fs: float) -> Floats:
        """Return the middle of each frame, s from the start of the window."""
        times = super().times_s(n_times, fs)
        return times if self.size is None else np.linspace(times[0], times[-1], self.size[1])

    @property
    def _both(self) -> bool:
        return self.two_sided or self.iq


def _resized(images: npt.NDArray[Any], n: int, axis: int) -> npt.NDArray[Any]:
    """Return images with `n` rows or columns, by linear interpolation; the outermost stay."""
    there = images.shape[axis]
    if n == there:
        return images
    place = np.linspace(0, there - 1, n)
    below = np.minimum(place.astype(int), max(there - 2, 0))
    share = (place - below).astype(images.dtype)
    moved = np.moveaxis(images, axis, -1)
    drawn = moved[..., below] * (1 - share) + moved[..., np.minimum(below + 1, there - 1)] * share
    return np.moveaxis(drawn, -1, axis)
