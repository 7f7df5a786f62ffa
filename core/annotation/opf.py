"""OPF-semi: the semi-supervised optimum-path forest, for comparison."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.annotation.chains import Chains
from core.annotation.inputs import Floats, Given, Ints, checked
from core.annotation.proposal import Proposal, proposed
from core.errors import InputError

OPF_MOST = 100_000  # points; it looks at all pairs, which takes half a minute here


def opf_semi(points: npt.ArrayLike, labels: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the labels after propagation by an optimum-path forest: every point gets one.

    Prototypes are the labelled points at both ends of those arcs of the minimum spanning tree of all labelled points
    that join two classes; where there is one class only, all labelled points. A path costs its longest arc, and each
    point takes the label of the prototype that reaches it at the least cost, labelled and unlabelled points alike being
    steps on the way; ties go by the smaller cost of the step before, then labelled first, then by index.

    Parameters
    ----------
    points : (N, D) array
        Arcs have the length ``log(1 + d²)`` of opfython.
    labels : (N,) int array
        Classes from 0, -1 for unlabelled.

    Returns
    -------
    (N,) int64 array

    Raises
    ------
    InputError
        As `propagate`, or for more than `OPF_MOST` points.

    Notes
    -----
    O(N²·D) time, O(N·D) memory. Amorim et al., Pattern Recognition 2016, as opfython 2 has it (``SemiSupervisedOPF``,
    ``log_squared_euclidean``). A labelled point that a path of another class reaches at less cost keeps its label here,
    but passes that other class on: the method's fault, kept for comparison.
    """
    return _grown(checked(points, labels))[0].labels


def propagate_opf(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike | None = None,
    ids: npt.ArrayLike | None = None,
    neighbours: npt.ArrayLike | None = None,
) -> Proposal:
    """Propose labels by OPF-semi; parameters as of `propagate`. `quality` and `neighbours` play no part.

    Returns
    -------
    Proposal
        The donor is the point before on the path, but for labelled ones of another class: see `opf_semi`. The
        confidence is ``1 / (1 + d²)`` with d the longest step on the way from the prototype, in units of the map: it
        orders the points of one map, and is no probability.

    Raises
    ------
    InputError
        As `opf_semi`.
    """
    given = checked(points, labels, quality, ids)
    chains, cost = _grown(given)
    return proposed(
        given,
        method="opf_semi",
        params={},
        labels=chains.labels,
        donor=chains.donor,
        origin=chains.origin,
        round=chains.round,
        confidence=1 / (1 + cost),
        soft=chains.soft(given),
    )


def _grown(given: Given) -> tuple[Chains, Floats]:
    """Return the forest and each point's squared cost, both in the order of the points."""
    n = len(given.labels)
    if n > OPF_MOST:
        raise InputError(
            f"OPF-semi looks at all pairs of points, and there are {n:,}",
            remedy=f"Give at most {OPF_MOST:,} points, or propagate by LQ-KNN",
        )
    known = np.flatnonzero(given.labels >= 0)
    # Labelled points first: where costs tie, opfython takes the node of the lower number.
    place = np.concatenate([known, np.flatnonzero(given.labels < 0)])
    order, before, cost = optimum_paths(given.points[place], prototypes(given.points[known], given.labels[known]), True)
    chains, tree, labels = Chains.start(given), given.labels[place], given.labels[known]
    for node in order[before[order] >= 0].tolist():
        tree[node] = tree[before[node]]
        if node >= len(known):
            chains.give(int(place[_giver(node, before, tree, labels)]), int(place[node]))
    costs = np.empty(n)
    costs[place] = cost
    return chains, costs


def _giver(node: int, before: Ints, tree: Ints, labels: Ints) -> int:
    """Return the last node on the path to an unlabelled one, but for labelled nodes of another class than the path's."""
    giver = int(before[node])
    while giver < len(labels) and labels[giver] != tree[node]:
        giver = int(before[giver])
    return giver


def prototypes(points: Floats, labels: Ints) -> Ints:
    """Return the rows at both ends of the arcs of the minimum spanning tree that join two classes; else all rows."""
    _, before, _ = optimum_paths(points, np.array([0]), False)
    ends = np.flatnonzero(before >= 0)
    ends = ends[labels[ends] != labels[before[ends]]]
    return np.unique(np.concatenate([ends, before[ends]])) if len(ends) else np.arange(len(labels))


def optimum_paths(points: Floats, roots: Ints, carried: bool) -> tuple[Ints, Ints, Floats]:
    """Return the forest that grows from the roots by the cheapest step each time (Prim; Falcão et al. 2004).

    Parameters
    ----------
    points : (N, D) array
    roots : (r,) int array
        Rows that cost nothing.
    carried : bool
        Whether a path costs its longest arc; else its last, which gives the minimum spanning tree.

    Returns
    -------
    order : (N,) int64 array
        Rows as they were reached.
    before : (N,) int64 array
        The row before on the path, -1 for roots.
    cost : (N,) float64 array
        Squared distance.
    """
    n, columns = len(points), np.ascontiguousarray(points.T)
    cost, waiting = np.full(n, np.inf), np.full(n, np.inf)  # squared, and what is compared
    cost[roots] = waiting[roots] = 0.0
    order, before, final = np.empty(n, np.int64), np.full(n, -1), np.empty(n)
    for step in range(n):
        p = int(waiting.argmin())
        order[step], final[p] = p, cost[p]
        reach = _squared(columns, p)
        if carried:
            np.maximum(reach, cost[p], out=reach)
        cost[p], waiting[p] = -1.0, np.inf  # reached: nothing is closer
        closer = np.flatnonzero(reach < cost)
        # Squares order as logarithms do, but for those so near that their logarithms tie: opfython keeps the first.
        logs = np.log(reach[closer] + 1)
        less = logs < waiting[closer]
        closer = closer[less]
        cost[closer], waiting[closer], before[closer] = reach[closer], logs[less], p
    return order, before, final


def _squared(columns: Floats, p: int) -> Floats:
    """Return the squared distances from row `p`; by column, which is several times faster on maps than by row."""
    result = (columns[0] - columns[0, p]) ** 2
    for column in columns[1:]:
        result += (column - column[p]) ** 2
    return result
