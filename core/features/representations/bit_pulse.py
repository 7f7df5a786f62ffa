"""Bit pulses: the bits of the samples, each as a waveform of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.checks import Rule, finite, whole
from core.features.representations.base import Array, Axes, Presets, Representation, Rules


@dataclass(frozen=True)
class BitPulse(Representation):
    """The bits of the samples as waveforms of pulses, 0 or 1: (N, C · bits, T).

    Each sample is rounded to a whole number of so many bits (two's complement, as in a WAV file); every bit, from the sign to
    the lowest, is a channel. So a converter delivers them, and a network of few bits need not begin with real numbers.

    The talk names a bit-pulse waveform without defining it. This definition is ours, after the bit-representation waveform of
    Okawa, Saito, Sawada & Nishizaki (2019, arXiv 1904.04364), which takes the bits of audio samples; scale and number of bits
    are ours.

    Attributes
    ----------
    bits : int
        2 to 16.
    full_scale : float or None
        What the greatest number stands for, in the unit of the signal; beyond it samples are clipped, and amplitude survives.
        None: the greatest modulus of all channels of the window; amplitude is lost.

    Raises
    ------
    InputError
        If a field is of another type or out of its range.
    """

    bits: int = 8
    full_scale: float | None = None
    name: ClassVar[str] = "bit_pulse"
    title: ClassVar[str] = "Bit pulses"
    help: ClassVar[str] = "The bits of the samples, each as a waveform of pulses (our definition)"
    rules: ClassVar[Rules] = {
        "bits": Rule("a whole number from 2 to 16", lambda value: whole(2).fits(value) and value <= 16),
        "full_scale": finite(above=0).or_none(),
    }
    presets: ClassVar[Presets] = {"hits": {}, "ecg": {}, "esr": {}}

    def __call__(self, x: Array, fs: float, levels: npt.NDArray[Any] | None = None) -> Array:
        """Return the pulses: bits of the first channel, then of the next; `levels` are not needed."""
        greatest = 2 ** (self.bits - 1) - 1
        scale = np.abs(x).max(axis=(1, 2), keepdims=True) if self.full_scale is None else np.float64(self.full_scale)
        steps = np.rint(x / np.where(scale > 0, scale, 1).astype(np.float64) * greatest)
        numbers = np.clip(steps, -greatest - 1, greatest).astype(np.int32)
        places = np.arange(self.bits - 1, -1, -1)[:, None]
        pulses = (numbers[:, :, None, :] >> places) & 1
        return pulses.reshape(len(x), -1, x.shape[2]).astype(np.float32)

    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return ``(n_chans · bits, n_times)``."""
        return n_chans * self.bits, n_times

    def axes(self, n_chans: int, n_times: int, fs: float) -> Axes:
        """Return what its dimensions count: the bits of each channel, the sign first, and samples."""
        rows = tuple(f"{n + 1}: {place}" for n in range(n_chans) for place in range(self.bits - 1, -1, -1))
        return Axes(np.arange(n_times) / fs, rows, "Channel: bit", "the sign first", "Pulse", "")
