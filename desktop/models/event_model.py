"""The event table for Qt: plain text items, so that ten thousand rows stay light."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from core.study import EventTable
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import clock, number

Index = QModelIndex | QPersistentModelIndex


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
        """Show other events."""
        self._all = events
        self._refresh()

    def set_filter(self, text: str) -> None:
        """Show only events whose kind, label or source contains a text."""
        self._filter = text.strip().lower()
        self._refresh()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (column, order)
        self._refresh()

    @property
    def ids(self) -> np.ndarray:
        """Ids in the order shown."""
        return self._shown.id

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
        row, column, events = index.row(), index.column(), self._shown
        label = events.label[row]
        if role == Qt.ItemDataRole.DisplayRole:
            position = self._session.position_of(label)
            return (
                str(events.id[row]),
                clock(events.start_s[row]),
                number(1000 * events.duration_s[row]),
                events.kind[row],
                f"{theme.class_shape(position)} {label}" if label else "",
                events.label_source[row] or events.maker[row],
            )[column]
        if role == Qt.ItemDataRole.ForegroundRole and column == 4 and label:
            return QColor(theme.class_colour(self._session.position_of(label)))
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (0, 1, 2):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _refresh(self) -> None:
        self.beginResetModel()
        shown = self._all
        if self._filter:
            text = zip(shown.kind, shown.label, shown.label_source, shown.maker, strict=True)
            shown = shown.take(np.array([self._filter in " ".join(t).lower() for t in text], dtype=bool))
        column, order = self._sort
        keys = (shown.id, shown.start_s, shown.duration_s, shown.kind, shown.label, shown.label_source)[column]
        rows = np.argsort(keys.astype(str) if keys.dtype == object else keys, kind="stable")
        self._shown = shown.take(rows if order == Qt.SortOrder.AscendingOrder else rows[::-1])
        self.endResetModel()
