"""What dragging over a map does: pan, lasso, rectangle, brush."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QT_TRANSLATE_NOOP, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from desktop.services import theme
from desktop.widgets.map.areas import Path, in_lasso, in_rectangle, under_brush
from desktop.widgets.map.cloud import Cloud, Rows
from desktop.widgets.map.frame import Frame

STILL_PX = 4.0  # a press that moved less than that is a click
STEP_PX = 1.5  # nearer points of a path add nothing


class Stroke:
    """The path of the mouse over the map while its button is down, in places of the map: it stays where it was drawn."""

    def __init__(self, start: tuple[float, float]) -> None:
        self._buffer: Path = np.empty((4096, 2))
        self._n = 0
        self.add(start)

    @property
    def path(self) -> Path:
        """The path, (M, 2)."""
        return self._buffer[: self._n]

    def add(self, place: tuple[float, float]) -> None:
        """Go on to a place."""
        if self._n == len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.empty_like(self._buffer)])
        self._buffer[self._n] = place
        self._n += 1


class Tool(ABC):
    """A tool that chooses points; `radius` (pixels) matters to the brush alone."""

    cursor = Qt.CursorShape.CrossCursor
    clicks = True  # whether a press without a move picks the nearest event

    @abstractmethod
    def choose(self, cloud: Cloud, path: Path, frame: Frame, radius: float) -> Rows:
        """Return the rows that the path chooses."""

    @abstractmethod
    def paint(self, painter: QPainter, pixels: Path, radius: float) -> None:
        """Paint the path, in pixels, while it is drawn."""

    def dress(self, painter: QPainter) -> None:
        """Take the colours of what is being drawn."""
        fill = QColor(theme.token("accent"))
        painter.setPen(QPen(fill, 1.5))
        fill.setAlpha(60)
        painter.setBrush(fill)


class Pan(Tool):
    """Moves the map; the canvas does it, since it needs no path."""

    cursor = Qt.CursorShape.ArrowCursor

    def choose(self, cloud: Cloud, path: Path, frame: Frame, radius: float) -> Rows:
        return np.empty(0, np.intp)

    def paint(self, painter: QPainter, pixels: Path, radius: float) -> None:
        """Paint nothing: the map itself moves."""


class Lasso(Tool):
    """Chooses what lies in a closed path drawn by hand."""

    def choose(self, cloud: Cloud, path: Path, frame: Frame, radius: float) -> Rows:
        return in_lasso(cloud.places, path)

    def paint(self, painter: QPainter, pixels: Path, radius: float) -> None:
        self.dress(painter)
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in pixels.tolist()]))


class Rectangle(Tool):
    """Chooses what lies between two corners."""

    def choose(self, cloud: Cloud, path: Path, frame: Frame, radius: float) -> Rows:
        return in_rectangle(cloud.places, path)

    def paint(self, painter: QPainter, pixels: Path, radius: float) -> None:
        self.dress(painter)
        painter.drawRect(QRectF(QPointF(*pixels[0]), QPointF(*pixels[-1])).normalized())


class Brush(Tool):
    """Chooses what comes under a disc."""

    cursor = Qt.CursorShape.BlankCursor  # its ring shows where it is
    clicks = False

    def choose(self, cloud: Cloud, path: Path, frame: Frame, radius: float) -> Rows:
        return under_brush(cloud.places, path, radius / frame.scale)

    def paint(self, painter: QPainter, pixels: Path, radius: float) -> None:
        self.dress(painter)
        stroke = QPen(painter.brush().color(), 2 * radius)
        stroke.setCapStyle(Qt.PenCapStyle.RoundCap)
        stroke.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(stroke)
        points = [QPointF(x, y) for x, y in pixels.tolist()]
        painter.drawPolyline(QPolygonF(points if len(points) > 1 else points * 2))


@dataclass(frozen=True)
class ToolEntry:
    """A tool with its title and a line of help."""

    title: str
    help: str
    tool: Tool


TOOLS: dict[str, ToolEntry] = {
    "pan": ToolEntry(
        QT_TRANSLATE_NOOP("map", "Move"), QT_TRANSLATE_NOOP("map", "Drag the map; a click selects an event"), Pan()
    ),
    "lasso": ToolEntry(
        QT_TRANSLATE_NOOP("map", "Lasso"), QT_TRANSLATE_NOOP("map", "Draw round events to select them"), Lasso()
    ),
    "rectangle": ToolEntry(
        QT_TRANSLATE_NOOP("map", "Rectangle"),
        QT_TRANSLATE_NOOP("map", "Drag from corner to corner to select what lies between"),
        Rectangle(),
    ),
    "brush": ToolEntry(
        QT_TRANSLATE_NOOP("map", "Brush"),
        QT_TRANSLATE_NOOP("map", "Paint over events to select them; wheel or [ ] changes its size"),
        Brush(),
    ),
}
