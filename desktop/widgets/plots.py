"""Plots in the window's language: axes with quantity and unit, theme colours, no antialiasing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from desktop.services import theme


class ThemedPlot(pg.PlotWidget):
    """A plot that follows the theme; `dress` adds what else must be coloured, now and with every other theme."""

    def __init__(self, name: str, x: str = "", y: str = "", box: pg.ViewBox | None = None) -> None:
        super().__init__(background=theme.token("plot"), viewBox=box, enableMenu=False)
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


def plot(name: str, x: str = "", y: str = "", box: pg.ViewBox | None = None) -> ThemedPlot:
    """Return a themed plot; `name` is what a screen reader says, `x` and `y` are quantities with units."""
    return ThemedPlot(name, x, y, box)


def pen(key: str, width: float = 1) -> Any:
    """Return a pen of a theme colour."""
    return pg.mkPen(theme.token(key), width=width)


def image_levels(db: np.ndarray) -> tuple[float, float]:
    """Return the levels of a spectrogram by the papers' rule: μ − σ/2 to μ + 3σ."""
    finite = db[np.isfinite(db)]
    if not len(finite):
        return 0.0, 1.0
    mean, spread = float(finite.mean()), float(finite.std()) or 1.0
    return mean - 0.5 * spread, mean + 3 * spread
