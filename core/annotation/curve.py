"""How accuracy trades against coverage, from the human labels alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.annotation.propagation import propagate
from core.errors import InputError


@dataclass(frozen=True)
class TradeOff:
    """One point of the curve: `accuracy` of the held-out human labels that were reached (NaN if none), their number
    `n`, and the `coverage` of all points, each 0 to 1.
    """

    k: int
    tau: float
    coverage: float
    accuracy: float
    n: int


def trade_off(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike,
    ks: Sequence[int] = (5, 10, 20),
    taus: Sequence[float] = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8),
    folds: int = 4,
    seed: int = 0,
) -> list[TradeOff]:
    """Return the trade-off over a grid of k and τ, by cross-validation over the labelled points.

    Each fold hides a share of the labels, propagates the others and compares; a class is never hidden whole.

    Raises
    ------
    InputError
        If fewer than two points of some class are labelled.
    """
    y = np.asarray(labels)
    known = np.flatnonzero(y >= 0)
    fold = np.zeros(len(known), np.int64)
    rng = np.random.default_rng(seed)
    for c in np.unique(y[known]):
        members = rng.permutation(np.flatnonzero(y[known] == c))
        if len(members) < 2:
            raise InputError(f"class {c} has one label only", remedy="Label at least two events of each class")
        fold[members] = np.arange(len(members)) % min(folds, len(members))
    curve = []
    for k in ks:
        for tau in taus:
            right = reached = 0
            coverage = []
            for number in range(folds):
                hidden = known[fold == number]
                kept = y.copy()
                kept[hidden] = -1
                proposal = propagate(points, kept, quality, k, tau)
                at = np.isin(proposal.ids, hidden)
                right += int((proposal.labels[at] == y[proposal.ids[at]]).sum())
                reached += int(at.sum())
                coverage.append(((kept >= 0).sum() + len(proposal.ids)) / len(y))
            curve.append(
                TradeOff(k, tau, float(np.mean(coverage)), right / reached if reached else float("nan"), reached)
            )
    return curve
