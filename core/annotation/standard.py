"""Std-KNN: propagation without quality, for comparison."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.annotation.chains import first_come
from core.annotation.inputs import Floats, Ints, checked, neighbour_lists
from core.annotation.proposal import Proposal, proposed


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
    given = checked(points, labels)
    lists = neighbour_lists(given.points, k)
    return first_come(given, lists, np.ones(len(lists), bool), first).labels


def propagate_std(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike | None = None,
    k: int = 10,
    ids: npt.ArrayLike | None = None,
    neighbours: npt.ArrayLike | None = None,
    first: npt.ArrayLike | None = None,
) -> Proposal:
    """Propose labels by Std-KNN; parameters as of `propagate` and `std_knn`. `quality` plays no part.

    Returns
    -------
    Proposal
        Its confidence is the share of a point's k neighbours, of those that hold a label in the end, that hold the same.

    Raises
    ------
    InputError
        As `propagate`.
    """
    given = checked(points, labels, quality, ids)
    lists = neighbour_lists(given.points, k, neighbours)
    chains = first_come(given, lists, np.ones(len(lists), bool), first)
    return proposed(
        given,
        method="std_knn",
        params={"k": int(k)},
        labels=chains.labels,
        donor=chains.donor,
        origin=chains.origin,
        round=chains.round,
        confidence=agreement_around(chains.labels, lists),
        soft=chains.soft(given),
    )


def agreement_around(labels: Ints, neighbours: npt.NDArray[np.integer]) -> Floats:
    """Return the share of each point's labelled neighbours that hold its label, 0 to 1; 0 where none is labelled."""
    around = labels[neighbours]
    known = (around >= 0).sum(axis=1)
    same = ((around == labels[:, None]) & (around >= 0)).sum(axis=1)
    return np.divide(same, known, out=np.zeros(len(labels)), where=known > 0)
