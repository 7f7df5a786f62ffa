"""How decisions follow from probabilities: ROC and precision-recall of each class, and whether probabilities are what they say."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.services import theme
from desktop.services.session import Session
from desktop.views.train.figures_page import fill, table, told
from desktop.views.train.results import Result
from desktop.widgets.parts import NOTHING, label, number
from desktop.widgets.plots import ThemedPlot, pen, plot

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class DecisionPage(QWidget):
    """Three pictures and their table, of test events."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._result: Result | None = None
        self.text = label("", wrap=True)
        self.roc = self._square(self.tr("ROC curves by class"), self.tr("False alarms"), self.tr("Found"))
        self.pr = self._square(self.tr("Precision by recall, by class"), self.tr("Recall"), self.tr("Precision"))
        self.reliability = self._square(
            self.tr("Reliability: share right by confidence, with 95 % intervals"),
            self.tr("Confidence"), self.tr("Share right"),
        )  # fmt: skip
        self.table = table(
            [self.tr(t) for t in ("Class", "n", "ROC area", "Average precision")],
            self.tr("Areas under the curves by class"),
        )
        self.table.setMaximumHeight(150)
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.text)
        for canvas in (self.roc, self.pr, self.reliability):
            row.addWidget(canvas, 1)
        column.addLayout(row, 1)
        column.addWidget(self.table)
        theme.changed.connect(self._draw)
        self.show_result(None)

    def _square(self, name: str, x: str, y: str) -> ThemedPlot:
        made = plot(name, x, y)
        made.getAxis("bottom").setTicks([[(share, number(share, 1)) for share in (0.0, 0.5, 1.0)]])
        made.setXRange(0, 1, padding=0.02)
        made.setYRange(0, 1, padding=0.02)
        made.showGrid(x=True, y=True, alpha=0.2)
        made.setMinimumHeight(150)
        return made

    def show_result(self, result: Result | None) -> None:
        """Show the curves of a run."""
        self._result = result
        self._draw()

    def _draw(self) -> None:
        for canvas in (self.roc, self.pr, self.reliability):
            canvas.clear()
        found = {} if self._result is None else self._result.figures.get("test", {})
        if not found:
            self.text.setText(self.tr("When a run is done, its curves and its calibration stand here."))
            fill(self.table, [])
            return
        self._draw_curves(found["curves"])
        self._draw_reliability(found["calibration"]["bins"])
        rows = [
            [
                name,
                NOTHING if one is None else number(one["n"]),
                NOTHING if one is None else told(one, "roc_auc", 3),
                NOTHING if one is None else told(one, "average_precision", 3),
            ]
            for name in found["classes"]
            for one in (found["curves"][name],)
        ]
        fill(self.table, rows, [theme.class_icon(self._session.position_of(row[0])) for row in rows])
        calibration = found["calibration"]
        said = self.tr("Calibration error {}, Brier score {} (95 % intervals over {}; n = {}). {}")
        over = self.tr(calibration["interval_over"])
        texts = (told(calibration, "ece", 3), told(calibration, "brier", 3), over, number(found["n"]))
        self.text.setText(said.format(*texts, self._legend(found["classes"])))

    def _legend(self, classes: list[str]) -> str:
        signs = [f'<span style="color:{self._colour(name)}">━</span> {escape(name)}' for name in classes]
        return " &nbsp; ".join(signs)

    def _colour(self, name: str) -> str:
        return theme.class_colour(self._session.position_of(name))

    def _draw_curves(self, curves: dict[str, Any]) -> None:
        self.roc.plot([0, 1], [0, 1], pen=pen("line"))
        for place, (name, one) in enumerate(curves.items()):
            if one is None:
                continue
            drawn = pg.mkPen(self._colour(name), width=1.5, style=DASHES[place // 9 % len(DASHES)])
            self.roc.plot(one["roc"]["fpr"], one["roc"]["tpr"], pen=drawn)
            self.pr.plot(one["pr"]["recall"], one["pr"]["precision"], pen=drawn)

    def _draw_reliability(self, bins: list[dict[str, Any]]) -> None:
        self.reliability.plot([0, 1], [0, 1], pen=pen("line"))
        there = [one for one in bins if one["accuracy"] is not None]
        if not there:
            return
        x = np.array([one["confidence"] for one in there])
        y = np.array([one["accuracy"] for one in there])
        between = np.array([one["accuracy_interval"] or [one["accuracy"]] * 2 for one in there])
        bars = pg.ErrorBarItem(
            x=x, y=y, bottom=np.maximum(y - between[:, 0], 0), top=np.maximum(between[:, 1] - y, 0), beam=0.015,
            pen=pen("muted", 1.5),
        )  # fmt: skip
        self.reliability.addItem(bars)
        n = np.array([one["n"] for one in there])
        sizes = 6 + 10 * np.sqrt(n / n.max())
        self.reliability.addItem(pg.ScatterPlotItem(x, y, size=sizes, brush=theme.token("accent"), pen=None))
        self.reliability.plot(x, y, pen=pen("accent", 1))
