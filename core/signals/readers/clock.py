"""Samples that are stored without the gaps between them: which is where, also by the times that a file states for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

JITTER = 0.02  # of a step: what may be taken for rounding where the times are stated to many digits
LONGEST_GAP_S = 366 * 86400.0  # beyond that, a time is wrong rather than late
DIGITS = 9


class UnsteadyError(ValueError):
    """The times keep no constant rate."""


@dataclass(frozen=True)
class Clock:
    """Which row of a table, or which stored sample of a channel, is which sample in time.

    Attributes
    ----------
    fs : float
        Hz.
    n_rows : int
    rows, samples : tuple of int
        First row of each piece without a gap, and the number of its sample.
    """

    fs: float
    n_rows: int
    rows: tuple[int, ...] = (0,)
    samples: tuple[int, ...] = (0,)

    @property
    def n_samples(self) -> int:
        """Samples from the first row to the last, those in gaps included."""
        return self.samples[-1] + self.n_rows - self.rows[-1]

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each gap, s."""
        pieces = zip(pairwise(self.rows), pairwise(self.samples), strict=True)
        return tuple(((at + stop - start) / self.fs, after / self.fs) for (start, stop), (at, after) in pieces)

    def parts(self, start: int, stop: int) -> list[tuple[int, int, int]]:
        """Return what of samples ``start … stop - 1`` is stored: the place among them, the first row, and how many rows."""
        found = []
        ends = (*self.rows[1:], self.n_rows)
        piece = max(int(np.searchsorted(self.samples, start, side="right")) - 1, 0)
        while piece < len(ends) and self.samples[piece] < stop:
            row, at = self.rows[piece], self.samples[piece]
            low, high = max(start, at), min(stop, at + ends[piece] - row)
            if low < high:
                found.append((low - start, row + low - at, high - low))
            piece += 1
        return found


def clock_of(times: Iterable[npt.NDArray[Any]]) -> Clock:
    """Return the clock of sampling times, given block by block in seconds; O(n) time, O(gaps) memory.

    The mean step, gaps left out, gives the rate; of the rates that the times cannot tell apart, the roundest is taken.

    Raises
    ------
    UnsteadyError
        If they do not increase, or by steps that rounding does not explain and that are no whole number of samples.
    """
    typical = slack = total = 0.0
    n_steps = n_rows = 0
    jumps: list[tuple[int, float]] = []
    last: npt.NDArray[Any] = np.empty(0)
    for block in times:
        steps = np.diff(np.concatenate([last, block]).astype(np.float64))
        first_row = n_rows + 1 - len(last)
        if not np.isfinite(steps).all():
            raise UnsteadyError(f"row {first_row + int(np.argmin(np.isfinite(steps))) + 1:,} states no time")
        if typical == 0 and len(steps):
            typical = float(np.median(steps))
        slack = max(slack, JITTER * typical, resolution(block))
        early = np.flatnonzero((steps <= 0) | (steps < typical - 1.01 * slack))
        if len(early):
            raise UnsteadyError(
                f"row {first_row + int(early[0]) + 1:,} comes {steps[early[0]]:g} s after the one before"
            )
        late = steps > typical + 1.01 * slack
        jumps += [(first_row + int(i), float(steps[i])) for i in np.flatnonzero(late)]
        total, n_steps = total + float(steps[~late].sum()), n_steps + int((~late).sum())
        n_rows, last = n_rows + len(block), block[-1:]
    if n_steps == 0 or n_steps <= len(jumps):
        raise UnsteadyError("hardly any two of its times lie one sample apart")
    fs = _roundest(total / n_steps, n_steps, slack)
    rows, samples = _pieces(fs, slack, jumps)
    return Clock(fs, n_rows, rows, samples)


def resolution(times: npt.NDArray[Any]) -> float:
    """Return how finely times are stated, s: the last decimal place that they use, or that of their number format."""
    if not len(times):
        return 0.0
    spacing = float(np.spacing(np.abs(times).max())) if times.dtype.kind == "f" else 0.0
    wide = times.astype(np.float64)
    for digits in range(DIGITS):
        if np.allclose(wide, np.round(wide, digits), rtol=0, atol=1e-10 + 2 * spacing):
            return float(max(10.0**-digits, 2 * spacing))
    return 2 * spacing


def _roundest(step: float, n_steps: int, slack: float) -> float:
    for digits in range(DIGITS):
        fs = round(1 / step, digits)
        if fs > 0 and abs(1 / fs - step) * n_steps <= slack:
            return fs
    return 1 / step


def _pieces(fs: float, slack: float, jumps: list[tuple[int, float]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    rows, samples = [0], [0]
    for row, late in jumps:
        missing = round(late * fs) - 1
        if late > LONGEST_GAP_S or missing < 1 or abs(late - (missing + 1) / fs) > 1.01 * slack:
            raise UnsteadyError(f"row {row + 1:,} comes {late:g} s after the one before")
        samples.append(samples[-1] + row - rows[-1] + missing)
        rows.append(row)
    return tuple(rows), tuple(samples)
