"""Trustworthiness and continuity: what a map shows together that is not, and tears apart that is (Venna and Kaski 2001)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.checks import check as check_values
from core.checks import whole
from core.errors import InputError
from core.projection.neighbours import checked_points, neighbours_of

MOST = 20_000  # points whose neighbourhoods are looked at; of more points, a random sample of this many
BLOCK_BYTES = 64 << 20
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def trustworthiness(high: npt.ArrayLike, low: npt.ArrayLike, k: int = 10, most: int = MOST, seed: int = 0) -> float:
    """Return how far neighbours in the map are neighbours in feature space.

    Parameters
    ----------
    high : (N, D) array
        Feature vectors.
    low : (N, 2) array
        The same points in the map.
    k : int
        Size of the neighbourhood, less than N / 2.
    most : int
        Of more points than this, the neighbourhoods of so many are looked at, drawn at random; ranks are among all.
    seed : int
        Of that draw.

    Returns
    -------
    float
        ``1 - 2 / (N k (2N - 3k - 1)) Σ_i Σ_j max(0, r(i, j) - k)`` over the k neighbours j of i in the map, r their rank
        from i in feature space: 1 where all are kept, about 0.5 for a random map.

    Raises
    ------
    InputError
        If the numbers of points differ, `k` is no whole number below N / 2, or a value is not finite.

    Notes
    -----
    O(min(N, most)·N·D) time, O(N·k) memory.
    """
    high, low = _checked(high, low, k)
    return kept(high, neighbours_of(high, k), neighbours_of(low, k), sampled_rows(len(high), most, seed))


def continuity(high: npt.ArrayLike, low: npt.ArrayLike, k: int = 10, most: int = MOST, seed: int = 0) -> float:
    """Return how far neighbours in feature space are neighbours in the map: `trustworthiness` with the spaces exchanged.

    Parameters
    ----------
    high, low, k, most, seed
        As in `trustworthiness`.

    Raises
    ------
    InputError
        As `trustworthiness`.
    """
    return trustworthiness(low, high, k, most, seed)


def sampled_rows(n: int, most: int = MOST, seed: int = 0) -> Ints:
    """Return the rows that are looked at: all, or so many drawn at random, in ascending order."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def kept(space: Floats, own: Ints, shown: Ints, rows: Ints, check: Callable[[], None] = lambda: None) -> float:
    """Return the trustworthiness of neighbour lists.

    Parameters
    ----------
    space : (N, D) float64 array
        Where ranks are counted.
    own, shown : (N, k) int array
        The k nearest others of each point, in `space` and in the space that is judged.
    rows : (n,) int array
        Points that are looked at.
    check : callable
        Called between blocks; it may raise.
    """
    n, k = shown.shape
    centred = space - space.mean(axis=0)  # so that products lose no digits to an offset
    squares = (centred**2).sum(axis=1)
    total = 0
    step = max(1, BLOCK_BYTES // (8 * n))
    for start in range(0, len(rows), step):
        at = rows[start : start + step]
        strangers = (shown[at][:, :, None] != own[at][:, None, :]).all(axis=2)
        distance2 = squares - 2 * (centred[at] @ centred.T)  # |a|² is the same for a whole row
        distance2[np.arange(len(at)), at] = -np.inf
        for row, distances in enumerate(distance2):
            others = shown[at[row], strangers[row]]
            # Its own place is before all others, so the number of points that are nearer is the rank.
            total += sum(max(0, np.count_nonzero(distances < far) - k) for far in distances[others])
        check()
    return 1.0 - 2.0 * total / (len(rows) * k * (2.0 * n - 3.0 * k - 1.0))


def _checked(high: npt.ArrayLike, low: npt.ArrayLike, k: int) -> tuple[Floats, Floats]:
    high, low = checked_points(high), checked_points(low)
    if len(high) != len(low):
        raise InputError(
            f"{len(high)} feature vectors and {len(low)} points of the map", remedy="Give both for the same events"
        )
    check_values(whole(1), k=k)
    if 2 * k >= len(high):
        raise InputError(
            f"neighbourhoods of {k} are too large for {len(high)} points", remedy="Choose k below half their number"
        )
    return high, low
