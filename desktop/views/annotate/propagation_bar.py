"""Propagation below the map: method, its sliders, what to expect of them, and Accept or Discard."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.annotation import PROPAGATORS, SUREST, TradeOff
from desktop.services import theme
from desktop.widgets.choices import offer
from desktop.widgets.elided import ElidedButton, ElidedComboBox
from desktop.widgets.parts import button, interval, label, line, number
from desktop.widgets.plots import pen, plot

SETTLED_MS = 250  # a slider that has not moved for so long is where it is wanted
NEAR_PX = 14  # how near to a point of the curve a click must be to mean it
LEAST_LINES = 4  # of what can be expected: what most often is said
Values = dict[str, float]
Wanted = tuple[str, Values, float]  # method, its parameters, share of the surest labels


class ParameterSlider:
    """A slider of a parameter of `PROPAGATORS` with its text; it counts steps, since Qt's sliders know whole numbers only."""

    def __init__(self, parameter, value: float | None) -> None:
        self.parameter, self.text, self.slider = parameter, line(""), QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(parameter.low / parameter.step), round(parameter.high / parameter.step))
        self.slider.setValue(round((parameter.start if value is None else value) / parameter.step))
        self.slider.setAccessibleName(f"{parameter.title} {parameter.symbol}")
        self.slider.setToolTip(parameter.title)
        self.decimals = 0 if parameter.step >= 1 else 2
        self.say()

    @property
    def value(self) -> float:
        value = self.slider.value() * self.parameter.step
        return int(value) if self.parameter.step >= 1 else round(value, 6)

    @value.setter
    def value(self, value: float) -> None:
        self.slider.setValue(round(value / self.parameter.step))

    def say(self) -> None:
        """Write the value beside the slider."""
        # The value first: a narrow line is cut at its end.
        value = f"{self.parameter.symbol} = {number(self.value, self.decimals)}{self.parameter.unit}"
        self.text.setText(f"{value}  {self.parameter.title.lower()}")


class Words(QScrollArea):
    """Text of any length: what does not fit is scrolled to, never cut."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, LEAST_LINES * self.fontMetrics().lineSpacing())


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
        self.surest_slider = ParameterSlider(SUREST, None)
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(12, 8, 12, 4)
        column.setSpacing(6)
        row.setSpacing(12)
        column.addLayout(self._head())
        row.addLayout(self._left(), 3)
        row.addWidget(self._trade_off(), 2)
        column.addLayout(row, 1)
        self.surest_slider.slider.valueChanged.connect(lambda _value: self._moved())
        self._offer_sliders()
        self.show_preview(None)

    def _head(self) -> QHBoxLayout:
        """The method, and what is done with what it proposes: above, so that no size of the window hides it."""
        row = QHBoxLayout()
        row.setSpacing(6)
        self.method: QComboBox = ElidedComboBox()
        self.method.setAccessibleName(self.tr("Method of propagation"))
        offer(self.method, PROPAGATORS)
        self.method.currentIndexChanged.connect(lambda _n: self._method_chosen())
        self.preview_button = ElidedButton(self.tr("Preview labels"))
        self.preview_button.setProperty("role", "primary")
        tip = self.tr("Show on the map what would be labelled; nothing changes (Ctrl+Return)")
        self.preview_button.setProperty("tip", tip)
        self.preview_button.clicked.connect(lambda _checked=False: self.preview.emit())
        tip = self.tr("Label them: one step of undo (Ctrl+Shift+Return)")
        self.accept_button = button(self.tr("Accept"), self.accept.emit, primary=True, tip=tip)
        self.discard_button = button(self.tr("Discard"), self.discard.emit, tip=self.tr("Put the preview away (Esc)"))
        row.addWidget(self.method, 2)
        row.addWidget(self.preview_button, 3)
        row.addWidget(self.accept_button)
        row.addWidget(self.discard_button)
        # Explicit: how many labels are proposed must not widen the window.
        self.preview_button.setMinimumWidth(140)
        return row

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self.text = label("", wrap=True)  # coverage and accuracy at exactly these values
        self.notes = label("", "muted", wrap=True)
        self.legend = label(self.tr("rings: proposed, filled: labelled"), "muted", wrap=True)
        words, scroll = QWidget(), Words()
        inside = QVBoxLayout(words)
        inside.setContentsMargins(0, 0, 4, 0)
        inside.setSpacing(4)
        for each in (self.text, self.legend, self.notes):
            inside.addWidget(each)
        inside.addStretch(1)
        scroll.setWidget(words)
        column.addWidget(scroll, 1)
        return column

    def _trade_off(self) -> QWidget:
        self.plot = plot(self.tr("Accuracy against coverage"), self.tr("Labelled (%)"), self.tr("Right (%)"))
        self.plot.setMinimumSize(140, 100)
        self.plot.setMaximumWidth(360)
        self.plot.setToolTip(
            self.tr("Each point is a choice of the sliders; click one to use it. Faint lines: other k.")
        )
        self.plot.scene().sigMouseClicked.connect(lambda event: self._clicked(event.scenePos()))
        self.plot.getPlotItem().vb.setLimits(xMin=-5, xMax=105, yMin=-5, yMax=105)  # shares: no axis goes on to 120 %
        self._lines: list[pg.PlotDataItem] = []
        self._here = pg.ScatterPlotItem(size=12, brush=None, pen=pen("bad", 2))
        self.plot.addItem(self._here)
        self._curve: list[TradeOff] = []
        self._point: TradeOff | None = None
        self._drawn_k: float | None = None  # of which the line stands out
        self.plot.dress(self._draw)
        return self.plot

    # Values

    @property
    def values(self) -> Values:
        """The parameters of the method by name."""
        return {name: one.value for name, one in self.sliders.items()}

    @property
    def surest(self) -> float:
        """The share of the proposed labels that is wanted, the surest first."""
        return self.surest_slider.value / 100

    @property
    def wanted(self) -> Wanted:
        """The method, its parameters, and the share of the surest labels."""
        return self.method.currentData(), self.values, self.surest

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
        of_all = (self.surest_slider.text, self.surest_slider.slider)
        while self._grid.count():
            if (old := self._grid.takeAt(0).widget()) not in of_all:
                old.deleteLater()
        entry = PROPAGATORS[self.method.currentData()]
        self.sliders = {name: ParameterSlider(p, kept.get(name)) for name, p in entry.parameters.items()}
        for one in self.sliders.values():
            one.slider.valueChanged.connect(lambda _value: self._moved())
        for row, one in enumerate([*self.sliders.values(), self.surest_slider]):
            self._grid.addWidget(one.text, row, 0)
            self._grid.addWidget(one.slider, row, 1)
        self.method.setToolTip(entry.help)
        self.limit(self.most + 1)

    def _method_chosen(self) -> None:
        self._offer_sliders()
        self.show_curve([])
        self.say(self.tr("How many are right is being estimated …"))
        self._moved()

    def _moved(self) -> None:
        for one in (*self.sliders.values(), self.surest_slider):
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
        if self._drawn_k == self.values.get("k"):
            self._draw_point()
        else:
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
        now = self._drawn_k = self.values.get("k")
        for k in sorted({c.k for c in self._curve}, key=lambda k: k == now):
            of = [c for c in self._curve if c.k == k]
            key = "accent" if k == now else "line"
            drawn = self.plot.plot(
                [100 * c.coverage for c in of], [100 * c.accuracy for c in of], pen=pen(key, 2 if k == now else 1),
                symbol="o", symbolSize=6, symbolBrush=theme.token(key), symbolPen=None,
            )  # fmt: skip
            self._lines.append(drawn)
        self._draw_point()

    def _draw_point(self) -> None:
        point = self._point
        good = point is not None and point.n > 0
        self._here.setPen(pen("bad", 2))
        self._here.setData([100 * point.coverage] if good else [], [100 * point.accuracy] if good else [])

    def _clicked(self, at: QPointF) -> None:
        """Use the values of the point of the curve that was clicked."""
        if not self._curve:
            return
        box = self.plot.getPlotItem().vb
        spots = [box.mapViewToScene(QPointF(100 * c.coverage, 100 * c.accuracy)) for c in self._curve]
        away = [math.hypot(spot.x() - at.x(), spot.y() - at.y()) for spot in spots]
        nearest = int(np.argmin(away))
        if away[nearest] <= NEAR_PX:
            point = self._curve[nearest]
            self.use(point.k, point.tau, point.surest)

    def use(self, k: float | None = None, tau: float | None = None, surest: float | None = None) -> None:
        """Set k, τ and the share of the surest labels; None leaves one as it is."""
        if k is not None:
            self.sliders["k"].value = k
        if tau is not None:
            self.sliders["tau"].value = tau
        if surest is not None:
            self.surest_slider.value = 100 * surest

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
