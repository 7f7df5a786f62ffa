"""What a finished run left, read for the window: figures, predictions, whom late fusion trusts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import HitscopeError
from core.study import EventTable, RunEntry
from core.training import Trust, compare, figures, holm, read_figures, trust_of

Figures = dict[str, Any]
SHOWN = ("test", "validation")


@dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes
    ----------
    run : RunEntry
    classes : list of str
    ids, y_true : (n,) int64 arrays
    probabilities : (n, K) array
    side : (n,) array of str
    subject : (n,) object array of str
        ``""`` where unknown.
    figures : dict
        By side, as `core.training.figures`.
    trust : Trust or None
    """

    run: RunEntry
    classes: list[str]
    ids: np.ndarray
    y_true: np.ndarray
    probabilities: np.ndarray
    side: np.ndarray
    subject: np.ndarray
    figures: dict[str, Figures] = field(default_factory=dict)
    trust: Trust | None = None

    @property
    def predicted(self) -> np.ndarray:
        """Class numbers that the model says."""
        return self.probabilities.argmax(axis=1)

    def rows(self, side: str) -> np.ndarray:
        """Return the rows of a side."""
        return np.flatnonzero(self.side == side)

    def wrong(self, side: str, cell: tuple[int, int] | None = None) -> np.ndarray:
        """Return the rows that are wrongly classified, those given the wrong class most surely first.

        With a `cell` (true, predicted), those of it, right or wrong.
        """
        mine = self.side == side
        if cell is None:
            mine &= self.predicted != self.y_true
        else:
            mine &= (self.y_true == cell[0]) & (self.predicted == cell[1])
        rows = np.flatnonzero(mine)
        sure = self.probabilities[rows].max(axis=1) if len(rows) else np.empty(0)
        return rows[np.argsort(-sure, kind="stable")]


def subjects_of(ids: np.ndarray, events: EventTable, subjects: Mapping[int, str]) -> np.ndarray:
    """Return the subject of each event, ``""`` where it is unknown or the event is gone."""
    of = dict(zip(events.id.tolist(), events.recording.tolist(), strict=True))
    return np.array([subjects.get(of.get(event, -1), "") for event in ids.tolist()], dtype=object)


def read_result(run: RunEntry, events: EventTable, subjects: Mapping[int, str]) -> Result | None:
    """Read a finished run (in a task); None if it left no predictions."""
    path = run.folder / "predictions.npz"
    if not path.exists():
        return None
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file}
    classes = list(run.summary["metrics"]["test"]["classes"])
    subject = subjects_of(arrays["ids"], events, subjects)
    result = Result(
        run, classes, arrays["ids"], arrays["y_true"], arrays["probabilities"], arrays["split"], subject,
        trust=_trust(run),
    )  # fmt: skip
    result.figures.update(_figures(result))
    return result


def _trust(run: RunEntry) -> Trust | None:
    try:
        return trust_of(run.folder)
    except (HitscopeError, OSError):
        return None


def _figures(result: Result) -> dict[str, Figures]:
    """Return the figures of both sides: those that the run wrote, else computed from its predictions."""
    try:
        return read_figures(result.run.folder)
    except HitscopeError:
        made = {}
        for side in SHOWN:
            rows = result.rows(side)
            if len(rows):
                y, p = result.y_true[rows], result.probabilities[rows]
                made[side] = figures(y, p, result.classes, result.subject[rows])
        return made


@dataclass(frozen=True)
class Difference:
    """How much higher the MCC of a run is than that of the first on the events that both judged on one side."""

    side: str
    n: int
    value: float
    interval: list[float] | None
    p: float | None
    test: str = ""


@dataclass(frozen=True)
class Compared:
    """Runs side by side, the best by validation first; `differences` from the first, by run and side."""

    results: list[Result]
    differences: list[dict[str, Difference | None]]


def compare_runs(runs: Sequence[RunEntry], events: EventTable, subjects: Mapping[int, str]) -> Compared:
    """Compare finished runs (in a task). Only validation figures rank them."""
    found = [result for run in runs if (result := read_result(run, events, subjects)) is not None]
    found.sort(key=lambda result: -float(result.run.summary["metrics"]["validation"]["mcc"]))
    differences = [
        {side: difference(found[0], result, side) if result is not found[0] else None for side in SHOWN}
        for result in found
    ]
    return Compared(found, [_corrected(differences, one) for one in differences])


def _corrected(
    all_: list[dict[str, Difference | None]], one: dict[str, Difference | None]
) -> dict[str, Difference | None]:
    """Return the differences of a run with p corrected for how many runs are compared."""
    made: dict[str, Difference | None] = {}
    for side, difference_ in one.items():
        there = [row[side] for row in all_ if row[side] is not None]
        if difference_ is None:
            made[side] = None
            continue
        p = holm([row.p for row in there if row is not None])[there.index(difference_)]
        made[side] = Difference(**{**difference_.__dict__, "p": p})
    return made


def difference(one: Result, other: Result, side: str) -> Difference | None:
    """Return the difference on the events of a side of both; None where they share none, or their classes are others."""
    if one.classes != other.classes:
        return None
    mine, yours = one.rows(side), other.rows(side)
    common, a, b = np.intersect1d(one.ids[mine], other.ids[yours], return_indices=True)
    a, b = mine[a], yours[b]
    same = one.y_true[a] == other.y_true[b]  # relabelled since: the two were not judged by the same label
    a, b = a[same], b[same]
    if not len(common) or not len(a):
        return None
    found = compare(one.y_true[a], one.probabilities[a], other.probabilities[b], one.subject[a])
    return Difference(side, found["n"], found["difference"], found["interval"], found["p"], found["test"])
