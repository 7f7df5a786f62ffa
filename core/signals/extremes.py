"""Minima and maxima of bins, as fast as numpy goes: on integers where they are stored, calibrated afterwards.

A bin without samples has the largest value as its minimum and the smallest as its maximum: what any other bin folds away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.digital import Digital, Floats

Values = npt.NDArray[Any]
Extremes = tuple[Values, Values]
TILE = 1 << 16  # values folded at a time: they stay in the cache of the processor
STEP = 8  # at most so many values are folded in one pass


def empty_bin(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return minimum and maximum of a bin without samples."""
    if dtype.kind == "f":
        return np.inf, -np.inf
    return np.iinfo(dtype).max, np.iinfo(dtype).min


def extremes_of(samples: Digital) -> Extremes:
    """Return samples as bins of one each: the same array twice where none is missing."""
    values = samples.values
    if samples.missing is None:
        return values, values
    none_low, none_high = empty_bin(values.dtype)
    return np.where(samples.missing, none_low, values), np.where(samples.missing, none_high, values)


def handy(size: int) -> int:
    """Return the largest size, at most a fifth below, that `fold` takes in steps: three significant bits."""
    return size >> max(size.bit_length() - 3, 0) << max(size.bit_length() - 3, 0)


def fold(low: Values, high: Values, size: int) -> Extremes:
    """Return the minima of `low` and the maxima of `high` of every `size` bins; the last may be of fewer.

    Parameters
    ----------
    low, high : (n_channels, n) arrays
        May be the same array.
    size : int
    """
    rest = -low.shape[1] % size
    if rest and low.shape[1]:
        same = low is high
        low = np.pad(low, ((0, 0), (0, rest)), mode="edge")
        high = low if same else np.pad(high, ((0, 0), (0, rest)), mode="edge")
    while size > 1:
        factor = next((f for f in range(STEP, 1, -1) if size % f == 0), size)
        low, high = _fold_once(low, high, factor)
        size //= factor
    return low, high


def _fold_once(low: Values, high: Values, factor: int) -> Extremes:
    """Fold every `factor` bins of a row into one.

    A reduction along neighbours does one short loop per bin. Laid out the other way round, one bin below the other, it does
    `factor` long ones, with the processor's vector instructions.
    """
    shape = (len(low), low.shape[1] // factor)
    minima, maxima = np.empty(shape, low.dtype), np.empty(shape, high.dtype)
    step = max(1, TILE // factor)
    for row in range(shape[0]):
        for start in range(0, shape[1], step):
            into, tile = slice(start, start + step), slice(start * factor, (start + step) * factor)
            below = np.ascontiguousarray(low[row, tile].reshape(-1, factor).T)
            np.minimum.reduce(below, axis=0, out=minima[row, into])
            if high is not low:
                below = np.ascontiguousarray(high[row, tile].reshape(-1, factor).T)
            np.maximum.reduce(below, axis=0, out=maxima[row, into])
    return minima, maxima


def calibrated(low: Values, high: Values, samples: Digital) -> tuple[Floats, Floats]:
    """Return extremes in physical units by the gains of `samples`; NaN for bins without samples."""
    none = low > high
    first, second = (values * samples.gain[:, None] + samples.shift[:, None] for values in (low, high))
    first[none] = second[none] = np.nan
    down = samples.gain < 0
    first[down], second[down] = second[down], first[down]
    return first, second
