"""The strips round the map: maps to choose from, classes, propagation."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.annotation import TradeOff
from core.projection import ProjectionSet
from core.study import UNSURE, LabelClass, RunEntry
from desktop.services import theme
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.map import Cloud, Picture, still
from desktop.widgets.parts import button, label, number
from desktop.widgets.plots import pen, plot

SETTLED_MS = 250  # a slider that has not moved for so long is where it is wanted
COLOUR_BY = ("label", "local quality", "recording", "kind", "prediction")


def thumbnail(points: np.ndarray, codes: np.ndarray, palette: np.ndarray, size: int = 132) -> QPixmap:
    """Return a small picture of a map."""
    picture = Picture(Cloud(np.arange(len(points)), points))
    picture.show_codes(codes, palette)
    return still(picture, size, size)


class QualityScale(QWidget):
    """The colours of local quality with what their ends mean."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        bar = QLabel()
        bar.setFixedHeight(10)
        last = len(theme.CIVIDIS) - 1
        stops = ", ".join(f"stop:{n / last:.3f} rgb{colour}" for n, colour in enumerate(theme.CIVIDIS))
        bar.setStyleSheet(f"background: qlineargradient(x1:0, y1:0, x2:1, y2:0, {stops});")
        bar.setAccessibleName(self.tr("Colours of local quality, from low to high"))
        layout.addWidget(bar)
        ends = QHBoxLayout()
        ends.addWidget(label(self.tr("0 torn apart"), "muted"))
        ends.addStretch(1)
        ends.addWidget(label(self.tr("1 kept"), "muted"))
        layout.addLayout(ends)
        self.setToolTip(self.tr("How far the map keeps the neighbours that an event has among the features"))


class MapsStrip(QWidget):
    """Feature space, best, middle and worst map, what colours the points."""

    run_chosen = Signal(str)
    map_chosen = Signal(int)
    colour_chosen = Signal(str)
    learn = Signal()
    project = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(190)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 6, 10)
        layout.addWidget(label(self.tr("Features"), "title"))
        self.features = ElidedComboBox()
        self.features.setAccessibleName(self.tr("Feature space"))
        layout.addWidget(self.features)
        layout.addWidget(button(self.tr("Learn features…"), self.learn.emit))
        layout.addWidget(label(self.tr("Maps"), "title"))
        self.runs = ElidedComboBox()
        self.runs.setAccessibleName(self.tr("Projection"))
        self.runs.activated.connect(lambda i: self.run_chosen.emit(self.runs.itemData(i)))
        layout.addWidget(self.runs)
        self.maps = QListWidget()
        self.maps.setAccessibleName(self.tr("Best, middle and worst map"))
        self.maps.setViewMode(QListWidget.ViewMode.IconMode)
        self.maps.setIconSize(QSize(132, 132))
        self.maps.setMovement(QListWidget.Movement.Static)
        self.maps.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.maps.setWordWrap(True)
        self.maps.itemClicked.connect(lambda item: self.map_chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        layout.addWidget(self.maps, 1)
        layout.addWidget(button(self.tr("Make maps…"), self.project.emit))
        layout.addWidget(label(self.tr("Colour by"), "title"))
        self.colour = QComboBox()
        self.colour.setAccessibleName(self.tr("Colour by"))
        for name in COLOUR_BY:
            self.colour.addItem(self.tr(name), name)
        self.colour.activated.connect(lambda i: self.colour_chosen.emit(self.colour.itemData(i)))
        layout.addWidget(self.colour)
        self.scale = QualityScale()
        self.scale.hide()
        self.colour.currentIndexChanged.connect(
            lambda _i: self.scale.setVisible(self.colour.currentData() == "local quality")
        )
        layout.addWidget(self.scale)

    def clear(self) -> None:
        """Show nothing: another study is open."""
        for widget in (self.features, self.runs, self.maps):
            widget.clear()

    def show_runs(self, features: list[RunEntry], projections: list[RunEntry], current: str | None) -> None:
        """List the finished feature spaces and projections."""
        for box, runs in ((self.features, features), (self.runs, projections)):
            box.clear()
            for run in reversed(runs):
                box.addItem(run.name, run.id)
        if current is not None:
            self.runs.setCurrentIndex(max(0, self.runs.findData(current)))

    def show_maps(self, maps: ProjectionSet, codes: np.ndarray, palette: np.ndarray) -> None:
        """Show the three thumbnails with silhouette and parameters."""
        self.maps.clear()
        for title, which in (
            (self.tr("best"), maps.best),
            (self.tr("middle"), maps.middle),
            (self.tr("worst"), maps.worst),
        ):
            made = maps.maps[which]
            score = self.tr("no labels") if made.silhouette is None else f"s = {number(made.silhouette, 2)}"
            how = made.params["method"] + (f" {made.params['perplexity']:g}" if "perplexity" in made.params else "")
            item = QListWidgetItem(QIcon(thumbnail(made.points, codes, palette)), f"{title}: {score}\n{how}")
            item.setData(Qt.ItemDataRole.UserRole, which)
            item.setToolTip(", ".join(f"{k} {v}" for k, v in made.params.items()))
            self.maps.addItem(item)


class ClassesStrip(QWidget):
    """Classes with key, colour, shape and count; a click labels the selection."""

    chosen = Signal(str)
    add = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(170)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 10, 10, 10)
        layout.addWidget(label(self.tr("Classes"), "title"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Classes: activate one to label the selection"))
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        layout.addWidget(self.list, 1)
        layout.addWidget(button(self.tr("Add a class…"), self.add.emit))
        self.selection = label("", "muted", wrap=True)
        layout.addWidget(self.selection)

    def show_classes(self, classes: list[LabelClass], counts: dict[str, int], unlabelled: int) -> None:
        """Show the classes of the events on the map."""
        self.list.clear()
        as_class = self.tr("Label the selection as {} (key {})")
        for c in (c for c in classes if c.key != UNSURE):
            text = f"{c.position}  {theme.class_shape(c.position)}  {c.title}   {number(counts.get(c.key, 0))}"
            self._add(c.key, text, theme.class_colour(c.position), as_class.format(c.title, c.position))
        grey, unsure = theme.token("muted"), self.tr("0  ?  unsure   {}").format(number(counts.get(UNSURE, 0)))
        tip = self.tr("Label the selection as unsure (key 0): it is kept, but never learnt or passed on")
        self._add(UNSURE, unsure, grey, tip)
        rest = self.tr("–  ·  unlabelled   {}").format(number(unlabelled))
        self._add("", rest, grey, self.tr("Take the label of the selection away (Del)"))

    def _add(self, key: str, text: str, colour: str, tip: str) -> None:
        item = QListWidgetItem(text)
        item.setForeground(QColor(colour))
        item.setData(Qt.ItemDataRole.UserRole, key)
        item.setToolTip(tip)
        self.list.addItem(item)


class PropagationBar(QFrame):
    """K and τ, the trade-off, and Preview → Accept or Discard.

    `moved` tells at once that K or τ is another, by mouse or by keys; `changed` when the slider has come to rest.
    """

    moved = Signal()
    changed = Signal()
    preview = Signal()
    accept = Signal()
    discard = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.resting = QTimer(self)
        self.resting.setSingleShot(True)
        self.resting.setInterval(SETTLED_MS)
        self.resting.timeout.connect(self.changed.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        sliders = QVBoxLayout()
        self.k, self.k_text = self._slider(sliders, self.tr("Neighbours K"), 1, 50, 10)
        self.tau, self.tau_text = self._slider(sliders, self.tr("Least quality τ"), 0, 100, 10)
        row.addLayout(sliders, 3)
        self.plot = plot(self.tr("Accuracy against coverage"), self.tr("Labelled (%)"), self.tr("Right (%)"))
        self.plot.setFixedHeight(110)
        self.plot.setMinimumWidth(150)
        self.plot.setMaximumWidth(230)
        self._line = self.plot.plot(
            [], [], pen=pen("accent"), symbol="o", symbolSize=5, symbolBrush=theme.token("accent")
        )
        self._here = pg.ScatterPlotItem(size=11, brush=None, pen=pen("bad", 2))
        self.plot.addItem(self._here)
        row.addWidget(self.plot, 2)
        buttons = QVBoxLayout()
        self.text = label("", "muted", wrap=True)
        buttons.addWidget(self.text)
        self.preview_button = QPushButton(self.tr("Preview labels"))
        self.preview_button.setProperty("role", "primary")
        self.preview_button.clicked.connect(lambda _checked=False: self.preview.emit())
        buttons.addWidget(self.preview_button)
        decide = QHBoxLayout()
        self.accept_button = button(self.tr("Accept"), self.accept.emit, primary=True)
        self.discard_button = button(self.tr("Discard"), self.discard.emit)
        decide.addWidget(self.accept_button)
        decide.addWidget(self.discard_button)
        buttons.addLayout(decide)
        self.legend = label(self.tr("rings: proposed, filled: labelled"), "muted", wrap=True)
        buttons.addWidget(self.legend)
        row.addLayout(buttons, 2)
        self.show_preview(None)
        self._show_values()

    def _slider(self, layout: QVBoxLayout, title: str, low: int, high: int, value: int) -> tuple[QSlider, QLabel]:
        row = QHBoxLayout()
        text = label("")
        text.setMinimumWidth(116)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setValue(value)
        slider.setAccessibleName(title)
        slider.setProperty("title", title)
        slider.valueChanged.connect(lambda _v: self._moved())
        row.addWidget(text)
        row.addWidget(slider, 1)
        layout.addLayout(row)
        return slider, text

    @property
    def values(self) -> tuple[int, float]:
        """K and τ."""
        return self.k.value(), self.tau.value() / 100

    def _moved(self) -> None:
        self._show_values()
        self.moved.emit()
        self.resting.start()

    def _show_values(self) -> None:
        k, tau = self.values
        self.k_text.setText(f"{self.k.property('title')}: {k}")
        self.tau_text.setText(f"{self.tau.property('title')}: {number(tau, 2)}")

    def show_curve(self, curve: list[TradeOff]) -> None:
        """Show the trade-off; the ring is the present τ."""
        good = [c for c in curve if c.n]
        x, y = [100 * c.coverage for c in good], [100 * c.accuracy for c in good]
        self._line.setData(x, y)
        near = min(good, key=lambda c: abs(c.tau - self.values[1]), default=None)
        self._here.setData([] if near is None else [100 * near.coverage], [] if near is None else [100 * near.accuracy])
        if near is not None:
            self.text.setText(
                self.tr("About {} % of hidden labels come back right (n = {}).").format(
                    number(math.floor(1000 * near.accuracy) / 10, 1), number(near.n)
                )
            )
        else:
            self.text.setText(
                self.tr("Label at least two events of each class to see what propagation would get right.")
            )

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
