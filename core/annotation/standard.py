"""Std-KNN: propagation without quality, for comparison."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.annotation.propagation import _checked, _neighbours


def std_knn(
    points: npt.ArrayLike, labels: npt.ArrayLike, k: int, first: npt.ArrayLike | None = None
) -> npt.NDArray[np.int64]:
    """Return the labels after propagation to the k nearest points, whatever the map's quality there.

    Points are visited labelled first (in the order of `first`, by default by index), then by index; each gives its
    label at once to its unlabelled neighbours, and the first to come wins, until nothing changes. The result depends on
    the order of the data: that is the method's fault, kept for comparison. O(N·k) per pass.

    Raises
    ------
    InputError
        As `propagate`.
    """
    n = len(np.asarray(labels))
    points_, result, _ = _checked(points, labels, np.ones(n), k)
    neighbours = _neighbours(points_, k)
    begin = np.flatnonzero(result >= 0) if first is None else np.asarray(first, dtype=np.int64)
    order = np.concatenate([begin, np.setdiff1d(np.arange(n), begin)])
    changed = True
    while changed:
        changed = False
        for i in order:
            if result[i] >= 0:
                free = neighbours[i][result[neighbours[i]] < 0]
                result[free] = result[i]
                changed = changed or len(free) > 0
    return result
