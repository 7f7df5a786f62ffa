"""From a proposal to the labels of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

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
    keep = np.isin(proposal.ids, free)
    columns = ("ids", "labels", "donor", "origin", "round", "confidence")
    kept = {name: getattr(proposal, name)[keep] for name in columns}
    share = float(keep.mean()) if len(keep) else 1.0
    return replace(proposal, **kept, coverage=proposal.coverage * share)


def to_changeset(study: Study, proposal: Proposal, classes: Sequence[str]) -> Changeset:
    """Return the one changeset by which a proposal is accepted; each label keeps its confidence and its origin.

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
    )
