"""Choosing a map by the silhouette of its labelled points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.checks import check, one_of
from core.errors import InputError
from core.projection.neighbours import checked_points


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
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(points[known], labels[known], metric=metric))


def choose(silhouettes: Sequence[float]) -> tuple[int, int, int]:
    """Return the numbers of the best, the middle (``n // 2`` of the ascending order) and the worst map."""
    order = np.argsort(np.asarray(silhouettes), kind="stable")
    return int(order[-1]), int(order[len(order) // 2]), int(order[0])
