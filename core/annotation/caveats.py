"""What somebody should know before believing a proposal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import TIED, Floats, Ints, hard_and_soft
from core.annotation.proposal import Proposal


def remarks(
    proposal: Proposal, labels: npt.ArrayLike, quality: npt.ArrayLike | None = None, classes: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return sentences about what a proposal was made from, none where all is as usual.

    Parameters
    ----------
    proposal : Proposal
    labels, quality
        Those it was made from.
    classes : tuple of str
        Names of the classes.
    """
    y, soft = hard_and_soft(labels)
    tau = proposal.params.get("tau")
    said = [*_of_labels(y, classes), *_of_shares(y, soft)]
    if tau is not None and quality is not None:
        said += _of_quality(np.asarray(quality, dtype=np.float64), y, float(tau))
    return tuple(said)


def _of_labels(y: Ints, classes: tuple[str, ...]) -> list[str]:
    given = y[y >= 0]
    if len(given) == 1:
        return ["One point is labelled: whatever it reaches gets its class."]
    if len(np.unique(given)) == 1:
        number = int(given[0])
        name = classes[number] if number < len(classes) else f"class {number}"
        return [f"Only {name} is labelled: whatever is reached becomes {name}."]
    return []


def _of_shares(y: Ints, soft: Floats | None) -> list[str]:
    contested = 0 if soft is None else int((soft.any(axis=1) & (soft.max(axis=1, initial=0.0) < 1 - TIED)).sum())
    if not contested or soft is None:
        return []
    tied = int((soft.any(axis=1) & (y < 0)).sum())
    head, gives = f"{contested:,} labels are contested", "what they give keeps the shares of their classes"
    if contested == 1:
        head, gives = "1 label is contested", "what it gives keeps the shares of its classes"
    ties = f"; of equal shares, which give and take no label: {tied:,}" if tied else ""
    return [f"{head} or in doubt: {gives}{ties}."]


def _of_quality(q: Floats, y: Ints, tau: float) -> list[str]:
    known = y >= 0
    if not (q > tau).any():
        return [f"No point has a quality above τ = {tau:g}, the highest is {q.max():.3g}: lower τ."]
    if not (q[known] > tau).any():
        return [f"No labelled point has a quality above τ = {tau:g}, the highest is {q[known].max():.3g}: lower τ."]
    if len(q) > 1 and np.ptp(q) == 0:
        return [f"Every point has the same quality, {q[0]:.3g}: it says nothing, and nearness alone decides."]
    silent = int((q[known] <= tau).sum())
    if silent:
        return [
            f"Labelled points that pass nothing on, since their quality is at most τ: {silent:,} of {known.sum():,}."
        ]
    return []
