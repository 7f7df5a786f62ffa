"""The samples of a montage: weighted sums of channels, computed while they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from core.signals.digital import AT_ONCE, Digital
from core.signals.recording import Floats, Recording

Weights = dict[int, float]
KEPT_READS = 2  # pieces of stored samples: the channels of a window, read one after the other, sum the same ones
KEPT_SUMS = 64  # choices of channels
SUM_COST = 0.3  # of a channel in sums, against reading it


class MontageSource:
    """Weighted sums of the channels of a recording; `rows` are the weights of each channel made.

    Safe from several threads. It keeps the last `KEPT_READS` pieces of at most `AT_ONCE` stored samples: 34 MB.
    """

    def __init__(self, recording: Recording, rows: Sequence[Weights]) -> None:
        self._recording, self._rows, self._common = recording, rows, common_weights(rows)
        self._sums = lru_cache(maxsize=KEPT_SUMS)(self._sums_of)
        self._kept = lru_cache(maxsize=KEPT_READS)(self._stored)

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples of a derivation."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return samples of several derivations; each channel that they sum is read once, long windows in pieces."""
        sums, out = self._sums(tuple(channels)), np.empty((len(channels), stop - start))
        step = max(1, AT_ONCE // len(sums.stored))
        for first in range(start, stop, step):
            last = min(first + step, stop)
            out[:, first - start : last - start] = sums.of(self._kept(sums.stored, first, last))
        return Digital.of_floats(out)

    def cost(self, channels: Sequence[int], n: int) -> float:
        """Return what `digital` of so many samples costs: to read what is summed, and to sum it."""
        stored = self._sums(tuple(channels)).stored
        return self._recording.cost(stored, n) + SUM_COST * n * (len(stored) + len(channels))

    def _sums_of(self, channels: tuple[int, ...]) -> Sums:
        rows, known = [self._rows[channel] for channel in channels], self._recording.channels
        stored = tuple(sorted(set().union(*rows), key=lambda n: (known[n].n_samples, n)))
        takes = [bool(self._common) and self._common.keys() <= row.keys() for row in rows]
        own = [_less(row, self._common) if t else row for row, t in zip(rows, takes, strict=True)]
        common = [self._common] if any(takes) else []
        return Sums(stored, _matrix(own, stored), _matrix(common, stored), np.flatnonzero(takes).tolist())

    def _stored(self, channels: tuple[int, ...], start: int, stop: int) -> Floats:
        alike = groupby(channels, key=lambda n: self._recording.channels[n].n_samples)
        parts = [self._recording.digital(list(several), start, stop).physical() for _, several in alike]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of the channels `stored`: a row of `own` weights each, and the one row of `common` for those that take it.

    The matrices are sparse: it is faster, and what a sum does not use cannot spoil it, NaN times nothing being NaN.
    """

    stored: tuple[int, ...]
    own: Any
    common: Any
    take_common: list[int]

    def of(self, x: Floats) -> Floats:
        """Return the sums of (n_stored, n) samples, a row each; NaN where a sample of theirs is not finite."""
        sums: Floats = self.own @ x
        if self.take_common:
            shared = self.common @ x
            with np.errstate(invalid="ignore"):  # samples may be infinite, of either sign
                for row in self.take_common:
                    sums[row] += shared[0]
        is_there = np.isfinite(sums)
        if not is_there.all():
            sums[~is_there] = np.nan
        return sums


def _matrix(rows: Sequence[Weights], columns: Sequence[int]) -> Any:
    from scipy.sparse import csr_array

    at = {number: column for column, number in enumerate(columns)}
    entries = [(weight, row, at[number]) for row, weights in enumerate(rows) for number, weight in weights.items()]
    weights, row_of, column_of = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(weights, float), (row_of, column_of)), shape=(len(rows), len(columns)))


def common_weights(rows: Sequence[Weights]) -> Weights:
    """Return the weights that most of the sums share: of an average reference -1/n for each of n channels, of pairs none."""
    sums = [row for row in rows if len(row) > 1]
    counts = Counter((number, weight) for row in sums for number, weight in row.items())
    return {number: weight for (number, weight), n in counts.items() if 2 * n > len(sums) > 1}


def _less(row: Weights, common: Weights) -> Weights:
    return {n: w - common.get(n, 0.0) for n, w in row.items() if w != common.get(n)}
