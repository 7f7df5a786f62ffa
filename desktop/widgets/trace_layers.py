"""What lies over traces and spectrograms: event boxes and scale bars, each one graphics item whatever their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from desktop.services import theme
from desktop.widgets.parts import number


@dataclass(frozen=True)
class Box:
    """An event to draw: its time (s), its colour, whether it is selected, and what is written on it."""

    start_s: float
    length_s: float
    colour: str
    selected: bool = False
    text: str = ""


class EventLayer(pg.GraphicsObject):
    """Events as translucent boxes over a trace: one item whatever their number, painted colour by colour."""

    TEXTS = 60  # more would write over each other

    def __init__(self, strength: float = 1.0, *, texts: bool = False) -> None:
        super().__init__()
        self._strength, self._texts = strength, texts
        self._groups: dict[tuple[str, bool], list[QRectF]] = {}
        self._named: list[Box] = []
        self._rect = QRectF()

    def show_boxes(self, boxes: list[Box], origin_s: float, low: float, high: float) -> None:
        """Show events between two heights; `origin_s` is the time of the plot's zero."""
        self.prepareGeometryChange()
        self._groups = {}
        for box in boxes:
            rect = QRectF(box.start_s - origin_s, low, box.length_s, high - low)
            self._groups.setdefault((box.colour, box.selected), []).append(rect)
        named = [box for box in boxes if box.text] if self._texts else []
        few = named if len(named) <= self.TEXTS else [box for box in named if box.selected][: self.TEXTS]
        self._named = sorted(few, key=lambda box: box.start_s)
        self._origin = origin_s
        left = min((box.start_s for box in boxes), default=0.0) - origin_s
        right = max((box.start_s + box.length_s for box in boxes), default=1.0) - origin_s
        self._rect = QRectF(left, low, max(right - left, 1e-6), high - low)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: Any, option: Any, widget: Any = None) -> None:
        # The selected ones last, so that no neighbour covers them.
        for (colour, selected), rects in sorted(self._groups.items(), key=lambda group: group[0][1]):
            fill, outline = QColor(colour), QColor(colour)
            fill.setAlpha(round(self._strength * (110 if selected else 45)))
            outline.setAlpha(255 if selected else 110)
            painter.setPen(QPen(outline, 0))
            painter.setBrush(fill)
            painter.drawRects(rects)
        if self._named:
            self._write(painter)

    def _write(self, painter: Any) -> None:
        """Write what the boxes are at their upper ends, in pixels."""
        view, metrics, free = painter.transform(), painter.fontMetrics(), -1e9
        painter.save()
        painter.resetTransform()
        for box in self._named:
            at = view.map(QPointF(box.start_s - self._origin, self._rect.bottom()))
            if at.x() >= free or box.selected:
                painter.setPen(QColor(theme.token("text")))
                painter.drawText(QPointF(at.x() + 2, at.y() + 12), box.text)
                free = at.x() + metrics.horizontalAdvance(box.text) + 8
        painter.restore()


class ScaleBars(pg.GraphicsObject):
    """Vertical bars at the left edge, one per trace, of the height that the gutter states."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[QLineF] = []
        self._rect = QRectF()

    def show_bars(self, bars: list[tuple[float, float]], x: float) -> None:
        """Show bars as (middle, height) at `x`."""
        self.prepareGeometryChange()
        self._lines = [QLineF(x, middle - height / 2, x, middle + height / 2) for middle, height in bars]
        low = min((line.y1() for line in self._lines), default=0.0)
        high = max((line.y2() for line in self._lines), default=1.0)
        self._rect = QRectF(x, low, 1e-9, high - low)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: Any, option: Any, widget: Any = None) -> None:
        bar = QPen(QColor(theme.token("muted")), 3)
        bar.setCosmetic(True)
        bar.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(bar)
        painter.drawLines(self._lines)


def nice(value: float) -> float:
    """Return the largest of …, 0.1, 0.2, 0.5, 1, 2, 5, … that is at most `value`; 1 for what is not positive."""
    if not (np.isfinite(value) and value > 0):
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)))


def amount(value: float, unit: str) -> str:
    """Return a nice value with its unit, with as many digits as it has."""
    decimals = max(0, -int(np.floor(np.log10(value)))) if value > 0 else 0
    return f"{number(value, decimals)} {unit}"
