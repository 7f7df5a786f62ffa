"""What propagation, its estimate and the choice of what to label next see of a map: no event of a test subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import Floats, Ints, hard_numbers
from core.annotation.soft import SoftLabels
from core.features import class_numbers
from core.projection import Map, neighbours_of
from core.study import EventTable, Study


@dataclass(frozen=True)
class OnMap:
    """The part of a map that may decide something: its other events neither give nor take, and are not counted.

    Left out are events of test subjects, unless the features are transductive.

    Attributes
    ----------
    made : Map
    events : EventTable
        Of the study, with their labels.
    classes : sequence of str
        Class keys; a label's number is its place here.
    contested : SoftLabels, optional
        What was said of events that people do not agree on: see `contested_labels`. It counts before the label that such an
        event shows, which is one person's.
    """

    made: Map
    events: EventTable
    classes: Sequence[str]
    contested: SoftLabels | None = None

    @cached_property
    def ids(self) -> Ints:
        """Event ids, (n,)."""
        return self.made.events.ids[self.made.events.usable]

    @cached_property
    def points(self) -> Floats:
        """Points of the map, (n, 2)."""
        return self.made.points[self.made.events.usable]

    @cached_property
    def quality(self) -> Floats:
        """Local quality over its maximum, (n,)."""
        return self.made.quality[self.made.events.usable]

    @cached_property
    def labels(self) -> Ints:
        """Class numbers of labels that somebody gave, (n,); -1 elsewhere, and where contested ones tie."""
        numbers = class_numbers(self.ids, self.events, self.classes)
        rows, shares = self._shared
        numbers[rows] = hard_numbers(shares)
        return numbers

    @cached_property
    def given(self) -> Ints | Floats:
        """What is passed on: `labels`, or where any of them is contested, (n, C) shares of the classes, 0 of no label."""
        rows, shares = self._shared
        if not len(rows):
            return self.labels
        given = (self.labels[:, None] == np.arange(len(self.classes))).astype(np.float64)
        given[rows] = shares
        return given

    @cached_property
    def _shared(self) -> tuple[Ints, Floats]:
        """The rows of contested labels, and their shares of `classes`."""
        if self.contested is None:
            return np.empty(0, np.int64), np.empty((0, len(self.classes)))
        rows = np.flatnonzero(np.isin(self.ids, self.contested.ids))
        said = self.contested.shares[np.searchsorted(self.contested.ids, self.ids[rows])]
        shares = np.zeros((len(rows), len(self.classes)))
        for name, column in zip(self.contested.classes, said.T, strict=True):
            if name in self.classes:
                shares[:, self.classes.index(name)] = column
        return rows, shares

    @cached_property
    def closed(self) -> npt.NDArray[np.bool_]:
        """Events that are not asked for, (n,): gone, marked unsure, or with a label, a propagated one too."""
        return ~np.isin(self.ids, self.events.id[self.events.label == ""])

    @property
    def notes(self) -> tuple[str, ...]:
        """How many events are left out, in a sentence; nothing where none is."""
        return tuple(self.made.events.describe())

    def name(self, run_id: str, which: int) -> str:
        """Return what `Proposal.describe` says a proposal was made on; `propagated_on` finds the run in it again."""
        n = self.made.events.left_out
        without = f" without {n:,} event{'s' * (n != 1)} of test subjects" if n else ""
        return f"{run_id}, map {which}{without}"


def usable_neighbours(made: Map, most: int) -> Ints:
    """Return the nearest others of each event of `OnMap`, (n, k) row numbers among these, k at most `most`."""
    points = made.points[made.events.usable]
    n = len(points)
    return neighbours_of(points, min(most, n - 1)) if n > 1 else np.empty((n, 0), np.int64)


def propagated_on(study: Study, ids: Sequence[int]) -> dict[str, Ints]:
    """Return on which projection runs labels were propagated, as far as the history says.

    Parameters
    ----------
    study : Study
    ids : sequence of int
        Events whose propagated labels are asked about.

    Returns
    -------
    dict of str to int64 array
        Id of a projection run → those of the events with a propagated label, whoever's, that came over one of its maps. The
        reason of the step that accepted them names it; labels accepted without such a reason are in none. O(n log n).
    """
    asked = set(study.label_rows(ids, source="propagated"))
    found: dict[str, list[int]] = {}
    runs = [run.id for run in study.runs("projection")] if asked else []
    for entry in study.history(limit=-1) if runs else []:  # the newest first: it wrote the label that is there
        named = [run for run in runs if run in (entry.reason or "")]
        if not named:
            continue
        written = {
            change.key
            for change in study.changeset(entry.id).changes
            if change.table == "labels" and change.after is not None and change.after.get("source") == "propagated"
        }
        here = asked & written
        asked -= here
        for run in named if here else ():
            found.setdefault(run, []).extend(event for event, _ in here)
        if not asked:
            break
    return {run: np.unique(np.array(events, dtype=np.int64)) for run, events in found.items()}
