"""Filtering while samples are read: forward and backward, hence without delay; margins and gaps are handled here.

A window is filtered with margins, from which the filter has forgotten where they begin: what is read is the same part of the
whole recording filtered at once, to one part in a million of its spread. Pieces between gaps are filtered each on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.digital import Digital
from core.signals.recording import Floats, Recording

IN_CACHE = 1 << 17  # samples that are filtered at a time: they stay in the cache of the processor
SECTION_COST = 1.5  # of a second-order section both ways, against reading a stored sample


@dataclass(frozen=True)
class Design:
    """Second-order sections, their state and what they give in a long constant 1, and the margins that they need, samples."""

    sos: npt.NDArray[np.float64]
    steady: npt.NDArray[np.float64]
    of_constant: float
    margin: int
    padding: int


@dataclass(frozen=True)
class FilteredSource:
    """Filtered samples of the channels of a recording; None leaves a channel as it is."""

    recording: Recording
    designs: tuple[Design | None, ...]

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return filtered samples."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return filtered samples of several channels; those of one filter are read with its margins in one pass."""
        groups = self._alike(channels)
        if len(groups) == 1:
            return Digital.of_floats(self._filtered(groups[0][0], list(channels), start, stop))
        out = np.empty((len(channels), stop - start))
        for chosen, rows in groups:
            out[rows] = self._filtered(chosen, [channels[row] for row in rows], start, stop)
        return Digital.of_floats(out)

    def cost(self, channels: Sequence[int], n: int) -> float:
        """Return what `digital` of so many samples costs: to read them and their margins, and to filter both."""
        total = 0.0
        for chosen, rows in self._alike(channels):
            length = n + 2 * chosen.margin if chosen else n
            sections = len(chosen.sos) if chosen else 0
            total += self.recording.cost([channels[row] for row in rows], length)
            total += SECTION_COST * sections * length * len(rows)
        return total

    def _alike(self, channels: Sequence[int]) -> list[tuple[Design | None, list[int]]]:
        """Return each filter and which of `channels`, by position, pass it."""
        found: dict[int, tuple[Design | None, list[int]]] = {}
        for row, channel in enumerate(channels):
            chosen = self.designs[channel]
            found.setdefault(id(chosen), (chosen, []))[1].append(row)
        return list(found.values())

    def _filtered(self, chosen: Design | None, channels: list[int], start: int, stop: int) -> Floats:
        if chosen is None or start == stop:
            return self.recording.digital(channels, start, stop).physical()
        n = self.recording.channels[channels[0]].n_samples
        first, last = max(0, start - chosen.margin), min(n, stop + chosen.margin)
        x = self.recording.digital(channels, first, last).physical()
        out = np.empty((len(x), stop - start))
        step = max(1, IN_CACHE // x.shape[1])
        for row in range(0, len(x), step):
            some = slice(row, row + step)
            out[some] = filtered(x[some], chosen, begins=first == 0, ends=last == n)[:, start - first : stop - first]
        return out


def filtered(x: Floats, chosen: Design, *, begins: bool, ends: bool) -> Floats:
    """Return (n_channels, n) samples filtered forward and backward, each piece between gaps on its own; gaps stay NaN.

    Parameters
    ----------
    x : array
    chosen : Design
    begins, ends : bool
        Whether the recording begins with the first of the samples, and ends with the last.
    """
    out = np.full(x.shape, np.nan)
    for rows, pieces in finite_pieces(x):
        for low, high in pieces:
            sides = {"begins": begins or low > 0, "ends": ends or high < x.shape[1]}
            out[rows, low:high] = both_ways(x[rows, low:high], chosen, **sides)
    return out


def finite_pieces(x: Floats) -> list[tuple[Any, list[tuple[int, int]]]]:
    """Return start and stop of each run of finite samples, for all rows that have the same ones."""
    finite = np.isfinite(x)
    if finite.all():
        return [(slice(None), [(0, x.shape[1])])]
    patterns: dict[bytes, list[int]] = {}
    for number, row in enumerate(np.packbits(finite, axis=1)):
        patterns.setdefault(row.tobytes(), []).append(number)
    found = []
    for rows in patterns.values():
        edges = np.flatnonzero(np.diff(finite[rows[0]], prepend=False, append=False))
        found.append((rows, [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]))
    return found


def both_ways(x: Floats, chosen: Design, *, begins: bool, ends: bool) -> Floats:
    """Return pieces, (n_channels, n), filtered forward and backward.

    Where they begin or end, they are first continued, turned about their end.
    """
    from scipy.signal import sosfilt

    level = x[:, :1]  # taken out: a large offset would cost digits
    x = x - level
    more = min(chosen.padding, x.shape[1] - 1)
    before = 2 * x[:, :1] - x[:, more:0:-1] if begins else x[:, :0]
    after = 2 * x[:, -1:] - x[:, -2 : -more - 2 : -1] if ends else x[:, :0]
    padded = np.concatenate([before, x, after], axis=1)
    for _ in range(2):
        state = chosen.steady[:, None, :] * padded[None, :, :1]
        padded = sosfilt(chosen.sos, padded, zi=state)[0][:, ::-1]
    within: Floats = padded[:, before.shape[1] : before.shape[1] + x.shape[1]]
    return within + level * chosen.of_constant
