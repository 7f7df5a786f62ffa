"""Local quality: how far a map kept the neighbourhood of each point (Lueks et al. 2011, per point)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.checks import check, one_of, whole
from core.errors import InputError
from core.projection.neighbours import checked_points, nearest


def local_quality(
    high: npt.ArrayLike, low: npt.ArrayLike, ks: int = 10, kt: int = 10, normalize: str | None = None
) -> npt.NDArray[np.float64]:
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
        ``max`` divides by the largest value, as the papers do; ``quantile`` by the 95th percentile, which no single
        point decides, cut at 1; ``fixed`` multiplies by N, about 1 + 1/ks for a perfect map.

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
    check(whole(1), ks=ks)
    check(whole(0), kt=kt)
    check(one_of(["max", "quantile", "fixed"]).or_none(), normalize=normalize)
    n = len(high)
    first_high, first_low = nearest(high, ks + kt + 1), nearest(low, ks + kt + 1)
    m = first_high.shape[1]
    own = np.repeat(np.arange(n, dtype=np.int64) * n, m)
    _, at_high, at_low = np.intersect1d(
        own + first_high.ravel(), own + first_low.ravel(), assume_unique=True, return_indices=True
    )
    rho, r = at_high % m, at_low % m
    counts = ((rho <= ks) | (r <= ks)) & (np.abs(rho - r) <= kt)
    seen_from, seen = at_high[counts] // m, first_high.ravel()[at_high[counts]]
    quality = (np.bincount(seen_from, minlength=n) + np.bincount(seen, minlength=n)) / (2.0 * ks * n)
    scaled = quality / _scale(quality, normalize)
    return np.minimum(scaled, 1.0) if normalize == "quantile" else scaled


def _scale(quality: npt.NDArray[np.float64], normalize: str | None) -> float:
    if normalize == "max":
        return float(quality.max()) or 1.0
    if normalize == "quantile":
        return float(np.quantile(quality, 0.95)) or 1.0
    return 1.0 / len(quality) if normalize == "fixed" else 1.0
