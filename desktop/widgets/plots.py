"""Plots in the window's language: axes with quantity and unit, theme colours, no antialiasing, mouse as in ui.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor

from desktop.services import theme


class TimeBox(pg.ViewBox):
    """A view of time: drag pans, Shift+drag selects a range, Ctrl+wheel zooms, wheel scrolls, click picks."""

    panned = Signal(float)
    zoomed = Signal(float, float)
    picked = Signal(float)
    ranged = Signal(float, float)
    ranging = Signal(float, float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(False, False)
        self._band = pg.LinearRegionItem(movable=False, brush=QColor(120, 120, 255, 60))
        self._band.hide()
        self.addItem(self._band, ignoreBounds=True)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        here, before = (self.mapToView(p).x() for p in (event.pos(), event.lastPos()))
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            start = self.mapToView(event.buttonDownPos()).x()
            self._band.setRegion(sorted((start, here)))
            self._band.setVisible(not event.isFinish())
            if event.isFinish() and abs(here - start) > 0:
                self.ranged.emit(min(start, here), max(start, here))
        else:
            self.panned.emit(before - here)

    def mouseClickEvent(self, event: Any) -> None:
        event.accept()
        self.picked.emit(self.mapToView(event.pos()).x())

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        turns = event.delta() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomed.emit(0.8**turns, self.mapToView(event.pos()).x())
        else:
            (left, right), _ = self.viewRange()
            self.panned.emit(-turns * (right - left) / 10)


def plot(name: str, x: str = "", y: str = "", box: pg.ViewBox | None = None) -> pg.PlotWidget:
    """Return a themed plot; `name` is what a screen reader says, `x` and `y` are quantities with units."""
    widget = pg.PlotWidget(background=theme.token("plot"), viewBox=box)
    widget.setAccessibleName(name)
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    item = widget.getPlotItem()
    item.hideButtons()
    item.setMenuEnabled(False)
    if box is None:
        item.setMouseEnabled(False, False)
    for side, text in (("bottom", x), ("left", y)):
        axis = item.getAxis(side)
        axis.setPen(theme.token("line"))
        axis.setTextPen(theme.token("muted"))
        axis.enableAutoSIPrefix(False)
        if text:
            item.setLabel(side, text, color=theme.token("muted"))
    return widget


def pen(key: str, width: float = 1) -> Any:
    """Return a pen of a theme colour."""
    return pg.mkPen(theme.token(key), width=width)


class EventLayer(pg.GraphicsObject):
    """Events as translucent boxes over a trace: one item, whatever their number."""

    def __init__(self, strength: float = 1.0) -> None:
        super().__init__()
        self._strength = strength
        self._boxes: list[tuple[float, float, str, bool, str]] = []
        self._rect = pg.QtCore.QRectF()

    def show_events(self, boxes: list[tuple[float, float, str, bool, str]], low: float, high: float) -> None:
        """Show events as (start, length, colour, selected, text) between two heights."""
        self.prepareGeometryChange()
        self._boxes = boxes
        left = min((b[0] for b in boxes), default=0.0)
        right = max((b[0] + b[1] for b in boxes), default=1.0)
        self._rect = pg.QtCore.QRectF(left, low, max(right - left, 1e-6), high - low)
        self.update()

    def boundingRect(self) -> Any:
        return self._rect

    def paint(self, painter: Any, option: Any, widget: Any = None) -> None:
        low, height = self._rect.top(), self._rect.height()
        for start, length, colour, selected, _text in self._boxes:
            fill = QColor(colour)
            fill.setAlpha(round(self._strength * (110 if selected else 45)))
            outline = QColor(colour)
            outline.setAlpha(255 if selected else 110)
            painter.setPen(pg.mkPen(outline, width=0))
            painter.setBrush(fill)
            painter.drawRect(pg.QtCore.QRectF(start, low, length, height))


def image_levels(db: np.ndarray) -> tuple[float, float]:
    """Return the levels of a spectrogram by the papers' rule: from the mean to three standard deviations above it."""
    finite = db[np.isfinite(db)]
    if not len(finite):
        return 0.0, 1.0
    mean, spread = float(finite.mean()), float(finite.std()) or 1.0
    return mean - 0.5 * spread, mean + 3 * spread
