"""How accuracy trades against coverage, from the human labels alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.annotation.folds import Folds, folds_of
from core.annotation.inputs import Given, checked, neighbour_lists
from core.annotation.lqknn import best_offers
from core.checks import check, finite, list_of, whole
from core.events import Estimate, proportion


@dataclass(frozen=True)
class TradeOff:
    """What propagation with one k and τ would do.

    Attributes
    ----------
    k : int
    tau : float
    coverage : float
        Share of all points that hold a label afterwards, 0 to 1, propagated from all labels there are.
    accuracy : float
        Share of the hidden labels that were reached, and came back the same; NaN if none.
    n : int
        Hidden labels that were reached.
    hidden : int
        Labels that were hidden once.
    interval : Estimate
        Accuracy with its 95 % interval (Wilson); undefined where nothing was reached, and `why`.
    notes : tuple of str
        What the estimate does not say, each in one sentence.
    """

    k: int
    tau: float
    coverage: float
    accuracy: float
    n: int
    hidden: int
    interval: Estimate
    notes: tuple[str, ...] = ()


def trade_off(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike,
    ks: Sequence[int] = (5, 10, 20),
    taus: Sequence[float] = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8),
    folds: int = 4,
    seed: int = 0,
    *,
    neighbours: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
) -> list[TradeOff]:
    """Return the trade-off of LQ-KNN over a grid of k and τ, by cross-validation over the labelled points.

    Each fold hides a share of the labels, propagates the others and compares. The estimate is of points such as were
    labelled: those picked by hand, in the middle of a cluster, are easier than the rest.

    Parameters
    ----------
    points, labels, quality
        As of `propagate`.
    ks : sequence of int
    taus : sequence of float
        ``ks=(k,), taus=(tau,)`` asks for exactly one.
    folds : int
        2 or more.
    seed : int
        Of the draw of folds.
    neighbours : (N, ≥ max(ks)) int array, optional
        As of `propagate`; one search serves the whole grid in any case.
    groups : (N,) array, optional
        Subject, or recording, of each point: labels of one are hidden together, since events of one subject resemble
        each other and would make the estimate too good.

    Returns
    -------
    list of TradeOff
        In the order of `ks`, then `taus`. With one class, or where nothing can be hidden, accuracy is NaN and notes say
        why. O(folds·N·k) for each.

    Raises
    ------
    InputError
        As `propagate`, or if `folds` is no whole number from 2, or there is not one group per point.
    """
    check(whole(2), folds=folds)
    check(list_of("numbers", finite()), taus=list(taus))
    check(list_of("whole numbers", whole(1)), ks=list(ks))
    given = checked(points, labels, quality)
    plan = folds_of(given.labels, folds, seed, groups)
    lists = neighbour_lists(given.points, max(ks, default=1), neighbours)
    return [_at(given, lists[:, :k], plan, int(k), float(tau)) for k in ks for tau in taus]


def _at(given: Given, lists: npt.NDArray[np.integer], plan: Folds, k: int, tau: float) -> TradeOff:
    """Return the trade-off at one k and τ."""
    trusted = given.quality > tau
    right, reached = _score(given, lists, trusted, plan)
    interval = proportion(right, reached) if reached else Estimate(None, why=plan.why or "no hidden label was reached")
    coverage = float((best_offers(given, lists, trusted).labels >= 0).mean())
    accuracy = float("nan") if interval.value is None else interval.value
    return TradeOff(k, tau, coverage, accuracy, reached, int((plan.number >= 0).sum()), interval, plan.notes)


def _score(
    given: Given, lists: npt.NDArray[np.integer], trusted: npt.NDArray[np.bool_], plan: Folds
) -> tuple[int, int]:
    """Return how many hidden labels came back right, and how many came back."""
    right = reached = 0
    for hidden in plan.each():
        kept = given.labels.copy()
        kept[hidden] = -1
        back = best_offers(Given(given.points, kept, given.quality, given.ids), lists, trusted).labels[hidden]
        reached += int((back >= 0).sum())
        right += int((back == given.labels[hidden]).sum())
    return right, reached
