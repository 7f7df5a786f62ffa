"""From a proposal to the labels of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.annotation.proposal import Proposal
from core.study import Changeset, EventTable, Study, label_events


def without_given(proposal: Proposal, events: EventTable) -> Proposal:
    """Return a proposal without the events that show a label somebody gave, or that are gone.

    Parameters
    ----------
    proposal : Proposal
        With event ids.
    events : EventTable
        The events as they are now; only those that show no label, or a propagated one, stay in the proposal.
    """
    free = events.id[np.isin(events.label_source.astype(str), ("", "propagated"))]
    return proposal.take(np.isin(proposal.ids, free))


def to_changeset(study: Study, proposal: Proposal, classes: Sequence[str]) -> Changeset:
    """Return the one changeset by which a proposal is accepted; each label keeps its confidence, donor and origin.

    Where the proposal has ``soft``, shares in the order of `classes`, each label keeps those, too; classes behind the last
    of its columns have none.

    A label that somebody gave after the proposal was made is never overwritten: what the study holds now decides.
    """
    proposal = without_given(proposal, study.events(ids=proposal.ids))
    labels = [classes[number] for number in proposal.labels.tolist()]
    return label_events(
        study,
        proposal.ids.tolist(),
        labels,
        source="propagated",
        confidence=proposal.confidence,
        origins=proposal.origin,
        donors=proposal.donor,
        soft=_shares(proposal.soft, classes),
    )


def _shares(soft: npt.NDArray[np.float64] | None, classes: Sequence[str]) -> list[dict[str, float]] | None:
    """Return each row of shares by class, those of 0 left out."""
    if soft is None:
        return None
    return [
        {name: share for name, share in zip(classes[: soft.shape[1]], row, strict=True) if share > 0}
        for row in soft.tolist()
    ]
