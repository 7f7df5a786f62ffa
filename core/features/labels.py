"""Labels as the numbers that methods work with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.study import UNSURE, EventTable


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
