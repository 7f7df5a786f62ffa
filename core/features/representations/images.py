"""What the images share: power in decibels, limited, one for each channel or for each pair I and Q."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.checks import TEXT, YES_OR_NO, Rule, finite, list_of, whole
from core.errors import InputError
from core.features.representations.base import Array, Axes, Floats, Representation, Rules, shown
from core.signals import clip_to_statistics, decibels, frequencies, stft

RANGE_DB = 80.0  # what is farther below the loudest of an image counts as silent where nothing is clipped
BLOCK = 256  # windows computed at a time
PAIR_OF_NUMBERS = Rule("two numbers", lambda value: list_of("numbers", finite()).fits(value) and len(value) == 2)
DIRECTIONS = "flow away from the probe below, towards it above"


@dataclass(frozen=True, kw_only=True)
class LogImage(Representation):
    """Images of power: (N, C, n_rows, n_frames), dB; C is the number of pairs with `iq`.

    Attributes
    ----------
    clip : (a, b) or None
        To [μ + aσ, μ + bσ] of each image. None: nothing but what is more than 80 dB below the loudest of its image, silence
        included, which is raised to that; an image of silence alone is −80 dB.
    standardise : bool
        Each image less its mean, over its standard deviation: amplitude is lost, and values have no unit.
    iq : bool
        Take channels in pairs I, Q as one complex channel: rows are then of both directions of flow.
    """

    clip: tuple[float, float] | None = None
    standardise: bool = False
    iq: bool = False

    rules: ClassVar[Rules] = {"clip": PAIR_OF_NUMBERS.or_none(), "standardise": YES_OR_NO, "iq": YES_OR_NO}

    def __call__(self, x: Array, fs: float, levels: npt.NDArray[Any] | None = None) -> Array:
        """Return the images, computed in blocks of windows; `levels` are not needed."""
        out = np.empty((len(x), *self.output_shape(x.shape[1], x.shape[2])), np.float32)
        for start in range(0, len(x), BLOCK):
            block = x[start : start + BLOCK]
            signal = block[:, 0::2] + 1j * block[:, 1::2] if self.iq else block
            images = self.images(signal, fs)
            out[start : start + BLOCK] = _standardised(images) if self.standardise else images
        return out

    def images(self, signal: npt.NDArray[Any], fs: float) -> npt.NDArray[Any]:
        """Return the images of signals (N, C, T), dB, limited."""
        db = decibels(self.power(signal, fs))
        return above_silence(db) if self.clip is None else clip_to_statistics(db, self.clip)

    @abstractmethod
    def power(self, signal: npt.NDArray[Any], fs: float) -> npt.NDArray[Any]:
        """Return the power (N, C, n_rows, n_frames) of real or complex signals (N, C, T), in their unit squared."""

    @abstractmethod
    def image_shape(self, n_times: int) -> tuple[int, int]:
        """Return ``(n_rows, n_frames)``."""

    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return ``(n_chans, n_rows, n_frames)``; half as many channels with `iq`.

        Raises
        ------
        InputError
            If the window is shorter than a frame, or I/Q channels do not come in pairs.
        """
        if self.iq and n_chans % 2:
            raise InputError(f"{n_chans} channels are not pairs of I and Q", remedy="Choose I and Q, or iq = false")
        return n_chans // 2 if self.iq else n_chans, *self.image_shape(n_times)

    def axes(self, n_chans: int, n_times: int, fs: float) -> Axes:
        """Return what rows and frames count."""
        rows, title = self.row_names(fs)
        note, unit = DIRECTIONS if self.iq else "", "" if self.standardise else "dB"
        return Axes(self.times_s(n_times, fs), rows, title, note, "Power", unit)

    def row_names(self, fs: float) -> tuple[tuple[str, ...], str]:
        """Return what rows are called, and what they count together: frequency."""
        return shown(self.row_hz(fs)), "Frequency (Hz)"

    @abstractmethod
    def row_hz(self, fs: float) -> Floats:
        """Return the frequency of each row, Hz; negative for flow away."""

    @abstractmethod
    def times_s(self, n_times: int, fs: float) -> Floats:
        """Return the middle of each frame, s from the start of the window."""


@dataclass(frozen=True, kw_only=True)
class FrameImage(LogImage):
    """Images made of short-time spectra.

    Attributes
    ----------
    nfft, hop : int
        Frame length and step, samples.
    window : str
        Symmetric window.
    """

    nfft: int = 32
    hop: int = 4
    window: str = "blackman"

    rules: ClassVar[Rules] = {**LogImage.rules, "nfft": whole(2), "hop": whole(1), "window": TEXT}

    def spectrum(self, signal: npt.NDArray[Any], *, two_sided: bool = False) -> npt.NDArray[np.complexfloating]:
        """Return the short-time spectra (…, n_freqs, n_frames); complex signals have two sides."""
        return stft(signal, self.nfft, self.hop, window=self.window, two_sided=two_sided or self.iq)

    def bank_power(self, signal: npt.NDArray[Any], fs: float, bank: Callable[[Floats], Floats]) -> npt.NDArray[Any]:
        """Return the power that each filter of a bank gathers, (…, n_rows, n_frames).

        `bank` gives the weights (n_filters, n_freqs) of frequencies (Hz), 0 for negative ones. Of I/Q, rows are those of
        flow away from the highest down, then those of flow towards.
        """
        spectrum = self.spectrum(signal)
        freqs = frequencies(self.nfft, fs, two_sided=self.iq)
        weights = np.concatenate([bank(-freqs)[::-1], bank(freqs)]) if self.iq else bank(freqs)
        gathered: npt.NDArray[Any] = weights.astype(spectrum.real.dtype) @ (spectrum.real**2 + spectrum.imag**2)
        return gathered

    def n_frames(self, n_times: int) -> int:
        """Return the number of frames.

        Raises
        ------
        InputError
            If the window is shorter than a frame.
        """
        if n_times < self.nfft:
            raise InputError(
                f"a window of {n_times} samples is shorter than a frame of {self.nfft}", remedy="Lower nfft"
            )
        return 1 + (n_times - self.nfft) // self.hop

    def times_s(self, n_times: int, fs: float) -> Floats:
        """Return the middle of each frame, s from the start of the window."""
        return (np.arange(self.n_frames(n_times)) * self.hop + self.nfft / 2) / fs


def both_ways(hz: npt.NDArray[Any], iq: bool) -> Floats:
    """Return the frequencies of rows: of I/Q those of flow away too, as `FrameImage.bank_power` orders them."""
    return np.concatenate([-hz[::-1], hz]).astype(np.float64) if iq else hz.astype(np.float64)


def above_silence(db: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return images (…, n_rows, n_frames), dB, whose least is `RANGE_DB` below their loudest."""
    loudest = db.max(axis=(-2, -1), keepdims=True)
    return np.maximum(db, np.where(np.isfinite(loudest), loudest, 0.0) - RANGE_DB)


def _standardised(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    spread = images.std(axis=(-2, -1), keepdims=True)
    middle = images.mean(axis=(-2, -1), keepdims=True)
    return (images - middle) / np.where(spread > 1e-6 * (1 + np.abs(middle)), spread, np.inf)
