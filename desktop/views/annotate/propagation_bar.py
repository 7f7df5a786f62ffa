"""Propagation below the map: method, its sliders, what to expect of them, and Accept or Discard."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from core.annotation import PROPAGATORS, TradeOff
from desktop.services import theme
from desktop.widgets.choices import offer
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.parts import button, interval, label, line, number
from desktop.widgets.plots import pen, plot

SETTLED_MS = 250  # a slider that has not moved for so long is where it is wanted
NEAR_PX = 14  # how near to a point of the curve a click must be to mean it
Values = dict[str, float]


class ParameterSlider:
    """A slider of a parameter of `PROPAGATORS` with its text; it counts steps, since Qt's sliders know whole numbers only."""

    def __init__(self, parameter, value: float | None) -> None:
        self.parameter, self.text, self.slider = parameter, line(""), QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(parameter.low / parameter.step), round(parameter.high / parameter.step))
        self.slider.setValue(round((parameter.start if value is None else value) / parameter.step))
        self.slider.setAccessibleName(f"{parameter.title} {parameter.symbol}")
        self.decimals = 0 if parameter.step >= 1 else 2
        self.say()

    @property
    def value(self) -> float:
        value = self.slider.value() * self.parameter.step
        return int(value) if self.parameter.step >= 1 else round(value, 6)

    def say(self) -> None:
        """Write the value beside the slider."""
        # The value first: a narrow line is cut at its end.
        value = f"{self.parameter.symbol} = {number(self.value, self.decimals)}"
        text = f"{value}  {self.parameter.title.lower()}"
        self.text.setText(text)


class PropagationBar(QWidget):
    """`moved` tells at once that method or a parameter is another, by mouse or by keys; `changed` when it has come to rest."""

    moved = Signal()
    changed = Signal()
    preview = Signal()
    accept = Signal()
    discard = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.resting = QTimer(self)
        self.resting.setSingleShot(True)
        self.resting.setInterval(SETTLED_MS)
        self.resting.timeout.connect(self.changed.emit)
        self.most = 50  # of k: a map of N events has no more than N − 1 neighbours
        self.sliders: dict[str, ParameterSlider] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(12)
        row.addLayout(self._left(), 3)
        row.addWidget(self._middle(), 2)
        row.addLayout(self._right(), 2)
        self._offer_sliders()
        self.show_preview(None)

    def _left(self) -> QVBoxLayout:
        column, head = QVBoxLayout(), QHBoxLayout()
        self.method: QComboBox = ElidedComboBox()
        self.method.setAccessibleName(self.tr("Method of propagation"))
        offer(self.method, PROPAGATORS)
        self.method.currentIndexChanged.connect(lambda _n: self._method_chosen())
        head.addWidget(label(self.tr("Method")))
        head.addWidget(self.method, 1)
        column.addLayout(head)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(0, 2)
        self._grid.setColumnStretch(1, 3)
        column.addLayout(self._grid)
        self.text = label("", wrap=True)  # coverage and accuracy at exactly these values
        self.notes = label("", "muted", wrap=True)
        column.addWidget(self.text)
        column.addWidget(self.notes)
        column.addStretch(1)
        return column

    def _middle(self) -> QWidget:
        self.plot = plot(self.tr("Accuracy against coverage"), self.tr("Labelled (%)"), self.tr("Right (%)"))
        self.plot.setMinimumSize(140, 120)
        self.plot.setMaximumSize(340, 220)
        self.plot.setToolTip(self.tr("Each point is a k and a τ; click one to use it. Faint lines: other k."))
        self.plot.scene().sigMouseClicked.connect(lambda event: self._clicked(event.scenePos()))
        self._lines: list[pg.PlotDataItem] = []
        self._here = pg.ScatterPlotItem(size=12, brush=None, pen=pen("bad", 2))
        self.plot.addItem(self._here)
        self._curve: list[TradeOff] = []
        self._point: TradeOff | None = None
        self.plot.dress(self._draw)
        return self.plot

    def _right(self) -> QVBoxLayout:
        column, decide = QVBoxLayout(), QHBoxLayout()
        self.preview_button = QPushButton(self.tr("Preview labels"))
        self.preview_button.setProperty("role", "primary")
        self.preview_button.setToolTip(self.tr("Show on the map what would be labelled; nothing changes (Ctrl+Return)"))
        self.preview_button.clicked.connect(lambda _checked=False: self.preview.emit())
        tip = self.tr("Label them: one step of undo (Ctrl+Shift+Return)")
        self.accept_button = button(self.tr("Accept"), self.accept.emit, primary=True, tip=tip)
        self.discard_button = button(self.tr("Discard"), self.discard.emit, tip=self.tr("Put the preview away (Esc)"))
        # Explicit: how many labels are proposed must not widen the window.
        for one, least in ((self.preview_button, 140), (self.accept_button, 76), (self.discard_button, 76)):
            one.setMinimumWidth(least)
        decide.addWidget(self.accept_button)
        decide.addWidget(self.discard_button)
        self.legend = label(self.tr("rings: proposed, filled: labelled"), "muted", wrap=True)
        column.addWidget(self.preview_button)
        column.addLayout(decide)
        column.addWidget(self.legend)
        column.addStretch(1)
        return column

    # Values

    @property
    def values(self) -> Values:
        """The parameters of the method by name."""
        return {name: one.value for name, one in self.sliders.items()}

    @property
    def k(self) -> QSlider:
        """The slider of k."""
        return self.sliders["k"].slider

    @property
    def tau(self) -> QSlider:
        """The slider of τ."""
        return self.sliders["tau"].slider

    def limit(self, n: int) -> None:
        """Offer no more neighbours than a map of `n` events has."""
        self.most = max(1, min(50, n - 1))
        if "k" in self.sliders:
            self.k.blockSignals(True)
            self.k.setMaximum(self.most)
            self.k.blockSignals(False)
            self.sliders["k"].say()

    def _offer_sliders(self) -> None:
        """Offer the parameters of the method; those that the one before had, too, keep their values."""
        kept = self.values
        while self._grid.count():
            self._grid.takeAt(0).widget().deleteLater()
        entry = PROPAGATORS[self.method.currentData()]
        self.sliders = {name: ParameterSlider(p, kept.get(name)) for name, p in entry.parameters.items()}
        for row, one in enumerate(self.sliders.values()):
            one.slider.valueChanged.connect(lambda _value: self._moved())
            self._grid.addWidget(one.text, row, 0)
            self._grid.addWidget(one.slider, row, 1)
        if not self.sliders:
            self._grid.addWidget(label(self.tr("This method has nothing to set."), "muted"), 0, 0)
        self.method.setToolTip(entry.help)
        self.limit(self.most + 1)

    def _method_chosen(self) -> None:
        self._offer_sliders()
        self._moved()

    def _moved(self) -> None:
        for one in self.sliders.values():
            one.say()
        self.moved.emit()
        self.resting.start()

    # What to expect

    def say(self, text: str, notes: Sequence[str] = ()) -> None:
        """Say what can be expected at the present values, or why nothing can."""
        self.text.setText(text)
        self.notes.setText(" ".join(notes))
        self.notes.setVisible(bool(notes))

    def show_point(self, point: TradeOff, notes: Sequence[str] = ()) -> None:
        """Show coverage and accuracy at exactly the present k and τ."""
        self._point = point
        share = self.tr("Labels {} % of the events").format(number(math.floor(1000 * point.coverage) / 10, 1))
        e = point.interval
        if e.value is None or e.low is None or e.high is None:
            right = self.tr("how many are right is not known: {}.").format(e.why)
        else:
            right = self.tr("{} % of hidden labels come back right (95 % interval; n = {}).").format(
                interval(100 * e.value, (100 * e.low, 100 * e.high), 1), number(point.n)
            )
        self.say(f"{share}; {right}", list(dict.fromkeys([*point.notes, *notes])))
        self._draw()

    def show_curve(self, curve: list[TradeOff]) -> None:
        """Show the trade-off; the line of the present k stands out."""
        self._curve = [c for c in curve if c.n]
        if not curve:
            self._point = None
        self._draw()

    def _draw(self) -> None:
        for drawn in self._lines:
            self.plot.removeItem(drawn)
        self._lines = []
        now = self.values.get("k")
        for k in sorted({c.k for c in self._curve}, key=lambda k: k == now):
            of = [c for c in self._curve if c.k == k]
            key = "accent" if k == now else "line"
            drawn = self.plot.plot(
                [100 * c.coverage for c in of], [100 * c.accuracy for c in of], pen=pen(key, 2 if k == now else 1),
                symbol="o", symbolSize=6, symbolBrush=theme.token(key), symbolPen=None,
            )  # fmt: skip
            self._lines.append(drawn)
        point = self._point
        good = point is not None and point.n > 0 and "tau" in self.sliders
        self._here.setPen(pen("bad", 2))
        self._here.setData([100 * point.coverage] if good else [], [100 * point.accuracy] if good else [])

    def _clicked(self, at: QPointF) -> None:
        """Use the k and τ of the point of the curve that was clicked."""
        if not self._curve or "tau" not in self.sliders:
            return
        box = self.plot.getPlotItem().vb
        spots = [box.mapViewToScene(QPointF(100 * c.coverage, 100 * c.accuracy)) for c in self._curve]
        away = [math.hypot(spot.x() - at.x(), spot.y() - at.y()) for spot in spots]
        nearest = int(np.argmin(away))
        if away[nearest] <= NEAR_PX:
            self.use(self._curve[nearest].k, self._curve[nearest].tau)

    def use(self, k: int, tau: float) -> None:
        """Set k and τ."""
        self.k.setValue(k)
        self.tau.setValue(round(tau / self.sliders["tau"].parameter.step))

    def show_preview(self, n: int | None, *, stale: bool = False) -> None:
        """Show that a proposal of `n` labels waits, or, with None, that none does; a stale one cannot be accepted."""
        self.accept_button.setEnabled(bool(n) and not stale)
        self.discard_button.setEnabled(n is not None)
        self.legend.setVisible(n is not None)
        text = self.tr("Preview labels")
        if n is not None:
            proposed = self.tr("1 label proposed") if n == 1 else self.tr("{} labels proposed").format(number(n))
            text = self.tr("{}, out of date").format(proposed) if stale else proposed
        self.preview_button.setText(text)
