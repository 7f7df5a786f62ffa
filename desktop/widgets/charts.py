"""Charts that Train and Compress share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from desktop.services import theme
from desktop.widgets.parts import label, number
from desktop.widgets.plots import pen, plot


class CurvesChart(QWidget):
    """Losses and MCC by epoch of training and validation, live; the best epoch of the last stage is marked."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.n_epochs = 0  # shown
        self.legend = label("", "muted", wrap=True)
        layout.addWidget(self.legend)
        self.loss = plot(self.tr("Loss by epoch"), "", self.tr("Loss"))
        self.score = plot(self.tr("MCC by epoch"), self.tr("Epoch"), self.tr("MCC"))
        for canvas in (self.loss, self.score):
            canvas.setMinimumHeight(110)
            canvas.getAxis("left").setWidth(54)
            canvas.showGrid(y=True, alpha=0.2)
            layout.addWidget(canvas)
        self._train, self._validation = self.loss.plot([], []), self.loss.plot([], [])
        self._train_mcc = self.score.plot([], [])
        self._mcc = self.score.plot([], [], symbol="o", symbolSize=5)
        self._best = pg.ScatterPlotItem(size=12, brush=None)
        self.score.addItem(self._best)
        self._stages: list[tuple[pg.PlotWidget, pg.InfiniteLine]] = []
        self.score.setYRange(-0.1, 1.02)
        self.score.dress(self._dress)

    def _dress(self) -> None:
        for line, key in (
            (self._train, "muted"),
            (self._train_mcc, "muted"),
            (self._validation, "accent"),
            (self._mcc, "accent"),
        ):
            line.setPen(pen(key, 1.5))
        self._mcc.setSymbolBrush(theme.token("accent"))
        self._mcc.setSymbolPen(None)
        self._best.setPen(pen("good", 2))
        for _, line in self._stages:
            line.setPen(pen("line", 1))
        signs = (("muted", "━", self.tr("training")), ("accent", "━", self.tr("validation")))
        signs += (("good", "○", self.tr("best epoch, the one that is kept")),)
        self.legend.setText(
            " &nbsp; ".join(f'<span style="color:{theme.token(key)}">{sign}</span> {text}' for key, sign, text in signs)
        )

    def show_history(self, history: Sequence[dict[str, float]]) -> None:
        """Show the epochs so far."""
        self.n_epochs = len(history)
        epochs = np.arange(1, len(history) + 1)
        losses = [[h[key] for h in history] for key in ("train_loss", "validation_loss")]
        self._train.setData(epochs, losses[0])
        self._validation.setData(epochs, losses[1])
        scores = [h["validation_mcc"] for h in history]
        self._mcc.setData(epochs, scores)
        self._train_mcc.setData(epochs, [h.get("train_mcc", np.nan) for h in history])  # older runs have none
        stages = [h.get("stage", 0.0) for h in history]
        last = [n for n, stage in enumerate(stages) if stage == stages[-1]]
        # As training chooses: the highest MCC, and of equal ones the lowest loss.
        best = max(last, key=lambda n: (scores[n], -losses[1][n]), default=None)
        self._best.setData([] if best is None else [best + 1], [] if best is None else [scores[best]])
        self._show_stages([n + 0.5 for n in range(1, len(stages)) if stages[n] != stages[n - 1]])
        for canvas in (self.loss, self.score):
            canvas.setXRange(0.5, max(len(history), 2) + 0.5, padding=0)

    def _show_stages(self, borders: Sequence[float]) -> None:
        """Draw where one stage ends and the next begins."""
        for canvas, line in self._stages:
            canvas.removeItem(line)
        self._stages = [(canvas, pg.InfiniteLine(at)) for at in borders for canvas in (self.loss, self.score)]
        for canvas, line in self._stages:
            line.setPen(pen("line", 1))
            canvas.addItem(line)


class ConfusionTable(QTableWidget):
    """Counts and shares by true and predicted class; a cell selects its events."""

    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Confusion matrix: rows are true, columns predicted; a cell selects its events"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.horizontalHeader().setStyleSheet("QHeaderView::section { padding: 4px 1px; }")
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.cellClicked.connect(self.chosen)
        self.cellActivated.connect(self.chosen)

    def show_counts(self, counts: Sequence[Sequence[int]], classes: Sequence[str]) -> None:
        """Show a confusion matrix."""
        n = len(classes)
        self.setRowCount(n)
        self.setColumnCount(n)
        self.setHorizontalHeaderLabels([self.tr("says {}").format(c) for c in classes])
        for column in range(n):
            heading = self.horizontalHeaderItem(column)
            heading.setToolTip(heading.text())
        self.setVerticalHeaderLabels([self.tr("is {}").format(c) for c in classes])
        accent = QColor(theme.token("accent"))
        for row in range(n):
            total = max(sum(counts[row]), 1)
            for column in range(n):
                share = counts[row][column] / total
                item = QTableWidgetItem(f"{number(counts[row][column])}\n{number(100 * share)} %")
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                shade = QColor(accent)
                shade.setAlphaF(0.08 + 0.5 * share)
                item.setBackground(shade)
                self.setItem(row, column, item)


def forest(canvas: pg.PlotWidget, points: Sequence[dict[str, Any]]) -> None:
    """Draw points with vertical intervals: each has ``x, y, low, high, colour, symbol``."""
    canvas.clear()
    for point in points:
        bar = pg.ErrorBarItem(
            x=np.array([point["x"]]),
            y=np.array([point["y"]]),
            top=np.array([max(point["high"] - point["y"], 0)]),
            bottom=np.array([max(point["y"] - point["low"], 0)]),
            beam=0.6,
            pen=pg.mkPen(point["colour"], width=1.5),
        )
        canvas.addItem(bar)
        dot = pg.ScatterPlotItem(
            [point["x"]], [point["y"]], size=12, symbol=point["symbol"], brush=point["colour"], pen=None
        )
        canvas.addItem(dot)
