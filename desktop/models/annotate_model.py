"""The events of a map as a table: the map's twin for the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from core.study import EventTable
from desktop.models.named import Named
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
    """What is known of the events of a map that are still there: their rows in the table of all events, and their quality."""

    events: EventTable = field(default_factory=lambda: EventTable.from_rows([]))
    rows: npt.NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    quality: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    recordings: Mapping[int, str] = field(default_factory=dict)
    predicted: Mapping[int, str] = field(default_factory=dict)

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column of the table of events, of those of the map."""
        values: npt.NDArray[Any] = getattr(self.events, name)[self.rows]
        return values

    def one(self, name: str, place: int) -> Any:
        """Return what a column says of one event."""
        return getattr(self.events, name)[self.rows[place]]


Key = npt.NDArray[Any] | Named


@dataclass(frozen=True)
class Column:
    """A column: title, help, what is said of an event at a place of the map, and what they are sorted by."""

    title: str
    help: str
    text: Callable[[Facts, int], str]
    key: Callable[[Facts], Key]
    right: bool = False


def _share(value: float) -> str:
    return number(value, 2) if np.isfinite(value) else NOTHING


def _donor(facts: Facts, place: int) -> str:
    donor = int(facts.one("label_donor", place))
    return str(donor) if facts.one("label_source", place) == "propagated" and donor > 0 else NOTHING


def _recording(facts: Facts, place: int) -> str:
    return facts.recordings.get(int(facts.one("recording", place)), "")


def _predicted(facts: Facts, place: int) -> str:
    return facts.predicted.get(int(facts.one("id", place)), NOTHING)


def _by(name: str) -> Callable[[Facts], Key]:
    return lambda facts: facts.column(name)


def _by_text(name: str) -> Callable[[Facts], Key]:
    return lambda facts: Named.of(facts.column(name).tolist())


COLUMNS = (
    Column(QT_TRANSLATE_NOOP("MapModel", "Event"), "", lambda f, n: str(f.one("id", n)), _by("id"), True),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Recording"),
        "",
        _recording,
        lambda f: Named.by(f.column("recording").tolist(), f.recordings),
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Time"), "", lambda f, n: clock(f.one("start_s", n), 2), _by("start_s"), True
    ),
    Column(QT_TRANSLATE_NOOP("MapModel", "Label"), "", lambda f, n: f.one("label", n) or NOTHING, _by_text("label")),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "By"),
        QT_TRANSLATE_NOOP("MapModel", "human, propagated, imported …"),
        lambda f, n: f.one("label_source", n) or NOTHING,
        _by_text("label_source"),
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Donor"),
        QT_TRANSLATE_NOOP("MapModel", "The event that a propagated label was given by"),
        _donor,
        _by("label_donor"),
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
        lambda f, n: _share(f.one("label_confidence", n)),
        _by("label_confidence"),
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("MapModel", "Predicted"),
        QT_TRANSLATE_NOOP("MapModel", "What the newest model says"),
        _predicted,
        lambda f: Named.by(f.column("id").tolist(), f.predicted),
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
        if np.array_equal(before, facts.column("id")[rows]):
            self._rows = rows
            if len(rows):
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            return
        self._reset(rows)

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """Ids in the order shown."""
        return self._facts.column("id")[self._rows]

    def rows_of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """Return the rows of events, from top to bottom."""
        return np.flatnonzero(np.isin(self.ids, ids))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if self._sort != (column, order):  # a view that sorts by its header asks twice
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
        place, column = int(self._rows[index.row()]), index.column()
        if role == DISPLAY:
            return COLUMNS[column].text(self._facts, place)
        if role == ICON and column == LABEL and (label := self._facts.one("label", place)):
            return theme.class_icon(self._session.position_of(label))
        return RIGHT if role == ALIGN and COLUMNS[column].right else None

    def _order(self) -> npt.NDArray[np.intp]:
        column, order = self._sort
        keys = COLUMNS[column].key(self._facts)
        order_of = np.argsort(keys.ranks() if isinstance(keys, Named) else keys, kind="stable")
        return order_of if order == Qt.SortOrder.AscendingOrder else order_of[::-1]

    def _reset(self, rows: npt.NDArray[np.intp]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
