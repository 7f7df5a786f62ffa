"""The events of a map as a table: the map's twin for the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from core.study import EventTable
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import NOTHING, clock, number

Index = QModelIndex | QPersistentModelIndex
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
DISPLAY, ICON, ALIGN, TIP = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.ToolTipRole,
    )
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is known of the events of a map; one row for each that is still there."""

    events: EventTable = field(default_factory=lambda: EventTable.from_rows([]))
    quality: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    recordings: Mapping[int, str] = field(default_factory=dict)
    predicted: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column: title, help, what a row says, and what it is sorted by."""

    title: str
    help: str
    text: Callable[[Facts, int], str]
    key: Callable[[Facts], Any]
    right: bool = False


def _share(value: float) -> str:
    return number(value, 2) if np.isfinite(value) else NOTHING


def _donor(facts: Facts, row: int) -> str:
    donor = int(facts.events.label_donor[row])
    return str(donor) if facts.events.label_source[row] == "propagated" and donor > 0 else NOTHING


def _recording(facts: Facts, row: int) -> str:
    return facts.recordings.get(int(facts.events.recording[row]), "")


def _predicted(facts: Facts, row: int) -> str:
    return facts.predicted.get(int(facts.events.id[row]), NOTHING)


def _each(text: Callable[[Facts, int], str]) -> Callable[[Facts], list[str]]:
    return lambda facts: [text(facts, row) for row in range(len(facts.events))]


COLUMNS = (
    Column(QT_TRANSLATE_NOOP("MapModel", "Event"), "", lambda f, n: str(f.events.id[n]), lambda f: f.events.id, True),
    Column(QT_TRANSLATE_NOOP("MapModel", "Recording"), "", _recording, _each(_recording)),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Time"), "", lambda f, n: clock(f.events.start_s[n], 2), lambda f: f.events.start_s, True
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Label"), "", lambda f, n: f.events.label[n] or NOTHING, lambda f: f.events.label.tolist()
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "By"),
        QT_TRANSLATE_NOOP("MapModel", "human, propagated, imported …"),
        lambda f, n: f.events.label_source[n] or NOTHING,
        lambda f: f.events.label_source.tolist(),
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Donor"),
        QT_TRANSLATE_NOOP("MapModel", "The event that a propagated label was given by"),
        _donor,
        lambda f: f.events.label_donor,
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Quality"),
        QT_TRANSLATE_NOOP("MapModel", "Local quality over its maximum: how far the map kept its neighbours"),
        lambda f, n: _share(f.quality[n]),
        lambda f: f.quality,
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Confidence"),
        QT_TRANSLATE_NOOP("MapModel", "Of the label, 0 to 1"),
        lambda f, n: _share(f.events.label_confidence[n]),
        lambda f: f.events.label_confidence,
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Predicted"),
        QT_TRANSLATE_NOOP("MapModel", "What the newest model says"),
        _predicted,
        _each(_predicted),
    ),
)  # fmt: skip
LABEL = 3


class MapModel(QAbstractTableModel):
    """The events of a map, sortable by every column."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._facts, self._rows = Facts(), np.empty(0, np.intp)
        self._sort = (0, Qt.SortOrder.AscendingOrder)

    def show(self, facts: Facts) -> None:
        """Show other events; where only what is said of them is other, and the order stays, so does the selection."""
        before, self._facts = self.ids, facts
        rows = self._order()
        if np.array_equal(before, facts.events.id[rows]):
            self._rows = rows
            if len(rows):
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            return
        self._reset(rows)

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """Ids in the order shown."""
        return self._facts.events.id[self._rows]

    def rows_of(self, ids: tuple[int, ...]) -> npt.NDArray[np.intp]:
        """Return the rows of events, from top to bottom."""
        return np.flatnonzero(np.isin(self.ids, np.fromiter(ids, np.int64)))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (column, order)
        self._reset(self._order())

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal or role not in (DISPLAY, TIP):
            return None
        return self.tr(COLUMNS[section].title if role == DISPLAY else COLUMNS[section].help)

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        row, column = int(self._rows[index.row()]), index.column()
        if role == DISPLAY:
            return COLUMNS[column].text(self._facts, row)
        if role == ICON and column == LABEL and self._facts.events.label[row]:
            return theme.class_icon(self._session.position_of(self._facts.events.label[row]))
        return RIGHT if role == ALIGN and COLUMNS[column].right else None

    def _order(self) -> npt.NDArray[np.intp]:
        column, order = self._sort
        keys = COLUMNS[column].key(self._facts)
        if isinstance(keys, list):
            place = {text: n for n, text in enumerate(sorted(set(keys), key=lambda text: (text.casefold(), text)))}
            keys = np.fromiter((place[text] for text in keys), np.intp, len(keys))
        order_of = np.argsort(keys, kind="stable")
        return order_of if order == Qt.SortOrder.AscendingOrder else order_of[::-1]

    def _reset(self, rows: npt.NDArray[np.intp]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
