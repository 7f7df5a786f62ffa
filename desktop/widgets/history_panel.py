"""The history of edits: who changed what, when, and what it was before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QSplitter, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from core.study import Change, Changeset, HistoryEntry, Study
from desktop.services.guard import guarded
from desktop.services.session import Session
from desktop.widgets.parts import label, local_time, number

NEWEST = 200
SHOWN = 500  # changes of one edit that are listed; the rest is counted


def value(row: dict[str, Any] | None, key: str) -> str:
    """Return a stored value as a person reads it; "—" where there was nothing."""
    if row is None or row.get(key) in (None, ""):
        return "—"
    return f"{row[key]:.4g}" if isinstance(row[key], float) else str(row[key])


def differences(change: Change) -> Iterator[tuple[str, str, str]]:
    """Yield field, before and after for what a change touched."""
    before, after = change.before or {}, change.after or {}
    for key in sorted({*before, *after} - {"revision"}):  # what the study keeps for itself
        old, new = value(change.before, key), value(change.after, key)
        if old != new:
            yield key, old, new


class HistoryPanel(QWidget):
    """The newest edits; the chosen one shows before and after, and its events are selected."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._ids: list[int] = []
        self._told = label("", "muted", wrap=True)
        self.edits = self._table((self.tr("When"), self.tr("Who"), self.tr("What"), self.tr("Changes")))
        self.edits.setAccessibleName(self.tr("History of edits"))
        self.changes = self._table((self.tr("Of"), self.tr("Field"), self.tr("Before"), self.tr("After")))
        self.changes.setAccessibleName(self.tr("Before and after the chosen edit"))
        split = QSplitter()
        split.addWidget(self.edits)
        split.addWidget(self.changes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._told)
        layout.addWidget(split, 1)
        self.edits.itemSelectionChanged.connect(self._chosen)
        session.saved.connect(lambda _when: self._refresh())
        session.study_changed.connect(self._refresh)

    def _table(self, titles: tuple[str, ...]) -> QTableWidget:
        table = QTableWidget(0, len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(22)
        table.horizontalHeader().setStretchLastSection(True)
        return table

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def sizeHint(self) -> QSize:
        return QSize(800, 280)

    def _refresh(self) -> None:
        study = self._session.study
        if not self.isVisible():
            return
        if study is None:
            self._show([])
            return
        self._session.tasks.submit("history", study.history, NEWEST, done=self._show, failed=self._session.failed.emit)

    def _show(self, entries: list[HistoryEntry]) -> None:
        self._ids = [entry.id for entry in entries]
        text = self.tr(
            "Nothing is ever deleted from this list: an undo adds a line. Choose one to see before and after."
        )
        self._told.setText(
            text if entries else self.tr("No edits yet. Labels, marks and accepted proposals appear here.")
        )
        self.edits.blockSignals(True)
        self.edits.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            what = f"{entry.title} ({entry.reason})" if entry.reason else entry.title
            for column, text in enumerate((local_time(entry.at), entry.annotator, what, number(entry.n_changes))):
                self.edits.setItem(row, column, QTableWidgetItem(text))
        self.edits.clearSelection()
        self.edits.blockSignals(False)
        self.edits.resizeColumnsToContents()
        self.edits.setColumnWidth(2, max(320, self.edits.columnWidth(2)))
        self.changes.setRowCount(0)

    def _chosen(self) -> None:
        rows = self.edits.selectionModel().selectedRows()
        study = self._session.study
        if rows and study is not None:
            self._session.tasks.submit(
                "history change", _read, study, self._ids[rows[0].row()], done=self._show_change,
                failed=self._session.failed.emit,
            )  # fmt: skip

    def _show_change(self, read: tuple[Changeset, list[tuple[str, str, str, str]], int]) -> None:
        changeset, lines, more = read
        if more:
            lines = [*lines, (self.tr("and {} more").format(number(more)), "", "", "")]
        self.changes.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for column, text in enumerate(line):
                self.changes.setItem(row, column, QTableWidgetItem(text))
        self.changes.resizeColumnsToContents()
        known = set(self._session.events.id.tolist())
        self._session.selection.set([i for i in changeset.event_ids if i in known], self)


def _read(study: Study, changeset_id: int) -> tuple[Changeset, list[tuple[str, str, str, str]], int]:
    """Read an edit and write its first changes as lines (in a task)."""
    changeset = study.changeset(changeset_id)
    lines = [
        (f"{change.table.removesuffix('s')} {', '.join(str(part) for part in change.key)}", *line)
        for change in changeset.changes[:SHOWN]
        for line in differences(change)
    ]
    return changeset, lines, max(0, len(changeset.changes) - SHOWN)
