"""The event table for Qt: plain cells that are written when they are seen, so that a hundred thousand rows stay light."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from core.study import EventTable, edit_events
from desktop.models.event_facts import Rows, comment_of, layer_of, layers_of, length_text, maker_name
from desktop.models.event_filter import comments, matching
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import clock

Index = QModelIndex | QPersistentModelIndex
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
DISPLAY, EDIT, TIP, ICON, ALIGN = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.TextAlignmentRole,
    )
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column: its title, what a row of the table says in it, and what it is sorted by."""

    title: str
    text: Callable[[EventTable, int], str]
    key: Callable[[EventTable, Rows], npt.NDArray[Any] | list[str]]
    right: bool = False


def _from(events: EventTable, row: int) -> str:
    return maker_name(layer_of(events.maker[row], events.attributes_json[row]))


COLUMNS = (
    Column(QT_TRANSLATE_NOOP("EventModel", "Time"), lambda e, n: clock(e.start_s[n], 2), lambda e, r: e.start_s[r], True),
    Column(
        QT_TRANSLATE_NOOP("EventModel", "Length"),
        lambda e, n: length_text(e.duration_s[n]),
        lambda e, r: e.duration_s[r],
        True,
    ),
    Column(QT_TRANSLATE_NOOP("EventModel", "Kind"), lambda e, n: e.kind[n], lambda e, r: e.kind[r].tolist()),
    Column(QT_TRANSLATE_NOOP("EventModel", "Channel"), lambda e, n: e.channel[n], lambda e, r: e.channel[r].tolist()),
    Column(QT_TRANSLATE_NOOP("EventModel", "Label"), lambda e, n: e.label[n], lambda e, r: e.label[r].tolist()),
    Column(QT_TRANSLATE_NOOP("EventModel", "From"), _from, lambda e, r: [maker_name(layer) for layer in layers_of(e, r)]),
    Column(
        QT_TRANSLATE_NOOP("EventModel", "Comment"),
        lambda e, n: " ".join(comment_of(e.attributes_json[n]).split()),
        comments,
    ),
)  # fmt: skip
TIME, LENGTH, KIND, CHANNEL, LABEL, FROM, COMMENT = range(len(COLUMNS))


class EventModel(QAbstractTableModel):
    """Events of a recording, sortable by every column, filtered by a text; comments are edited in place."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._table, self._all = EventTable.from_rows([]), np.empty(0, np.intp)
        self._rows = self._all  # of the table: those shown, in their order
        self._filter, self._sort = "", (TIME, Qt.SortOrder.AscendingOrder)
        self.headers = [self.tr(column.title) for column in COLUMNS]
        self._roles: dict[int, Callable[[int, int], Any]] = {
            DISPLAY: lambda row, column: COLUMNS[column].text(self._table, self._rows[row]),
            EDIT: lambda row, _column: comment_of(self._table.attributes_json[self._rows[row]]),
            TIP: lambda row, _column: self._tip(int(self._rows[row])),
            ICON: self._icon,
            ALIGN: lambda _row, column: RIGHT if COLUMNS[column].right else None,
        }

    def show(self, events: EventTable, rows: Rows) -> None:
        """Show these rows of a table. Where only their contents changed, all stay where they are and stay selected."""
        before, self._table, self._all = self.ids, events, rows
        shown = self._order()
        if np.array_equal(events.id[shown], before):
            self._rows = shown
            if len(shown):
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(COLUMNS) - 1))
            return
        self._reset(shown)

    def set_filter(self, text: str) -> None:
        """Show only events that fit a filter; see `matching`."""
        self._filter = text.strip()
        self._reset(self._order())

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (column, order)
        self._reset(self._order())

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """Ids in the order shown."""
        return self._table.id[self._rows]

    @property
    def n_filtered(self) -> int:
        """How many events the filter keeps out."""
        return len(self._all) - len(self._rows)

    @property
    def labelled(self) -> int:
        """How many of those shown have a label."""
        return int((self._table.label[self._rows] != "").sum())

    @property
    def extremes(self) -> tuple[float, float]:
        """The latest start and the longest duration of the recording's events, s."""
        table, rows = self._table, self._all
        return float(table.start_s[rows].max(initial=0.0)), float(table.duration_s[rows].max(initial=0.0))

    def row_of(self, event_id: int) -> int | None:
        """Return the row of an event, or None if it is not shown."""
        rows = np.flatnonzero(self.ids == event_id)
        return int(rows[0]) if len(rows) else None

    def rows_of(self, ids: Iterable[int]) -> Rows:
        """Return the rows of those of the events that are shown, from top to bottom."""
        return np.flatnonzero(np.isin(self.ids, np.fromiter(ids, np.int64)))

    # What Qt asks for

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:
        if role == DISPLAY and orientation == Qt.Orientation.Horizontal:
            return self.headers[section]
        if role == TIP and orientation == Qt.Orientation.Horizontal:
            return self.tr("{}: click to sort, right click to choose columns").format(self.headers[section])
        return None

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        said = self._roles.get(role)
        return None if said is None else said(index.row(), index.column())

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == COMMENT and self._session.writable else flags

    def setData(self, index: Index, value: Any, role: int = EDIT) -> bool:
        if role != EDIT or index.column() != COMMENT:
            return False
        event, said = int(self.ids[index.row()]), str(value).strip()
        if said != self.data(index, EDIT):
            self._session.edit(lambda study: edit_events(study, [event], comment=said))
        return True

    def _icon(self, row: int, column: int) -> Any:
        text = self._table.label[self._rows[row]] if column == LABEL else ""
        return theme.class_icon(self._session.position_of(text)) if text else None

    def _tip(self, n: int) -> str:
        """Return all that the columns may have no room for."""
        events = self._table
        lines = [
            self.tr("Event {}: {} on {}, {} at {}").format(
                events.id[n],
                events.kind[n],
                events.channel[n] or self.tr("the whole recording"),
                COLUMNS[LENGTH].text(events, n),
                COLUMNS[TIME].text(events, n),
            ),
            self.tr("From {}").format(_from(events, n)),
        ]
        if events.label[n]:
            lines.append(self.tr("Label {} ({})").format(events.label[n], events.label_source[n]))
        return "\n".join([*lines, *[comment_of(events.attributes_json[n])]]).strip()

    # Order

    def _order(self) -> Rows:
        """Return the rows to show, in their order. O(n log n)."""
        rows = matching(self._filter, self._table, self._all)
        column, order = self._sort
        keys = COLUMNS[column].key(self._table, rows)
        if isinstance(keys, list):
            place = {text: n for n, text in enumerate(sorted(set(keys), key=lambda text: (text.casefold(), text)))}
            keys = np.fromiter((place[text] for text in keys), np.intp, len(keys))
        order_of = np.argsort(keys, kind="stable")
        return rows[order_of if order == Qt.SortOrder.AscendingOrder else order_of[::-1]]

    def _reset(self, rows: Rows) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
