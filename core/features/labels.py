"""Labels as the numbers that methods work with, and the one label that is no class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.study import Changeset, EventTable, Study, label_events

# The label of an event that somebody has looked at and cannot decide: it is kept and counted, never learnt or passed on.
UNSURE = "unsure"


def class_numbers(ids: npt.NDArray[np.int64], events: EventTable, classes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the class number of each of `ids`, -1 where there is no label, only a propagated one, or `UNSURE`.

    Parameters
    ----------
    ids : (N,) int64 array
        Event ids in any order.
    events : EventTable
        A table that holds them; ids it lacks are unlabelled.
    classes : sequence of str
        Class keys; a label's number is its place here. `UNSURE` may be among them.
    """
    known = (events.label != "") & (events.label_source != "propagated")
    number = {name: place for place, name in enumerate(classes) if name != UNSURE}
    label_of = dict(zip(events.id[known].tolist(), events.label[known], strict=True))
    return np.array([number.get(label_of.get(event, ""), -1) for event in ids.tolist()], dtype=np.int64)


def label_unsure(study: Study, ids: Iterable[int]) -> Changeset:
    """Return the changeset by which the current annotator labels events as `UNSURE`.

    Where the study does not have the label yet, it gets position 0, so that the classes keep the digits 1 to 9.
    """
    made = label_events(study, ids, UNSURE)
    changes = (
        replace(c, after={**(c.after or {}), "position": 0}) if (c.table, c.key) == ("classes", (UNSURE,)) else c
        for c in made.changes
    )
    return replace(made, changes=tuple(changes))
