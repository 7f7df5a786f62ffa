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
        self._all = self._shown = EventTable.from_rows([])
        self._filter, self._sort = "", (1, Qt.SortOrder.AscendingOrder)
        self.headers = [
            self.tr("Event"),
            self.tr("Time"),
            self.tr("ms"),
            self.tr("Kind"),
            self.tr("Label"),
            self.tr("From"),
        ]

    def show(self, events: EventTable) -> None:
        """Show other events. Where only their contents changed, rows stay where they are and stay selected."""
        self._all = events
        shown = self._order()
        if np.array_equal(shown.id, self._shown.id):
            self._shown = shown
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
        return self._shown.id

    @property
    def labelled(self) -> int:
        """How many of those shown have a label."""
        return int((self._shown.label != "").sum())

    def row_of(self, event_id: int) -> int | None:
        """Return the row of an event, or None if it is not shown."""
        rows = np.flatnonzero(self._shown.id == event_id)
        return int(rows[0]) if len(rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.headers[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == LABEL:
            return theme.class_icon(self._session.position_of(self._shown.label[index.row()]))
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() < 3:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, row: int, column: int) -> str:
        events = self._shown
        if column == 0:
            return str(events.id[row])
        if column == 1:
            return clock(events.start_s[row], 2)
        if column == 2:
            return number(1000 * events.duration_s[row])
        if column == LABEL:
            return str(events.label[row])
        return str(events.kind[row] if column == 3 else events.label_source[row] or events.maker[row])

    def _order(self) -> EventTable:
        """Return the events to show, in their order. O(n log n)."""
        shown = self._all
        if self._filter:
            text = zip(shown.kind, shown.label, shown.label_source, shown.maker, strict=True)
            shown = shown.take(np.array([self._filter in " ".join(t).lower() for t in text], dtype=bool))
        column, order = self._sort
        keys = (shown.id, shown.start_s, shown.duration_s, shown.kind, shown.label, shown.label_source)[column]
        if keys.dtype == object:
            keys = np.unique(keys.astype(str), return_inverse=True)[1]
        rows = np.argsort(keys, kind="stable")
        return shown.take(rows if order == Qt.SortOrder.AscendingOrder else rows[::-1])

    def _reset(self, shown: EventTable) -> None:
        self.beginResetModel()
        self._shown = shown
        self.endResetModel()
