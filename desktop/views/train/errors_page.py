"""Events that the model got wrong, the surest mistakes first: a class key relabels one and goes on to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.study import UNSURE
from desktop.services import theme
from desktop.services.guard import guarded
from desktop.services.session import Session
from desktop.views.train.results import Result
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.parts import button, clock, label, number, percent

MOST = 1000  # rows; who has more mistakes to look at has another problem
EVENT, WHERE, IS, SAYS, SURE, NOW = range(6)


class ErrorsPage(QWidget):
    """Shares the selection with trace, table and map."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._result: Result | None = None
        self._cell: tuple[int, int] | None = None
        self.ids: list[int] = []
        self._learnt: list[str] = []  # the label that each was scored by
        column, head = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 8, 0, 0)
        self.side = ElidedComboBox()
        self.side.setAccessibleName(self.tr("Whose errors"))
        sides = {"test": self.tr("Test events"), "validation": self.tr("Validation"), "train": self.tr("Training")}
        for key, title in sides.items():
            self.side.addItem(title, key)
        self.side.setMinimumWidth(110)
        self.side.activated.connect(lambda _n: self.show_cell(None))
        self.text = label("", "muted", wrap=True)
        self.all_button = button(self.tr("All errors"), lambda: self.show_cell(None))
        self.next_button = button(self.tr("Next"), self.next, tip=self.tr("Leave the label as it is and go on (N)"))
        head.addWidget(self.side)
        head.addWidget(self.text, 1)
        head.addWidget(self.all_button)
        head.addWidget(self.next_button)
        column.addLayout(head)
        column.addWidget(self._make_table(), 1)
        self.note = label(
            self.tr(
                "A class key gives another label and goes on; Ctrl+Z takes it back. Test events that are relabelled because "
                "of what a model says favour that model: figures of the next run are of the new labels."
            ),
            "muted",
            wrap=True,
        )
        column.addWidget(self.note)
        session.labels_changed.connect(self._labelled)
        session.selection.changed.connect(self._follow)
        self.show_result(None)

    def _make_table(self) -> QTableWidget:
        titles = ("Event", "Where", "Labelled", "Model says", "Sure", "Now")
        self.table = QTableWidget(0, len(titles))
        self.table.setHorizontalHeaderLabels([self.tr(title) for title in titles])
        self.table.setAccessibleName(self.tr("Wrongly classified events, the surest first"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(WHERE, QHeaderView.ResizeMode.Stretch)
        self.table.currentCellChanged.connect(lambda row, *_rest: self._look(row))
        return self.table

    def show_result(self, result: Result | None) -> None:
        """Show the errors of a run."""
        self._result, self._cell = result, None
        self._fill()

    def show_cell(self, cell: tuple[int, int] | None) -> None:
        """Show the test events of a cell of the confusion matrix; with None, all errors."""
        if cell is not None:
            self.side.setCurrentIndex(0)
        self._cell = cell
        self._fill()

    def _fill(self) -> None:
        result, side = self._result, self.side.currentData()
        rows = np.empty(0, np.int64) if result is None else result.wrong(side, self._cell)
        n = len(rows)
        rows = rows[:MOST]
        self.ids = [] if result is None else result.ids[rows].tolist()
        self._learnt = [] if result is None else [result.classes[n] for n in result.y_true[rows].tolist()]
        self.table.blockSignals(True)
        self.table.setRowCount(len(rows))
        self.table.setCurrentCell(-1, -1)
        if result is not None:
            where, predicted = self._places(), result.predicted
            for row, at in enumerate(rows.tolist()):
                true, said = self._learnt[row], result.classes[predicted[at]]
                sure = percent(float(result.probabilities[at].max()))
                for place, text in ((EVENT, str(self.ids[row])), (WHERE, where.get(self.ids[row], "–")), (SURE, sure)):
                    self.table.setItem(row, place, QTableWidgetItem(text))
                for place, key in ((IS, true), (SAYS, said)):
                    self.table.setItem(row, place, self._class_item(key))
                self.table.setItem(row, NOW, QTableWidgetItem(""))
        self._show_now()
        self.table.blockSignals(False)
        self.text.setText(self._said(n))
        self.all_button.setVisible(self._cell is not None)
        self.next_button.setEnabled(bool(self.ids))

    def _class_item(self, key: str) -> QTableWidgetItem:
        position = self._session.position_of(key)
        return QTableWidgetItem(theme.class_icon(position), key)

    def _places(self) -> dict[int, str]:
        events, names = self._session.events, {r.id: r.name for r in self._session.recordings}
        there = np.isin(events.id, self.ids)
        return {
            event: f"{names.get(recording, '?')} {clock(start, 1)}"
            for event, recording, start in zip(
                events.id[there].tolist(), events.recording[there].tolist(), events.start_s[there].tolist(), strict=True
            )
        }

    def _said(self, n: int) -> str:
        result = self._result
        if result is None:
            return self.tr("When a run is done, its mistakes are listed here.")
        total = len(result.rows(self.side.currentData()))
        if self._cell is not None:
            true, said = (result.classes[number_] for number_ in self._cell)
            return self.tr("{} of {} are {} and called {}.").format(number(n), number(total), true, said)
        if not n:
            return self.tr("No mistakes among {} events.").format(number(total))
        more = self.tr(" The {} surest are listed.").format(number(MOST)) if n > MOST else ""
        return self.tr("{} of {} are wrong.").format(number(n), number(total)) + more

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_now()

    # One after the other

    def begin(self) -> None:
        """Look at the first."""
        if self.ids:
            self.table.setCurrentCell(max(self.table.currentRow(), 0), EVENT)
            self._look(self.table.currentRow())
        self.table.setFocus()

    def next(self, direction: int = 1) -> None:
        """Go on to the next, or back."""
        if self.ids:
            row = min(max(self.table.currentRow() + direction, 0), len(self.ids) - 1)
            self.table.setCurrentCell(row, EVENT)

    def confirmed(self, key: str) -> bool:
        """The key of the label that the event has already was pressed: it is left so. Return whether it was."""
        row, events = self.table.currentRow(), self._session.events
        if not (self.isVisible() and 0 <= row < len(self.ids)) or self._session.selection.ids != (self.ids[row],):
            return False
        there = np.flatnonzero(events.id == self.ids[row])
        same = len(there) > 0 and events.label[there[0]] == key and events.label_source[there[0]] == "human"
        if same:
            self.next()
        return bool(same)

    def _look(self, row: int) -> None:
        if 0 <= row < len(self.ids):
            self._session.selection.set((self.ids[row],), self)

    def _follow(self, ids: tuple[int, ...], origin: Any) -> None:
        if origin is not self and len(ids) == 1 and ids[0] in self.ids:
            self.table.blockSignals(True)
            self.table.setCurrentCell(self.ids.index(ids[0]), EVENT)
            self.table.blockSignals(False)

    def _labelled(self, ids: list[int]) -> None:
        """Say what the label is now; what was just labelled is done with, what was taken back is looked at again."""
        if not self.isVisible():  # it is brought up to date when it is shown
            return
        mine = [event for event in ids if event in self.ids] if len(ids) <= MOST else []
        self._show_now()
        if not mine:
            return
        row = self.table.currentRow()
        if self._session.undo_stack.canRedo():
            self.table.setCurrentCell(self.ids.index(mine[0]), EVENT)
        elif 0 <= row < len(self.ids) and self.ids[row] in mine:
            self.next()

    def _show_now(self) -> None:
        result = self._result
        if result is None or not self.ids:
            return
        events = self._session.events
        there = np.isin(events.id, self.ids)
        labels = dict(zip(events.id[there].tolist(), events.label[there].tolist(), strict=True))
        for row, (event, before) in enumerate(zip(self.ids, self._learnt, strict=True)):
            item = self.table.item(row, NOW)
            now = labels.get(event)
            if item is None:
                continue
            text = self.tr("removed") if now is None else "" if now == before else now or self.tr("no label")
            if text != item.text():
                item.setText(text)
                known = now and now != UNSURE and text
                item.setIcon(theme.class_icon(self._session.position_of(now)) if known else QIcon())
