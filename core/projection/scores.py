"""Choosing a map by the silhouette of its labelled points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.checks import check, one_of
from core.errors import InputError
from core.projection.neighbours import checked_points

LEAST_OF_CLASS = 5  # labels: one stray label would else be a class, and be near to everything around it
SCORED = 5_000  # labelled points of which the silhouette is taken, at most: it looks at all pairs


def silhouette(points: npt.ArrayLike, labels: npt.ArrayLike, metric: str = "euclidean") -> float:
    """Return the mean silhouette of the labelled points.

    Parameters
    ----------
    points : (N, D) array
    labels : (N,) int array
        -1 for unlabelled points, which play no part.
    metric : str
        ``euclidean``, or ``sqeuclidean`` as in the published code.

    Returns
    -------
    float
        -1 to 1. O(n²) for n labelled points.

    Raises
    ------
    InputError
        If fewer than two classes are labelled, every labelled point is a class of its own, there is not one label per
        point, or the metric is another.
    """
    return float(np.mean(_of_each(points, labels, metric)))


def scored_rows(labels: npt.ArrayLike, most: int = SCORED, seed: int = 0) -> npt.NDArray[np.int64]:
    """Return the rows by whose silhouette maps are chosen: those of classes with at least `LEAST_OF_CLASS` labels.

    A class of one or two labels has no silhouette to speak of, yet it takes that of every class around it down.

    Parameters
    ----------
    labels : (N,) int array
        -1 for points that play no part.
    most : int
        Labelled points that are looked at; of more, so many are drawn at random.
    seed : int
        Of the draw.

    Returns
    -------
    (n,) int64 array
        Ascending; empty where fewer than two such classes are there.
    """
    given = np.asarray(labels, dtype=np.int64)
    rows = _of_large_classes(given, np.flatnonzero(given >= 0))
    if len(rows) > most:
        drawn = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
        left = _of_large_classes(given, drawn)  # a rare class may be all but gone from the sample
        rows = left if len(left) else drawn
    return rows


def _of_large_classes(labels: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    found, counts = np.unique(labels[rows], return_counts=True)
    large = found[counts >= LEAST_OF_CLASS]
    return rows[np.isin(labels[rows], large)] if len(large) > 1 else rows[:0]


def silhouettes(
    points: npt.ArrayLike, labels: npt.ArrayLike, rows: npt.NDArray[np.int64], metric: str = "euclidean"
) -> npt.NDArray[np.float64] | None:
    """Return the silhouette of each of some labelled points among these; None where there are none, or they have no place.

    Parameters
    ----------
    points, labels, metric
        As of `silhouette`.
    rows : (n,) int64 array
        As `scored_rows` gives them.
    """
    if not len(rows):
        return None
    try:
        return _of_each(np.asarray(points)[rows], np.asarray(labels)[rows], metric)
    except InputError:
        return None  # the maps are ranked by quality instead


def _of_each(points: npt.ArrayLike, labels: npt.ArrayLike, metric: str) -> npt.NDArray[np.float64]:
    check(one_of(["euclidean", "sqeuclidean"]), metric=metric)
    points, labels = checked_points(points), np.asarray(labels)
    if labels.shape != (len(points),):
        raise InputError(f"{labels.size} labels for {len(points)} points", remedy="Give one label per point")
    known = labels >= 0
    n_classes = len(np.unique(labels[known]))
    if not 2 <= n_classes < known.sum():
        raise InputError(
            f"a silhouette needs two classes and more points than classes; there are {n_classes} and {known.sum()}",
            remedy="Label a few events of each class",
        )
    from sklearn.metrics import silhouette_samples

    each: npt.NDArray[np.float64] = silhouette_samples(points[known], labels[known], metric=metric)
    return each


def choose(silhouettes: Sequence[float]) -> tuple[int, int, int]:
    """Return the numbers of the best, the middle (``n // 2`` of the ascending order) and the worst map."""
    order = np.argsort(np.asarray(silhouettes), kind="stable")
    return int(order[-1]), int(order[len(order) // 2]), int(order[0])
