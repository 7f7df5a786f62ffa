"""Chromagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.checks import Rule, finite, whole
from core.features.representations.base import Floats, Presets, Rules
from core.features.representations.images import FrameImage

PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
A_ABOVE_C = 9  # semitones


@dataclass(frozen=True, kw_only=True)
class Chromagram(FrameImage):
    """Power by pitch class, dB: (N, C, n_chroma, n_frames), and twice as many rows of I/Q.

    The power of each frequency above zero goes to the two pitch classes next to it, the nearer the more (linear on the scale of
    octaves), so that the classes together hold all of it. Octaves are folded: of a tone, its pitch counts and not its height.
    The pitches are those of music and mean nothing to ECG and EEG. Rows of I/Q are those of flow away from B down to C, then
    those of flow towards from C up to B.

    Attributes
    ----------
    nfft, hop, window
        As in `LogSpectrogram`; long frames, since low pitches lie close together.
    n_chroma : int
        Pitch classes, 12 or a multiple.
    tuning_hz : float
        The A above middle C.
    clip, standardise, iq
        As in `LogImage`.

    Raises
    ------
    InputError
        If a field is of another type or out of its range.
    """

    nfft: int = 128
    hop: int = 2
    n_chroma: int = 12
    tuning_hz: float = 440.0
    name: ClassVar[str] = "chromagram"
    title: ClassVar[str] = "Chromagram"
    help: ClassVar[str] = "Power by pitch class, octaves folded"
    rules: ClassVar[Rules] = {
        **FrameImage.rules,
        "n_chroma": Rule("a multiple of 12", lambda value: whole(12).fits(value) and value % 12 == 0),
        "tuning_hz": finite(above=0),
    }
    presets: ClassVar[Presets] = {"hits": {"nfft": 256, "hop": 12, "iq": True}, "ecg": {}, "esr": {}}

    def power(self, signal: npt.NDArray[Any], fs: float) -> npt.NDArray[Any]:
        """Return the power of the pitch classes."""
        return self.bank_power(signal, fs, self._shares)

    def image_shape(self, n_times: int) -> tuple[int, int]:
        """Return ``(n_chroma, n_frames)``; twice as many rows with `iq`."""
        return self.n_chroma * (1 + self.iq), self.n_frames(n_times)

    def row_names(self, fs: float) -> tuple[tuple[str, ...], str]:
        """Return the pitches; classes between semitones have the name of the one below and their distance."""
        per = self.n_chroma // 12
        names = [PITCHES[n // per] + (f"+{n % per}/{per}" if n % per else "") for n in range(self.n_chroma)]
        if self.iq:
            return (*(f"−{name}" for name in reversed(names)), *names), "Pitch class"
        return tuple(names), "Pitch class"

    def row_hz(self, fs: float) -> Floats:
        """Return no frequency: a pitch class has many."""
        return np.full(self.n_chroma * (1 + self.iq), np.nan)

    def _shares(self, freqs: Floats) -> Floats:
        weights = np.zeros((self.n_chroma, len(freqs)))
        above = np.flatnonzero(freqs > 0)
        place = self.n_chroma * (np.log2(freqs[above] / self.tuning_hz) + A_ABOVE_C / 12)
        below = np.floor(place)
        share = place - below
        weights[below.astype(int) % self.n_chroma, above] = 1 - share
        weights[(below.astype(int) + 1) % self.n_chroma, above] = share
        return weights
