"""Exact nearest neighbours with an explicit tie rule: distance, then index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.checks import check as check_values
from core.checks import whole
from core.errors import InputError
from core.projection.search import ranked

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def checked_points(points: npt.ArrayLike) -> Floats:
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


@dataclass(frozen=True)
class Neighbours:
    """The nearest points of each query, in the order of distance, then index.

    Attributes
    ----------
    index : (Q, k) int64 array
    distance : (Q, k) float64 array
        Euclidean, in the unit of the points.
    """

    index: Ints
    distance: Floats

    def others(self) -> Neighbours:
        """Return the lists without the point itself, one shorter, where queries and points are the same.

        A point missing from its own list has duplicates of lower index in all its places; it then loses the last.
        """
        own = self.index == np.arange(len(self.index))[:, None]
        own[~own.any(axis=1), -1] = True
        shape = (len(own), own.shape[1] - 1)
        return Neighbours(self.index[~own].reshape(shape), self.distance[~own].reshape(shape))


def nearest(points: npt.ArrayLike, k: int) -> Ints:
    """Return the `k` first points in the order of distance from each point, itself included.

    Parameters
    ----------
    points : (N, D) array
    k : int
        1 … N; a larger one counts as N.

    Returns
    -------
    (N, k) int64 array
        Euclidean; ties by lower index, so that a point's first is itself unless a duplicate has a lower index. Points
        tie where their squared distances, summed from differences in double precision, are equal. O(N²·D) in blocks in
        high dimensions, O(N log N) for maps; memory O(N·k).

    Raises
    ------
    InputError
        If the points are no finite (N, D) array.
    """
    return search(points, None, k).index


def neighbours_of(points: npt.ArrayLike, k: int) -> Ints:
    """Return the `k` nearest other points of each point, ties by lower index.

    Parameters
    ----------
    points : (N, D) array
    k : int
        1 … N - 1.

    Returns
    -------
    (N, k) int64 array
        Duplicates of a point are others, at distance 0.

    Raises
    ------
    InputError
        If the points are no finite (N, D) array, or there are not so many others.
    """
    points = checked_points(points)
    check_values(whole(1), k=k)
    if k >= len(points):
        raise InputError(
            f"{k} neighbours of {len(points)} points are not possible", remedy=f"Choose k from 1 to {len(points) - 1}"
        )
    return search(points, None, k + 1).others().index


def search(
    points: npt.ArrayLike, queries: npt.ArrayLike | None, k: int, check: Callable[[], None] = lambda: None
) -> Neighbours:
    """Return the `k` points that are nearest to each query, with their distances.

    Parameters
    ----------
    points : (N, D) array
    queries : (Q, D) array or None
        None asks for the neighbours of the points themselves, each of them included.
    k : int
        1 … N; a larger one counts as N.
    check : callable
        Called every fraction of a second; it may raise to stop the search.

    Raises
    ------
    InputError
        If an array is no finite (N, D) one, or they differ in D.
    """
    points = checked_points(points)
    asked = points if queries is None else checked_points(queries)
    if asked.shape[1] != points.shape[1]:
        raise InputError(
            f"{asked.shape[1]} and {points.shape[1]} numbers per point", remedy="Give points of the same feature space"
        )
    k = min(int(k), len(points))
    # A power of two changes no digit; without it, the squares of tiny or huge values would vanish or overflow.
    scale = 2.0 ** -np.clip(np.frexp(max(np.abs(points).max(), np.abs(asked).max()))[1], -1000, 1000)
    groups = _Groups.of(points * scale)
    if queries is not None:
        index, distance2 = groups.nearest(asked * scale, k, check)
    elif groups.distinct is None:
        index, distance2 = ranked(points * scale, points * scale, k, check)
    else:  # duplicates see the same
        index, distance2 = groups.nearest(groups.distinct, k, check)
        index, distance2 = index[groups.of_point], distance2[groups.of_point]
    return Neighbours(index, np.sqrt(distance2) / scale)


@dataclass(frozen=True)
class _Groups:
    """Points without their duplicates, and which points each stands for.

    `points` are all; `distinct` is None where there are no duplicates, else (M, D) in the order of their first members;
    `of_point` (N,) is the group of each point; `members` (N,) are the points by group, ascending, from `start` (M,) on.
    """

    points: Floats
    distinct: Floats | None
    of_point: Ints
    members: Ints
    start: Ints
    count: Ints

    @classmethod
    def of(cls, points: Floats) -> _Groups:
        """Group equal points."""
        none = np.zeros(0, np.int64)
        # Equal points have equal sums; where no two sums are equal, sorting whole points is spared.
        weights = np.random.default_rng(0).standard_normal(points.shape[1])
        if len(np.unique((points * weights).sum(axis=1))) == len(points):
            return cls(points, None, none, none, none, none)
        _, first, of_point = np.unique(points, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)  # groups by their first member, so that a tie of groups is one of indices
        number = np.empty_like(order)
        number[order] = np.arange(len(order))
        of_point = number[of_point.reshape(-1)]
        count = np.bincount(of_point)
        members = np.argsort(of_point, kind="stable")
        return cls(points, points[first[order]], of_point, members, np.cumsum(count) - count, count)

    def nearest(self, queries: Floats, k: int, check: Callable[[], None]) -> tuple[Ints, Floats]:
        """Return the first k points from each query, and their squared distances.

        The first k groups hold them: the first member of each comes before all of a later group.
        """
        if self.distinct is None:
            return ranked(queries, self.points, k, check)
        found, apart2 = ranked(queries, self.distinct, min(k, len(self.distinct)), check)
        index, distance2 = np.empty((len(queries), k), np.int64), np.empty((len(queries), k))
        step = max(1, (1 << 20) // (found.shape[1] * min(k, int(self.count.max()))))
        for start in range(0, len(queries), step):
            rows = slice(start, start + step)
            index[rows], distance2[rows] = self._expanded(found[rows], apart2[rows], k)
            check()
        return index, distance2

    def _expanded(self, found: Ints, apart2: Floats, k: int) -> tuple[Ints, Floats]:
        """Return the first k points of lists of groups, by distance, then index."""
        counts = np.minimum(self.count[found], k)
        flat, total = counts.ravel(), counts.sum(axis=1)
        place = np.arange(flat.sum()) - np.repeat(np.cumsum(flat) - flat, flat)
        member = self.members[np.repeat(self.start[found].ravel(), flat) + place]
        distance2 = np.repeat(apart2.ravel(), flat)
        order = np.lexsort((member, distance2, np.repeat(np.arange(len(found)), total)))
        chosen = order[(np.cumsum(total) - total)[:, None] + np.arange(k)]
        return member[chosen], distance2[chosen]
