"""The queue of HITS candidates for Qt: plain cells that are written when they are seen, in one of several orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from core.events import Candidates, candidates_of, next_place, queue_order
from core.study import EventTable
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import NOTHING, clock, number, percent

Index = QModelIndex | QPersistentModelIndex
PLACE, TIME, HBR, PROBABILITY, VERDICT = range(5)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def told(value: float, decimals: int, unit: str = "") -> str:
    """Return a number with its unit; a dash for none."""
    return f"{number(value, decimals)} {unit}".rstrip() if np.isfinite(value) else NOTHING


class HitsModel(QAbstractTableModel):
    """Candidates of a recording and what the present annotator said of each, in the order of the queue."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.found: Candidates = candidates_of(EventTable.from_rows([]), 0)
        self.order = "time"
        self._rows: npt.NDArray[np.intp] = np.empty(0, np.intp)  # of `found`, in their order
        self._place_of: dict[int, int] = {}  # by event
        self.verdicts: dict[int, str] = {}  # by event
        self._decided = np.empty(0, bool)  # by place
        self.headers = [self.tr("#"), self.tr("Time"), self.tr("HBR, dB"), self.tr("P"), self.tr("Verdict")]
        self.tips = {
            HBR: self.tr("Hits-to-blood ratio"),
            PROBABILITY: self.tr(
                "Probability of an embolus, by the detector; that of Hitscope is calibrated on simulated recordings"
            ),
        }

    # What is queued

    def show(self, found: Candidates, verdicts: Mapping[int, str]) -> None:
        """Show these candidates and what was said of them."""
        self.found, self.verdicts = found, dict(verdicts)
        self.use_order(self.order)

    def use_order(self, order: str) -> None:
        """Go through them in another order. O(n log n)."""
        self.beginResetModel()
        self.order, self._rows = order, queue_order(self.found, order)
        ids = self.found.id[self._rows].tolist()
        self._place_of = {event: place for place, event in enumerate(ids)}
        self._decided = np.array([event in self.verdicts for event in ids], dtype=bool)
        self.endResetModel()

    def decide(self, said: Mapping[int, str]) -> None:
        """Take up what was said of some; ``""`` is nothing."""
        for event, verdict in said.items():
            place = self._place_of.get(event)
            if place is None:
                continue
            if verdict:
                self.verdicts[event] = verdict
            else:
                self.verdicts.pop(event, None)
            self._decided[place] = bool(verdict)
            self.dataChanged.emit(self.index(place, 0), self.index(place, VERDICT))

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, event: int) -> bool:
        return event in self._place_of

    @property
    def n_decided(self) -> int:
        """How many have a verdict."""
        return int(self._decided.sum())

    @property
    def counts(self) -> dict[str, int]:
        """How many have which verdict, the most frequent first."""
        return dict(Counter(self.verdicts.values()).most_common())

    def among(self, ids: Iterable[int]) -> list[int]:
        """Return those of the events that are candidates."""
        return [event for event in ids if event in self._place_of]

    def place_of(self, event: int | None) -> int | None:
        """Return the place of a candidate in the queue, from 0."""
        return None if event is None else self._place_of.get(event)

    def event_at(self, place: int) -> int:
        """Return the candidate at a place."""
        return int(self.found.id[self._rows[place]])

    def row_at(self, place: int) -> int:
        """Return its row among `found`."""
        return int(self._rows[place])

    def after(self, place: int) -> int:
        """Return the place of the next undecided candidate; where all are decided, of the next one."""
        return next_place(self._decided, place)

    # What Qt asks for

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.headers)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tips.get(section)
        return self.headers[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        place, column = index.row(), index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return None if column == VERDICT else RIGHT
        verdict = self.verdicts.get(self.event_at(place), "")
        if role == Qt.ItemDataRole.DecorationRole and column == VERDICT and verdict:
            return theme.class_icon(self._session.position_of(verdict))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        found, row = self.found, self.row_at(place)
        return (
            number(place + 1), clock(found.start_s[row], 2), told(found.hbr_db[row], 1), percent(found.probability[row]),
            verdict or NOTHING,
        )[column]  # fmt: skip
