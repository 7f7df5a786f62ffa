"""What Annotate reads and computes in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.annotation import Proposal, TradeOff, class_numbers, propagate, trade_off
from core.errors import HitscopeError
from core.projection import ProjectionSet, load_projection
from core.study import EventTable, RunEntry


@dataclass(frozen=True)
class Preview:
    """A proposal with the class key of each of its labels."""

    proposal: Proposal
    keys: list[str]


def read_maps(run: RunEntry) -> ProjectionSet:
    """Return the maps of a projection run."""
    return load_projection(run.folder)


def read_predictions(runs: list[RunEntry]) -> dict[int, int]:
    """Return the class number that the newest trained model gives to each event it has seen."""
    for run in reversed(runs):
        path = run.folder / "predictions.npz"
        if run.status == "done" and path.exists():
            with np.load(path, allow_pickle=False) as file:
                return dict(zip(file["ids"].tolist(), file["probabilities"].argmax(axis=1).tolist(), strict=True))
    return {}


def preview(
    ids: npt.NDArray[np.int64], points: Any, quality: Any, events: EventTable, classes: list[str], k: int, tau: float
) -> Preview:
    """Propose labels by LQ-KNN from the human labels."""
    labels = class_numbers(ids, events, classes)
    proposal = propagate(points, labels, quality, k, tau, ids=ids)
    return Preview(proposal, [classes[number] for number in proposal.labels.tolist()])


def curve(
    ids: npt.NDArray[np.int64], points: Any, quality: Any, events: EventTable, classes: list[str], k: int
) -> list[TradeOff]:
    """Return accuracy against coverage over τ, from the human labels; nothing where too few are there."""
    try:
        return trade_off(points, class_numbers(ids, events, classes), quality, ks=(k,))
    except HitscopeError:
        return []
