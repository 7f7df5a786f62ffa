"""Verdicts on HITS: whose they are, and which of them mean an embolus. What is a person's is never mixed with a detector's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.registry import Entry, chosen
from core.study import UNSURE, EventTable

LabelRows = Mapping[tuple[int, str], Mapping[str, Any]]  # as `Study.label_rows` gives them
EMBOLUS, ARTEFACT, UNDECIDED = "embolus", "artefact", ""
EMBOLI = (EMBOLUS, "solid", "gaseous")  # a verdict that says which kind of embolus says embolus, too
ANNOTATOR, PROPAGATED, DETECTOR = "annotator", "propagated", "detector"

BASES = {
    "annotator": Entry("The annotator's verdicts", "Events without one are counted as undecided"),
    "detector": Entry("The detector's suggestions", "No person has a part in these numbers"),
    "both": Entry(
        "The annotator's verdicts, and the detector's suggestions where there is none",
        "How many are whose is said beside each number",
    ),
}


@dataclass(frozen=True)
class Verdicts:
    """What was said of each event of a table.

    Attributes
    ----------
    classes : (n,) object array of str
        Class keys; ``""`` where an event is undecided.
    sources : (n,) object array of str
        Whose: ``annotator`` (given or imported by them), ``propagated`` (accepted by them from other events), ``detector``
        (its suggestion), or ``""``.
    """

    classes: npt.NDArray[np.object_]
    sources: npt.NDArray[np.object_]

    @property
    def groups(self) -> npt.NDArray[np.object_]:
        """The classes, solid and gaseous emboli being emboli."""
        return _column([group_of(key) for key in self.classes.tolist()])


def group_of(key: str) -> str:
    """Return ``embolus`` for the classes that are emboli, and any other as it is."""
    return EMBOLUS if key in EMBOLI else key


def verdicts_of(events: EventTable, labels: LabelRows, annotator: str | None, basis: str = "annotator") -> Verdicts:
    """Return the verdicts on events.

    Parameters
    ----------
    events : EventTable
    labels : mapping of (event, annotator) to label row
        As `Study.label_rows` gives it; those of other annotators have no part.
    annotator : str or None
        Not needed for the basis ``detector``.
    basis : str
        One of `BASES`.

    Raises
    ------
    InputError
        If there is no such basis.
    """
    chosen(BASES, basis, "basis of the numbers", "bases")
    classes, sources = [], []
    for event, attributes in zip(events.id.tolist(), events.attributes, strict=True):
        row = labels.get((event, annotator or "")) if basis != "detector" else None
        suggestion = str(attributes.get("suggestion") or "") if basis != "annotator" else ""
        classes.append(str(row["label"]) if row else suggestion)
        if row:
            sources.append(PROPAGATED if row["source"] == "propagated" else ANNOTATOR)
        else:
            sources.append(DETECTOR if suggestion else "")
    return Verdicts(_column(classes), _column(sources))


def judged_by(labels: LabelRows) -> dict[str, int]:
    """Return the annotators and how many events each has given a verdict, most first; what was propagated is none."""
    counts = Counter(annotator for (_, annotator), row in labels.items() if row["source"] != "propagated")
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def order_of(key: str) -> tuple[int, str]:
    """Return what classes are sorted by: emboli, artefact, others by name, unsure, undecided."""
    known = {**{name: n for n, name in enumerate((*EMBOLI, ARTEFACT))}, UNSURE: 98, UNDECIDED: 99}
    return known.get(key, 50), key


def _column(values: list[str]) -> npt.NDArray[np.object_]:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
