"""LQ-KNN: propagation that trusts a point only as far as the projection kept its neighbourhood."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.annotation.chains import Chains, first_come
from core.annotation.inputs import Given, Ints, checked, neighbour_lists
from core.annotation.proposal import Proposal, proposed
from core.checks import check, finite


def propagate(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike,
    k: int,
    tau: float,
    ids: npt.ArrayLike | None = None,
    neighbours: npt.ArrayLike | None = None,
) -> Proposal:
    """Propose labels.

    Parameters
    ----------
    points : (N, 2) array
        The map.
    labels : (N,) int array or (N, C) array
        Classes from 0, -1 for unlabelled; or a distribution over C classes per row (votes or probabilities), zeros or
        NaN for unlabelled. Distributions are carried along the path; the class is the one of the largest share. Where
        two classes have it, the row gives no label, and is proposed none.
    quality : (N,) array
        Local quality, usually over its maximum.
    k : int
        Neighbours that a labelled point offers its label to, 1 … N - 1.
    tau : float
        Finite. Points take part, as donor or receiver, only with a quality above it.
    ids : (N,) int array, optional
        Event ids.
    neighbours : (N, ≥ k) int array, optional
        Rows of the nearest other points in the order of distance, then index; found here if not given.

    Returns
    -------
    Proposal
        Its confidence is the least local quality on the way from the human label to the point, both included.

    Raises
    ------
    InputError
        If nothing is labelled, `k` is no whole number from 1 to N - 1, shapes differ, or a value is not finite.

    Notes
    -----
    Each round, every labelled point of quality above τ offers its label to those of its k nearest points that are
    unlabelled and of quality above τ. A point with several offers takes that of the donor of highest quality; ties go
    by smaller distance, then by lower index. Those newly labelled are the donors of the next round; it ends when nothing
    is offered. O(N·k) in all after the neighbour search (reference specification 3.6, the sorted variant).
    """
    given, lists = _ready(points, labels, quality, k, tau, ids, neighbours)
    return _proposal("lq_knn", given, best_offers(given, lists, given.quality > tau), k, tau)


def propagate_unsorted(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike,
    k: int,
    tau: float,
    ids: npt.ArrayLike | None = None,
    neighbours: npt.ArrayLike | None = None,
    first: npt.ArrayLike | None = None,
) -> Proposal:
    """Propose labels by the unsorted variant: as `propagate`, but who comes first gives, whatever its quality.

    Points above τ are visited as `first_come` says; `first` is the order of the labelled rows, by default by index. The
    result depends on the order of the data; it is kept to compare with (reference specification 3.6).

    Raises
    ------
    InputError
        As `propagate`.
    """
    given, lists = _ready(points, labels, quality, k, tau, ids, neighbours)
    return _proposal("lq_knn_unsorted", given, first_come(given, lists, given.quality > tau, first), k, tau)


def lq_knn(
    points: npt.ArrayLike, labels: npt.ArrayLike, quality: npt.ArrayLike, k: int, tau: float
) -> npt.NDArray[np.int64]:
    """Return the labels after propagation, -1 where none arrived; as `propagate`, without its explanations.

    Raises
    ------
    InputError
        As `propagate`.
    """
    given, lists = _ready(points, labels, quality, k, tau)
    return best_offers(given, lists, given.quality > tau).labels


def best_offers(given: Given, neighbours: npt.NDArray[np.integer], trusted: npt.NDArray[np.bool_]) -> Chains:
    """Pass labels on round by round, from the donors of the last round only: who gave before has nobody left to give to."""
    chains = Chains.start(given)
    # Who is offered a label is labelled in that same round, so nothing of an earlier round is left here.
    best = np.full(len(trusted), -np.inf)
    givers: npt.NDArray[np.integer] = np.flatnonzero((given.labels >= 0) & trusted)
    while len(givers):
        receiver, giver = neighbours[givers].ravel(), np.repeat(givers, neighbours.shape[1])
        wanted = (chains.labels[receiver] < 0) & trusted[receiver]
        receiver, giver = receiver[wanted], giver[wanted]
        offered = given.quality[giver]
        np.maximum.at(best, receiver, offered)
        top = offered == best[receiver]
        givers, donors = _nearest_donor(given, receiver[top], giver[top])
        chains.give(donors, givers)
    return chains


def _nearest_donor(
    given: Given, receiver: npt.NDArray[np.integer], giver: Ints
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]:
    """Return each receiver once, with its nearest giver; of those equally near, with the lowest index."""
    distance = ((given.points[receiver] - given.points[giver]) ** 2).sum(axis=1)
    order = np.lexsort((giver, distance, receiver))
    once, first = np.unique(receiver[order], return_index=True)
    return once, giver[order][first]


def _ready(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike,
    k: int,
    tau: float,
    ids: npt.ArrayLike | None = None,
    neighbours: npt.ArrayLike | None = None,
) -> tuple[Given, npt.NDArray[np.integer]]:
    check(finite(), tau=tau)
    given = checked(points, labels, quality, ids)
    return given, neighbour_lists(given.points, k, neighbours)


def _proposal(method: str, given: Given, chains: Chains, k: int, tau: float) -> Proposal:
    return proposed(
        given,
        method=method,
        params={"k": int(k), "tau": float(tau)},
        labels=chains.labels,
        donor=chains.donor,
        origin=chains.origin,
        round=chains.round,
        confidence=chains.least(given.quality),
        soft=chains.soft(given),
    )
