"""LQ-KNN: propagation that trusts a point only as far as the projection kept its neighbourhood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.checks import check, finite, whole
from core.errors import InputError
from core.projection import nearest

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Proposal:
    """Labels proposed by propagation; nothing is changed until somebody accepts it.

    Attributes
    ----------
    ids : (n,) int64 array
        Points that would be labelled: event ids, or row numbers where none were given.
    labels : (n,) int64 array
        Proposed classes.
    donor : (n,) int64 array
        The point that gave the label, same kind of id.
    origin : (n,) int64 array
        The human label that it descends from.
    round : (n,) int64 array
        1 for direct neighbours of human labels, and so on.
    confidence : (n,) float64 array
        The least local quality on the way from the human label to the point, both included.
    coverage : float
        Share of all points that would be labelled, 0 to 1.
    """

    ids: Ints
    labels: Ints
    donor: Ints
    origin: Ints
    round: Ints
    confidence: Floats
    coverage: float


def propagate(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike,
    k: int,
    tau: float,
    ids: npt.ArrayLike | None = None,
) -> Proposal:
    """Propose labels.

    Parameters
    ----------
    points : (N, 2) array
        The map.
    labels : (N,) int array
        Classes from 0; -1 for unlabelled.
    quality : (N,) array
        Local quality, usually over its maximum.
    k : int
        Neighbours that a labelled point offers its label to, 1 … N - 1.
    tau : float
        Finite. Points take part, as donor or receiver, only with a quality above it.
    ids : (N,) int array, optional
        Event ids.

    Raises
    ------
    InputError
        If nothing is labelled, `k` is no whole number from 1 to N - 1, shapes differ, or a value is not finite.

    Notes
    -----
    Each round, every labelled point of quality above τ offers its label to those of its k nearest points that are
    unlabelled and of quality above τ. A point with several offers takes that of the donor of highest quality; ties go
    by smaller distance, then by lower index. Those newly labelled are the donors of the next round; it ends when nothing
    is offered. O(N·k) per round after the neighbour search.
    """
    check(finite(), tau=tau)
    points, labels, quality = _checked(points, labels, quality, k)
    neighbours = _neighbours(points, k)
    n = len(labels)
    result = labels.copy()
    donor, origin = np.full(n, -1), np.where(labels >= 0, np.arange(n), -1)
    confidence, rounds = np.where(labels >= 0, quality, 0.0), np.zeros(n, np.int64)
    trusted = quality > tau
    givers, number = np.flatnonzero((labels >= 0) & trusted), 0
    while len(givers):
        number += 1
        receiver, giver = neighbours[givers].ravel(), np.repeat(givers, k)
        wanted = (result[receiver] < 0) & trusted[receiver]
        receiver, giver = receiver[wanted], giver[wanted]
        distance = ((points[receiver] - points[giver]) ** 2).sum(axis=1)
        order = np.lexsort((giver, distance, -quality[giver], receiver))
        receiver, first = np.unique(receiver[order], return_index=True)
        giver = giver[order][first]
        result[receiver], donor[receiver], rounds[receiver] = result[giver], giver, number
        origin[receiver] = origin[giver]
        confidence[receiver] = np.minimum(confidence[giver], quality[receiver])
        givers = receiver
    new = np.flatnonzero(rounds > 0)
    names = np.arange(n) if ids is None else np.asarray(ids, dtype=np.int64)
    return Proposal(
        names[new], result[new], names[donor[new]], names[origin[new]], rounds[new], confidence[new], len(new) / n
    )


def lq_knn(
    points: npt.ArrayLike, labels: npt.ArrayLike, quality: npt.ArrayLike, k: int, tau: float
) -> npt.NDArray[np.int64]:
    """Return the labels after propagation, -1 where none arrived; as `propagate`, without its explanations.

    Raises
    ------
    InputError
        As `propagate`.
    """
    proposal = propagate(points, labels, quality, k, tau)
    result = np.array(labels, dtype=np.int64)
    result[proposal.ids] = proposal.labels
    return result


def _neighbours(points: Floats, k: int) -> Ints:
    """Return the k nearest other points of each; with duplicates, a point need not be its own first."""
    first = nearest(points, k + 1)
    own = first == np.arange(len(points))[:, None]
    # A point missing from its own list has more than k duplicates of lower index: drop the last instead.
    own[~own.any(axis=1), -1] = True
    return first[~own].reshape(len(points), k)


def _checked(
    points: npt.ArrayLike, labels: npt.ArrayLike, quality: npt.ArrayLike, k: int
) -> tuple[Floats, Ints, Floats]:
    p, q = np.asarray(points, dtype=np.float64), np.asarray(quality, dtype=np.float64)
    y = np.asarray(labels)
    if p.ndim != 2 or y.shape != (len(p),) or q.shape != (len(p),):
        raise InputError(
            f"points {p.shape}, labels {y.shape} and quality {q.shape} do not belong together",
            remedy="Give N points, N labels and N qualities",
        )
    if not (np.isfinite(p).all() and np.isfinite(q).all()):
        raise InputError("the map or its quality holds NaN or infinity", remedy="Make the map again")
    if y.dtype.kind not in "iu" or (y < -1).any():
        raise InputError("labels are classes from 0, or -1 for unlabelled", remedy="Number the classes from 0")
    check(whole(1), k=k)
    if k >= len(p):
        raise InputError(
            f"{k} neighbours of {len(p)} points are not possible", remedy=f"Choose k from 1 to {len(p) - 1}"
        )
    if not (y >= 0).any():
        raise InputError("no point is labelled", remedy="Label a few events of each class first")
    return p, y.astype(np.int64), q
