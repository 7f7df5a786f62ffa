"""Local quality: how far a map kept the neighbourhood of each point (Lueks et al. 2011, per point)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.checks import check, one_of, whole
from core.errors import InputError
from core.projection.neighbours import checked_points, nearest

SCALES = {
    "max": "over its largest value, as the papers do",
    "quantile": "over its 95th percentile, which no single point decides, cut at 1: up to a twentieth of the points tie there",
    "fixed": "times the number of points, about 1 + 1/ks for a perfect map",
}
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def local_quality(
    high: npt.ArrayLike, low: npt.ArrayLike, ks: int = 10, kt: int = 10, normalize: str | None = None
) -> Floats:
    """Return the local quality of each point of a map.

    Parameters
    ----------
    high : (N, D) array
        Feature vectors.
    low : (N, 2) array
        The same points in the map.
    ks : int
        Size of the neighbourhood that matters, at least 1.
    kt : int
        Change of rank that is tolerated, 0 or more.
    normalize : None, "max", "quantile" or "fixed"
        See `normalize_quality`.

    Returns
    -------
    (N,) float64 array
        ``Σ_j [w(i, j) + w(j, i)] / (2 ks N)``, where ``w(i, j)`` is 1 if j's rank from i is at most `ks` in either space
        and differs by at most `kt` between them; j = i included.

    Raises
    ------
    InputError
        If the numbers of points differ, a parameter is no such whole number or way, or a value is not finite.

    Notes
    -----
    A pair that counts has both ranks at most ``ks + kt``, so two neighbour lists decide every term: no ranks of all
    pairs are needed. O(N²·D) time for the lists, O(N·(ks + kt)) memory. Ties go by lower index.
    """
    high, low = checked_points(high), checked_points(low)
    if len(high) != len(low):
        raise InputError(
            f"{len(high)} feature vectors and {len(low)} points of the map", remedy="Give both for the same events"
        )
    _check_sizes(ks, kt)
    check(one_of(SCALES).or_none(), normalize=normalize)
    raw = quality_of_lists(nearest(high, ks + kt + 1), nearest(low, ks + kt + 1), ks, kt)
    return raw if normalize is None else normalize_quality(raw, normalize)


def quality_of_lists(first_high: Ints, first_low: Ints, ks: int = 10, kt: int = 10) -> Floats:
    """Return the local quality of each point from neighbour lists, so that one list can serve many maps.

    Parameters
    ----------
    first_high, first_low : (N, m) int array
        The first points from each, itself included, as `nearest` gives them; m at least ``min(N, ks + kt + 1)``. Longer
        lists are cut.
    ks, kt : int
        As in `local_quality`.

    Returns
    -------
    (N,) float64 array
        As `local_quality`, not normalized.

    Raises
    ------
    InputError
        If a list is too short, they are of different points, or a parameter is no such whole number.
    """
    _check_sizes(ks, kt)
    n, m = len(first_high), min(len(first_high), ks + kt + 1)
    if len(first_low) != n or min(first_high.shape[1], first_low.shape[1]) < m:
        raise InputError(
            f"neighbour lists of shapes {first_high.shape} and {first_low.shape} do not give {m} neighbours of the same points",
            remedy=f"Give the first {m} of each point in both spaces",
        )
    high, low = first_high[:, :m], first_low[:, :m]
    twice = np.zeros(n, np.int64)
    for shift in range(-min(kt, m - 1), min(kt, m - 1) + 1):  # how much higher the rank is in the map
        ranks = slice(max(0, -shift), m - max(0, shift))
        same = high[:, ranks] == low[:, ranks.start + shift : ranks.stop + shift]
        least = np.arange(ranks.start, ranks.stop) + min(0, shift)
        same &= least <= ks
        twice += same.sum(axis=1) + np.bincount(high[:, ranks][same], minlength=n)
    return twice / (2.0 * ks * n)


def normalize_quality(raw: npt.ArrayLike, how: str, among: npt.ArrayLike | None = None) -> Floats:
    """Return local quality on another scale.

    Parameters
    ----------
    raw : (N,) array
        As `local_quality` gives it without `normalize`.
    how : "max", "quantile" or "fixed"
        ``max`` divides by the largest value, as the papers do; ``quantile`` by the 95th percentile, which no single
        point decides, cut at 1; ``fixed`` multiplies by N, about 1 + 1/ks for a perfect map.
    among : (N,) bool array, optional
        The points that decide the scale: N is their number, too. Others are cut at the end of a scale that has one.

    Raises
    ------
    InputError
        If there is no such way.
    """
    check(one_of(SCALES), normalize=how)
    values = np.asarray(raw, dtype=np.float64)
    deciding = values if among is None else values[np.asarray(among, dtype=bool)]
    if how == "fixed":
        return values / (1.0 / len(deciding))
    if how == "max":
        return np.minimum(values / (float(deciding.max()) or 1.0), 1.0)
    return np.minimum(values / (float(np.quantile(deciding, 0.95)) or 1.0), 1.0)


def _check_sizes(ks: int, kt: int) -> None:
    check(whole(1), ks=ks)
    check(whole(0), kt=kt)
