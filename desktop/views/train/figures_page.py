"""Figures by class and by subject, each with n and interval; a subject selects its events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.services import theme
from desktop.services.session import Session
from desktop.views.train.results import Figures, Result
from desktop.widgets.parts import NOTHING, interval, label, number
from desktop.widgets.plots import pen, plot

LEAST_PX = 18  # of a subject in the picture


def told(figures: Figures, name: str, decimals: int = 2) -> str:
    """Return a figure with its interval, or a dash where it is undefined."""
    value, between = figures.get(name), figures.get(f"{name}_interval")
    if value is None:
        return NOTHING
    return number(value, decimals) if between is None else interval(value, between, decimals)


def table(titles: list[str], name: str) -> QTableWidget:
    """Return an empty table that is read, row by row."""
    made = QTableWidget(0, len(titles))
    made.setHorizontalHeaderLabels(titles)
    made.setAccessibleName(name)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setTabKeyNavigation(False)
    made.verticalHeader().hide()
    made.verticalHeader().setDefaultSectionSize(24)
    header = made.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    for column in range(min(2, len(titles))):  # names and numbers of events are short
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
    return made


def fill(made: QTableWidget, rows: list[list[str]], icons: list[QIcon] | None = None) -> None:
    """Show rows; icons stand before their first cells."""
    made.blockSignals(True)
    made.setRowCount(len(rows))
    for n, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            if column and text[:1] in "0123456789-–−":
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            made.setItem(n, column, item)
        if icons is not None:
            made.item(n, 0).setIcon(icons[n])
    made.setCurrentCell(-1, -1)
    made.blockSignals(False)


class FiguresPage(QWidget):
    """Test figures; `subject` (name) is one whose events are wanted."""

    subject = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._subjects: list[dict[str, Any]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        self.overall = label("", wrap=True)
        self.overall.setAccessibleName(self.tr("Test figures over all classes"))
        column.addWidget(self.overall)
        self.classes = table(
            [self.tr(t) for t in ("Class", "n", "Precision", "Recall", "F1")], self.tr("Test figures by class")
        )
        self.people = table(
            [self.tr(t) for t in ("Subject", "n", "Accuracy", "MCC")],
            self.tr("Test figures by subject, the worst first; a row selects its events"),
        )
        self.people.currentCellChanged.connect(lambda row, *_rest: self._chosen(row))
        self.dots = plot(self.tr("Accuracy by subject with 95 % intervals"), self.tr("Accuracy, 95 % interval"))
        self.dots.getAxis("left").setWidth(110)
        self.dots.setXRange(0, 1, padding=0.02)
        self.dots.showGrid(x=True, alpha=0.2)
        self._bars, self._points = pg.ErrorBarItem(), pg.ScatterPlotItem(size=9)
        self._points.sigClicked.connect(lambda _item, points, *_rest: self._clicked(points))
        self.dots.addItem(self._bars)
        self.dots.addItem(self._points)
        self.dots.dress(self._dress)
        self.about = label("", "muted", wrap=True)
        split = QSplitter(Qt.Orientation.Vertical)
        lower = QSplitter()
        lower.addWidget(self.people)
        lower.addWidget(self.dots)
        lower.setSizes([340, 280])
        split.addWidget(self.classes)
        split.addWidget(lower)
        split.setSizes([130, 320])
        for one in (split, lower):
            one.setChildrenCollapsible(False)
        column.addWidget(split, 1)
        column.addWidget(self.about)
        self.show_result(None)

    def show_result(self, result: Result | None) -> None:
        """Show the test figures of a run."""
        found = {} if result is None else result.figures.get("test", {})
        self._subjects = found.get("subjects", [])
        if not found:
            self.overall.setText(self.tr("When a run is done, its figures by class and by subject stand here."))
        else:
            over = self.tr("95 % intervals over {}; n = {}").format(self.tr(found["interval_over"]), number(found["n"]))
            parts = [
                f"MCC {told(found, 'mcc')}",
                self.tr("balanced accuracy {}").format(told(found, "balanced_accuracy")),
                self.tr("macro F1 {}").format(told(found, "macro_f1")),
            ]
            self.overall.setText("<b>" + " · ".join(parts) + f"</b> · {over}")
        rows = [
            [name, number(one["n"]), *(told(one, figure) for figure in ("precision", "recall", "f1"))]
            for name in found.get("classes", ())
            for one in (found["per_class"][name],)
        ]
        fill(self.classes, rows, [theme.class_icon(self._session.position_of(row[0])) for row in rows])
        people = [[one["subject"], number(one["n"]), told(one, "accuracy"), told(one, "mcc")] for one in self._subjects]
        fill(self.people, people)
        self._show_dots()

    def _show_dots(self) -> None:
        n = len(self._subjects)
        value = np.array([one["accuracy"] for one in self._subjects])
        low, high = np.array([one["accuracy_interval"] for one in self._subjects]).reshape(-1, 2).T
        places = np.arange(n)[::-1].astype(float)  # the worst, first in the table, on top
        self._bars.setData(x=value, y=places, left=value - low, right=high - value, beam=0.3)
        self._points.setData(value, places, data=list(range(n)))
        names = [(place, one["subject"]) for place, one in zip(places, self._subjects, strict=True)]
        self.dots.getAxis("left").setTicks([names])
        self.dots.setYRange(-0.6, max(n, 1) - 0.4, padding=0)
        self.dots.setMinimumHeight(min(LEAST_PX * n + 50, 260))
        self.dots.setVisible(n > 0)
        unknown = self.tr("Subjects are not known: say in Review whose recordings they are.")
        self.about.setText("" if n else unknown)
        self.about.setVisible(not n)

    def _dress(self) -> None:
        self._bars.setOpts(pen=pen("muted", 1.5))
        self._points.setBrush(theme.token("accent"))
        self._points.setPen(None)

    def _clicked(self, points: Any) -> None:
        if len(points):
            self.people.setCurrentCell(int(points[0].data()), 0)

    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self._subjects):
            self.subject.emit(self._subjects[row]["subject"])
