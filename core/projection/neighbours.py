"""Exact nearest neighbours with an explicit tie rule: distance, then index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.errors import InputError

SPARE = 8  # candidates beyond those asked for, so that rounding at the edge decides nothing


def checked_points(points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return points as (N, D) float64, or say what is wrong with them.

    Raises
    ------
    InputError
        If they are not (N, D) numbers with N ≥ 1, or hold NaN or infinity.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise InputError(f"points of shape {array.shape} are not N points of D numbers", remedy="Give an array (N, D)")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise InputError(
            f"{len(bad)} points hold NaN or infinity, the first at row {bad[0]}",
            remedy="Leave these events out, or learn the features again",
        )
    return array


def nearest(points: npt.ArrayLike, k: int) -> npt.NDArray[np.int64]:
    """Return the `k` first points in the order of distance from each point, itself included.

    Parameters
    ----------
    points : (N, D) array
    k : int
        1 … N.

    Returns
    -------
    (N, k) int64 array
        Euclidean; ties by lower index, so that a point's first is itself unless a duplicate has a lower index. O(N²·D)
        in blocks in high dimensions, O(N log N) for maps; memory O(N·k).
    """
    points = checked_points(points)
    n = len(points)
    k = min(k, n)
    if k + SPARE >= n:
        return np.stack([_order_from(points, i, k) for i in range(n)])
    from sklearn.neighbors import NearestNeighbors

    method = "kd_tree" if points.shape[1] <= 4 else "brute"
    index = NearestNeighbors(n_neighbors=k + SPARE, algorithm=method).fit(points)
    candidates = np.sort(index.kneighbors(points, return_distance=False), axis=1)
    result = np.empty((n, k), np.int64)
    for start in range(0, n, 4096):
        rows = slice(start, start + 4096)
        # The search works with |a|² + |b|² - 2ab; differences give duplicates a distance of exactly 0.
        distance = ((points[candidates[rows]] - points[rows, None]) ** 2).sum(axis=-1)
        order = np.argsort(distance, axis=1, kind="stable")
        ranked = np.take_along_axis(distance, order, axis=1)
        result[rows] = np.take_along_axis(candidates[rows], order[:, :k], axis=1)
        # Where the edge of the candidates is no farther than what is kept, others may tie: look at all points.
        for row in np.flatnonzero(ranked[:, -1] <= ranked[:, k - 1] * (1 + 1e-9)):
            result[start + row] = _order_from(points, start + int(row), k)
    return result


def _order_from(points: npt.NDArray[np.float64], i: int, k: int) -> npt.NDArray[np.int64]:
    return np.argsort(((points - points[i]) ** 2).sum(axis=1), kind="stable")[:k].astype(np.int64)
