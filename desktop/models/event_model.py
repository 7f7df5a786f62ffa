"""The event table for Qt: plain items with an icon, so that a hundred thousand rows stay light."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from core.study import EventTable
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import clock, number

Index = QModelIndex | QPersistentModelIndex
LABEL = 4


class EventModel(QAbstractTableModel):
    """Events of a recording, sortable by every column, filtered by a text."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._table, self._all = EventTable.from_rows([]), np.empty(0, np.intp)
        self._rows = self._all  # of the table: those shown, in their order
        self._filter, self._sort = "", (1, Qt.SortOrder.AscendingOrder)
        self.headers = [
            self.tr("Event"),
            self.tr("Time"),
            self.tr("ms"),
            self.tr("Kind"),
            self.tr("Label"),
            self.tr("From"),
        ]

    def show(self, events: EventTable, rows: np.ndarray) -> None:
        """Show these rows of a table. Where only their contents changed, all stay where they are and stay selected."""
        before, self._table, self._all = self.ids, events, rows
        shown = self._order()
        if np.array_equal(events.id[shown], before):
            self._rows = shown
            if len(shown):
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(self.headers) - 1))
            return
        self._reset(shown)

    def set_filter(self, text: str) -> None:
        """Show only events whose kind, label or source contains a text."""
        self._filter = text.strip().lower()
        self._reset(self._order())

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (column, order)
        self._reset(self._order())

    @property
    def ids(self) -> np.ndarray:
        """Ids in the order shown."""
        return self._table.id[self._rows]

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

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.headers[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(index.row(), index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == LABEL:
            text = self._table.label[self._rows[index.row()]]
            return theme.class_icon(self._session.position_of(text)) if text else None
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() < 3:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, row: int, column: int) -> str:
        events, row = self._table, self._rows[row]
        if column == 0:
            return str(events.id[row])
        if column == 1:
            return clock(events.start_s[row], 2)
        if column == 2:
            return number(1000 * events.duration_s[row])
        if column == LABEL:
            return str(events.label[row])
        return str(events.kind[row] if column == 3 else events.label_source[row] or events.maker[row])

    def _order(self) -> np.ndarray:
        """Return the rows to show, in their order. O(n log n)."""
        table, rows = self._table, self._all
        if self._filter:
            columns = (column[rows] for column in (table.kind, table.label, table.label_source, table.maker))
            rows = rows[[self._filter in " ".join(texts).lower() for texts in zip(*columns, strict=True)]]
        column, order = self._sort
        keys = (table.id, table.start_s, table.duration_s, table.kind, table.label, table.label_source)[column][rows]
        if keys.dtype == object:
            keys = np.unique(keys.astype(str), return_inverse=True)[1]
        order_of = np.argsort(keys, kind="stable")
        return rows[order_of if order == Qt.SortOrder.AscendingOrder else order_of[::-1]]

    def _reset(self, rows: np.ndarray) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
