"""Plots in the window's language: axes with quantity and unit, theme colours, no antialiasing, mouse as in ui.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor

from desktop.services import theme
from desktop.widgets.parts import clock


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


# Distances between ticks of a time axis, s: round as clocks are, not as decimals are.
CLOCK_STEPS = (
    *(m * 10.0**e for e in range(-4, 0) for m in (1, 2, 5)), 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
    4 * 3600, 6 * 3600, 12 * 3600, 24 * 3600,
)  # fmt: skip
TICK_PX = 80


class ClockAxis(pg.AxisItem):
    """A time axis in recording time: ``2:05.5``; `origin` is the time of its zero, s."""

    def __init__(self, orientation: str = "bottom") -> None:
        super().__init__(orientation)
        self.origin = 0.0

    def set_origin(self, seconds: float) -> None:
        """Say which time its zero is, s."""
        if seconds != self.origin:
            self.origin = seconds
            self.picture = None
            self.update()

    def tickSpacing(self, minimum: float, maximum: float, size: float) -> list[tuple[float, float]]:
        least = (maximum - minimum) * TICK_PX / max(size, 1.0)
        place = next((n for n, step in enumerate(CLOCK_STEPS) if step >= least), len(CLOCK_STEPS) - 1)
        return [(CLOCK_STEPS[place], 0.0), (CLOCK_STEPS[max(place - 2, 0)], 0.0)]

    def tickValues(self, minimum: float, maximum: float, size: float) -> list[tuple[float, list[float]]]:
        # Ticks at round recording times, not at round distances from the page's start.
        levels = super().tickValues(minimum + self.origin, maximum + self.origin, size)
        return [(spacing, [value - self.origin for value in values]) for spacing, values in levels]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        decimals = 0 if spacing >= 1 else 1 if spacing >= 0.1 else 2 if spacing >= 0.01 else 3
        return [clock(value + self.origin, decimals) for value in values]


class ThemedPlot(pg.PlotWidget):
    """A plot that follows the theme; `dress` adds what else must be coloured, now and with every other theme."""

    def __init__(
        self, name: str, x: str = "", y: str = "", box: pg.ViewBox | None = None, *, clock: bool = False
    ) -> None:
        axes = {"bottom": ClockAxis()} if clock else None
        super().__init__(background=theme.token("plot"), viewBox=box, axisItems=axes)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.layout.setContentsMargins(1, 7, 9, 1)  # room for the outermost tick labels
        self.getAxis("left").setStyle(hideOverlappingLabels=False)
        if box is None:
            item.setMouseEnabled(False, False)
        for side, text in (("bottom", x), ("left", y)):
            self.getAxis(side).enableAutoSIPrefix(False)
            if text:
                item.setLabel(side, text)
        self._dressers: list[Callable[[], object]] = []
        theme.changed.connect(self.take_theme)
        self.take_theme()

    def dress(self, dresser: Callable[[], object]) -> None:
        """Call a function that sets colours, now and whenever the theme changes."""
        self._dressers.append(dresser)
        dresser()

    def take_theme(self) -> None:
        """Take the colours of the theme in use."""
        self.setBackground(theme.token("plot"))
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(theme.token("line"))
            axis.setTextPen(theme.token("muted"))
            if axis.labelText:
                axis.setLabel(axis.labelText, color=theme.token("muted"))
        for dresser in self._dressers:
            dresser()


def plot(name: str, x: str = "", y: str = "", box: pg.ViewBox | None = None, *, clock: bool = False) -> ThemedPlot:
    """Return a themed plot; `name` is what a screen reader says, `x` and `y` are quantities with units."""
    return ThemedPlot(name, x, y, box, clock=clock)


def pen(key: str, width: float = 1) -> Any:
    """Return a pen of a theme colour."""
    return pg.mkPen(theme.token(key), width=width)


def image_levels(db: np.ndarray) -> tuple[float, float]:
    """Return the levels of a spectrogram by the papers' rule: from the mean to three standard deviations above it."""
    finite = db[np.isfinite(db)]
    if not len(finite):
        return 0.0, 1.0
    mean, spread = float(finite.mean()), float(finite.std()) or 1.0
    return mean - 0.5 * spread, mean + 3 * spread
