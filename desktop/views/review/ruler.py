"""The ruler: stretches that were measured one after the other, and their sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.views.review.measured import Ruled, ruled_table, sum_of
from desktop.widgets.parts import button, clock, decimals_for, line, number


class RulerPanel(QWidget):
    """The stretches of the sum as a table; the sum stands above it."""

    add_asked = Signal()
    marks_asked = Signal()
    changed = Signal(object)  # what is left of them
    chosen = Signal(object)  # a stretch to be shown

    def __init__(self) -> None:
        super().__init__()
        self._ruled: tuple[Ruled, ...] = ()
        self._before: tuple[Ruled, ...] = ()  # what was cleared
        self.sum, self.spread = line("", "title"), line("", "muted")
        self.table = self._table()
        self.add = button(
            self.tr("Add"), self.add_asked.emit, tip=self.tr("Add the chosen stretch to the sum (U)"), primary=True
        )
        self.remove = button(self.tr("Remove"), self._remove, tip=self.tr("Remove the chosen rows"))
        self.clear = button(self.tr("Clear"), self._clear, tip=self.tr("Begin anew, or bring back what was cleared"))
        self.copy = button(self.tr("Copy"), self._copy, tip=self.tr("Copy the table, with tabs, and its sum"))
        self.marks = button(
            self.tr("Make marks of them"),
            self.marks_asked.emit,
            tip=self.tr("Add each stretch as a mark of its channel: one step of undo"),
        )
        layout, buttons = QVBoxLayout(self), QHBoxLayout()
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        for widget in (self.add, self.remove, self.clear, self.copy):
            buttons.addWidget(widget)
        for widget in (self.sum, self.spread):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addLayout(buttons)
        layout.addWidget(self.marks)

    def _table(self) -> QTableWidget:
        table = QTableWidget(0, 4)
        table.setAccessibleName(self.tr("Stretches of the sum"))
        table.setHorizontalHeaderLabels([self.tr("Start"), self.tr("Δt (s)"), self.tr("Peak-to-peak"), self.tr("Of")])
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(22)
        table.horizontalHeader().setHighlightSections(False)
        for column, mode in enumerate(
            (QHeaderView.ResizeMode.ResizeToContents,) * 3 + (QHeaderView.ResizeMode.Stretch,)
        ):
            table.horizontalHeader().setSectionResizeMode(column, mode)
        table.setMinimumHeight(52)
        table.cellClicked.connect(lambda row, _column: self.chosen.emit(self._ruled[row]))
        table.cellActivated.connect(lambda row, _column: self.chosen.emit(self._ruled[row]))
        table.itemSelectionChanged.connect(self._enable)
        return table

    def show_ruled(self, ruled: Sequence[Ruled], writable: bool) -> None:
        """Show stretches and their sum."""
        self._ruled, self._writable = tuple(ruled), writable
        self.table.setRowCount(len(ruled))
        for row, one in enumerate(ruled):
            swing = f"{number(one.peak_to_peak, decimals_for(one.peak_to_peak))} {one.unit}"
            for column, text in enumerate((clock(one.start_s, 3), number(one.duration_s, 4), swing, one.channel)):
                item = QTableWidgetItem(text)
                right = column < 3
                item.setTextAlignment(
                    Qt.AlignmentFlag.AlignVCenter
                    | (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
                )
                self.table.setItem(row, column, item)
        if ruled:
            self.table.scrollToBottom()
        self._say_sum()
        self._enable()

    def _say_sum(self) -> None:
        found = sum_of(self._ruled)
        if not found.n:
            self.sum.setText(self.tr("Sum of stretches"))
            self.spread.setText(self.tr("U adds the chosen stretch"))
            return
        self.sum.setText(self.tr("Sum {} s").format(number(found.total_s, 4)))
        spread = f" ± {number(found.std_s, 4)}" if np.isfinite(found.std_s) else ""
        self.spread.setText(self.tr("n = {}, mean{} {}{} s").format(
            found.n, self.tr(" ± SD") if spread else "", number(found.mean_s, 4), spread
        ))  # fmt: skip

    def _enable(self) -> None:
        some = bool(self._ruled)
        self.remove.setEnabled(bool(self.table.selectedItems()))
        self.copy.setEnabled(some)
        self.marks.setEnabled(some and self._writable)
        self.clear.setEnabled(some or bool(self._before))
        self.clear.setText(self.tr("Clear") if some or not self._before else self.tr("Bring back"))

    def _remove(self) -> None:
        gone = {index.row() for index in self.table.selectedIndexes()}
        self.changed.emit(tuple(one for row, one in enumerate(self._ruled) if row not in gone))

    def _clear(self) -> None:
        back, self._before = self._before if not self._ruled else (), self._ruled
        self.changed.emit(back)

    def forget_cleared(self) -> None:
        """Another recording is shown: what was cleared was of the one before."""
        self._before = ()

    def _copy(self) -> None:
        QApplication.clipboard().setText(ruled_table(self._ruled))
