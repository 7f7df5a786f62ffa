"""The events of the map in a table: arrow keys walk through them, class keys label them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop.models.annotate_model import COLUMNS, Facts, MapModel
from desktop.services.session import Session

MOST = 2000  # selected rows that are shown; of more, the table would be slow and say nothing


class MapTable(QTableView):
    """Shares the selection with the map and the trace."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._quiet = session, False
        self._model = MapModel(session)
        self.setModel(self._model)
        self.setAccessibleName(self.tr("Events of the map"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setStretchLastSection(True)
        for column in range(len(COLUMNS)):
            self.setColumnWidth(column, 150 if column == 1 else 88)
        self.selectionModel().selectionChanged.connect(lambda _on, _off: self._chosen())
        session.selection.changed.connect(lambda _ids, origin: self._follow(origin))

    def show_facts(self, facts: Facts) -> None:
        """Show other events, or other facts of them."""
        self._quiet = True
        self._model.show(facts)
        self._quiet = False
        self._follow(None)

    def sortByColumn(self, column: int, order: Qt.SortOrder) -> None:
        self._quiet = True
        super().sortByColumn(column, order)
        self._quiet = False

    @property
    def ids(self) -> list[int]:
        """Ids in the order shown."""
        return self._model.ids.tolist()

    def _chosen(self) -> None:
        if self._quiet:
            return
        spans = [np.arange(part.top(), part.bottom() + 1) for part in self.selectionModel().selection()]
        rows = np.unique(np.concatenate(spans)) if spans else np.empty(0, np.intp)
        here = rows == self.currentIndex().row()  # the one under the cursor is what the inspector shows
        self._session.selection.set(self._model.ids[np.concatenate([rows[here], rows[~here]])], self)

    def _follow(self, origin: object) -> None:
        if origin is self:
            return
        self._quiet = True
        ids = self._session.selection.array
        rows = self._model.rows_of(ids) if len(ids) <= MOST else []
        selection = QItemSelection()
        for row in rows:
            selection.select(self._model.index(row, 0), self._model.index(row, len(COLUMNS) - 1))
        model, flags = self.selectionModel(), QItemSelectionModel.SelectionFlag
        model.select(selection, flags.ClearAndSelect | flags.Rows)
        if len(rows):
            first = self._model.index(int(rows[0]), 0)
            model.setCurrentIndex(first, flags.NoUpdate)
            self.scrollTo(first)
        self._quiet = False
