"""Exact nearest neighbours among distinct points: a fast search proposes, a proven bound decides, differences rank.

The fast search is in single precision (or a tree, where there are few dimensions), so its distances are off by rounding. It
gives some more candidates than asked for, and with them a lower bound of the distance to every other point. A row whose k-th
candidate is closer than that bound is proven; the few others are searched again in double precision, with nothing left out that
could be as near.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, local
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Ranked = tuple[Ints, Floats]

SPARE = 8  # candidates beyond those asked for: with them nearly every row is proven at once
FEW_DIMENSIONS = 4  # up to which a tree is faster than all pairs
BLOCK_BYTES = 8 << 20  # of distances at a time and thread: what is summed up again should still be in the cache
_ALONE = Lock()  # two searches at once would gain nothing, and each would restore the other's limit of threads
ROUNDING = 4 * np.finfo(np.float64).eps  # a generous bound per term of a sum of squared differences


def ranked(queries: Floats, points: Floats, k: int, check: Callable[[], None] = lambda: None) -> Ranked:
    """Return the first `k` of `points` from each query, and their squared distances.

    Parameters
    ----------
    queries : (Q, D) float64 array
    points : (M, D) float64 array
        Distinct, and of a size (about 1) at which squares neither overflow nor vanish.
    k : int
        1 … M.
    check : callable
        Called now and then; it may raise to stop the search.

    Returns
    -------
    index : (Q, k) int64 array
        In the order of distance, then index.
    distance2 : (Q, k) float64 array
        ``((points[index] - queries[:, None]) ** 2).sum(-1)``, the distance that decides what is a tie.
    """
    index, distance2 = np.empty((len(queries), k), np.int64), np.empty((len(queries), k))
    if k + SPARE >= len(points):
        everything = np.arange(len(points))
        for rows in _blocks(len(queries), len(points) * points.shape[1]):
            candidates = np.broadcast_to(everything, (rows.stop - rows.start, len(points)))
            index[rows], distance2[rows] = _rank(queries[rows], points, candidates, k)
            check()
    elif points.shape[1] <= FEW_DIMENSIONS:
        _by_tree(queries, points, index, distance2, check)
    else:
        open_rows = _by_products(queries, points, index, distance2, check)
        _within(queries, points, open_rows, index, distance2, check)
    return index, distance2


def _blocks(n: int, numbers_per_row: int) -> Iterator[slice]:
    """Yield slices of rows that together hold about as many numbers as a block may."""
    step = max(1, BLOCK_BYTES // (8 * max(1, numbers_per_row)))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def _rank(queries: Floats, points: Floats, candidates: Ints, k: int) -> Ranked:
    """Return the first k of each row's candidates by distance, then index."""
    candidates = np.sort(candidates, axis=1)  # so that a stable sort breaks ties by index
    # The search worked with |a|² + |b|² - 2ab; differences are off by no more than a few units in the last place.
    distance2 = ((points[candidates] - queries[:, None]) ** 2).sum(axis=-1)
    order = np.argsort(distance2, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(candidates, order, axis=1), np.take_along_axis(distance2, order, axis=1)


def _by_tree(queries: Floats, points: Floats, index: Ints, distance2: Floats, check: Callable[[], None]) -> None:
    """Fill in the neighbours in few dimensions, asking for more candidates where the last one may tie with others."""
    from scipy.spatial import cKDTree

    tree, k, slack = cKDTree(points), index.shape[1], 1 - ROUNDING * (points.shape[1] + 4)
    rows, wanted = np.arange(len(queries)), k + SPARE
    while len(rows):
        wanted = min(wanted, len(points))
        proven = np.zeros(len(rows), bool)
        for part in _blocks(len(rows), wanted * points.shape[1]):
            at = rows[part]
            reach, candidates = tree.query(queries[at], k=wanted, workers=usable_threads())
            index[at], distance2[at] = _rank(queries[at], points, candidates, k)
            proven[part] = distance2[at, -1] < reach[:, -1] ** 2 * slack
            check()
        rows = rows[~proven] if wanted < len(points) else rows[:0]
        wanted *= 4


def _by_products(queries: Floats, points: Floats, index: Ints, distance2: Floats, check: Callable[[], None]) -> Ints:
    """Fill in the neighbours by matrix products in single precision; return the rows that are not proven.

    For a query a and a point b, the product gives L = (1 - 2c)|b|² - 2ab, and the true squared distance is at least
    (1 - 2c)|a|² + L: rounding of a sum of D + 1 products and of its terms is at most c(|a| + |b|)² ≤ 2c(|a|² + |b|²), with
    c = (D + 8)u (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), in whatever order it is summed.
    """
    from threadpoolctl import threadpool_limits

    (n, d), k = points.shape, index.shape[1]
    wanted, c = k + SPARE, (d + 8) * 2.0**-24
    side = _group_size(n, wanted)
    centre = points.mean(axis=0)
    left, right = _augmented(queries - centre, 1.0), _products_side(points - centre, c, -n % side)
    own = (1 - 2 * c) * ((queries - centre) ** 2).sum(axis=1) - (d + 8) * 2.0**-100  # what may vanish below 1e-38
    step = max(8, BLOCK_BYTES // (4 * right.shape[1]))
    open_rows = np.zeros(len(queries), bool)
    kept = local()

    def search(start: int) -> None:
        rows = slice(start, min(start + step, len(queries)))
        if not hasattr(kept, "buffer"):
            kept.buffer = np.empty((step, right.shape[1]), np.float32)
        bound = np.matmul(left[rows], right, out=kept.buffer[: rows.stop - rows.start])
        candidates, edge = _smallest(bound, wanted, side)
        index[rows], distance2[rows] = _rank(queries[rows], points, candidates, k)
        open_rows[rows] = distance2[rows, -1] * (1 + ROUNDING * (d + 4)) >= own[rows] + edge

    # One thread per block of rows is faster than threads inside each product, since selecting is half of the work.
    with _ALONE, threadpool_limits(1, "blas"), ThreadPoolExecutor(usable_threads()) as pool:
        try:
            for _ in pool.map(search, range(0, len(queries), step)):
                check()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return np.flatnonzero(open_rows)


def _augmented(centred: Floats, last: float) -> npt.NDArray[np.float32]:
    return np.concatenate([centred, np.full((len(centred), 1), last)], axis=1).astype(np.float32)


def _products_side(centred: Floats, c: float, padding: int) -> npt.NDArray[np.float32]:
    """Return the (D + 1, n + padding) matrix that turns (a, 1) into L; what pads it is farther than any point."""
    squares = (1 - 2 * c) * (centred**2).sum(axis=1)
    side = np.zeros((centred.shape[1] + 1, len(centred) + padding), np.float32)
    side[:-1, : len(centred)], side[-1, : len(centred)], side[-1, len(centred) :] = -2 * centred.T, squares, 1e38
    return side


def _group_size(n: int, wanted: int) -> int:
    """Return how many columns share a minimum: selecting among minima, then among few groups, reads each value once."""
    size = int(np.sqrt(n / wanted))
    return min(64, 1 << max(0, size.bit_length() - 1))


def _smallest(values: npt.NDArray[np.float32], m: int, side: int) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Return the columns of the m smallest values of each row, and the largest of these values.

    They lie in the m groups of the smallest minima: each of these groups has a value no larger than any outside of them.
    """
    n_groups = values.shape[1] // side
    grouped = values.reshape(len(values), side, n_groups)
    groups = np.argpartition(grouped.min(axis=1), min(m, n_groups) - 1, axis=1)[:, :m]
    columns = (np.arange(side)[:, None] * n_groups + groups[:, None, :]).reshape(len(values), -1)
    few = np.take_along_axis(values, columns, axis=1)
    chosen = np.argpartition(few, m - 1, axis=1)[:, :m]
    edge = np.take_along_axis(few, chosen[:, m - 1 :], axis=1)[:, 0]
    return np.take_along_axis(columns, chosen, axis=1), edge.astype(np.float64)


def _within(
    queries: Floats, points: Floats, rows: Ints, index: Ints, distance2: Floats, check: Callable[[], None]
) -> None:
    """Search some rows again among all points that may be as near as the k-th neighbour found so far."""
    (n, d), k = points.shape, index.shape[1]
    c = (d + 8) * np.finfo(np.float64).eps
    centre = points.mean(axis=0)
    b = points - centre
    squares = (1 - 2 * c) * (b**2).sum(axis=1)
    for part in _blocks(len(rows), 2 * n):
        at = rows[part]
        a = queries[at] - centre
        reach = distance2[at, -1] * (1 + ROUNDING * (d + 4)) - (1 - 2 * c) * (a**2).sum(axis=1)
        row, column = np.nonzero(squares - 2 * (a @ b.T) <= reach[:, None])
        exact = np.empty(len(row))
        for pairs in _blocks(len(row), d):
            exact[pairs] = ((points[column[pairs]] - queries[at[row[pairs]]]) ** 2).sum(axis=-1)
        order = np.lexsort((column, exact, row))
        first = np.searchsorted(row, np.arange(len(at)))  # rows come in ascending order
        chosen = order[first[:, None] + np.arange(k)]
        index[at], distance2[at] = column[chosen], exact[chosen]
        check()


def usable_threads() -> int:
    """Return how many processors this process may use, at most eight."""
    usable: Any = getattr(os, "sched_getaffinity", None)
    return min(8, len(usable(0)) if usable else os.cpu_count() or 1)
