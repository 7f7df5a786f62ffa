"""Runs as a table for Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from core.study import RunEntry
from desktop.widgets.parts import interval, local_time

Index = QModelIndex | QPersistentModelIndex
Column = tuple[str, Callable[[RunEntry], str], Callable[[RunEntry], Any]]


def validation_value(run: RunEntry) -> float:
    """Return the validation MCC of a run; −2, below all, while it has none."""
    figures = run.summary.get("metrics", {}).get("validation")
    return float(figures["mcc"]) if figures else -2.0


def validation_mcc(run: RunEntry) -> str:
    """Return the validation MCC with its interval, or the run's state."""
    figures = run.summary.get("metrics", {}).get("validation")
    return interval(figures["mcc"], figures["mcc_interval"], 2) if figures else run.status


class RunModel(QAbstractTableModel):
    """Runs, newest first; each column is a title, its text and its sort key."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self._columns = list(columns)
        self.runs: list[RunEntry] = []

    def show(self, runs: Sequence[RunEntry]) -> None:
        """Show other runs."""
        self.beginResetModel()
        self.runs = list(reversed(runs))
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column < 0:
            return
        self.beginResetModel()
        self.runs.sort(key=self._columns[column][2], reverse=order == Qt.SortOrder.DescendingOrder)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._columns[section][0]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run = self.runs[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[index.column()][1](run)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{run.name}: {run.status}, {local_time(run.created)}"
        return None


def show_runs(table: QTableView, model: RunModel) -> None:
    """Make a table of runs: the first column takes what the others leave."""
    table.setModel(model)
    table.setSortingEnabled(True)
    table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)  # as shown: newest first
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setMinimumSectionSize(48)
