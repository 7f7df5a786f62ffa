"""What is drawn over the points of a map: rings, a path of donors, a brush, notes, the legend of a density."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QPolygonF

from desktop.services import theme
from desktop.widgets.map.areas import Path
from desktop.widgets.map.density import Density
from desktop.widgets.map.palettes import inks
from desktop.widgets.parts import number

EDGE = 8  # pixels between notes and the edge
HOVER_PX, RING_PX = 8.0, 7.0  # radius of the ring round the event under the pointer, and round one of few selected
FEW = 200  # selected events that also get a ring each: one alone is found on a full map only so
SCALE_WIDTH, SCALE_HEIGHT = 120, 8


def paint_rings(painter: QPainter, pixels: Path, radius: float, key: str, width: float = 1.5) -> None:
    """Paint rings round points (M, 2) in a colour of the theme, with a rim of paper that sets them off."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, more in ((theme.token("plot"), 2.0), (theme.token(key), 0.0)):
        painter.setPen(QPen(QColor(colour), width + more))
        for x, y in pixels.tolist():
            painter.drawEllipse(QPointF(x, y), radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_path(painter: QPainter, pixels: Path) -> None:
    """Paint the way of a label (M, 2) to the event it comes from, which is the last: a line with a larger ring at its end."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = QPolygonF([QPointF(x, y) for x, y in pixels.tolist()])
    for colour, width in ((theme.token("plot"), 4.0), (theme.token("accent"), 2.0)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawPolyline(line)
    paint_rings(painter, pixels[:-1], 4.0, "accent")
    paint_rings(painter, pixels[-1:], RING_PX + 2, "accent", 2.5)


def paint_note(painter: QPainter, room: QRectF, text: str, where: Qt.AlignmentFlag, key: str = "muted") -> None:
    """Write a note at an edge of the map, on paper, so that points behind it do not disturb it."""
    if not text:
        return
    within = room.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    flags = int(where) | int(Qt.TextFlag.TextWordWrap)
    box = painter.boundingRect(within, flags, text).adjusted(-4, -2, 4, 2)
    paper = QColor(theme.token("plot"))
    paper.setAlpha(215)
    painter.fillRect(box, paper)
    painter.setPen(QColor(theme.token(key)))
    painter.drawText(within, flags, text)


def density_title(metrics: QFontMetrics, most: int) -> tuple[str, int]:
    """Return what is written over the colours of a density, and their width: no more than `most`, as on a small map."""
    whole = QCoreApplication.translate("map", "events per 10 × 10 pixels (logarithmic)")
    short = QCoreApplication.translate("map", "per 10 × 10 px, log")
    title = whole if metrics.horizontalAdvance(whole) <= most else short
    width = min(most, max(SCALE_WIDTH, metrics.horizontalAdvance(title)))
    return metrics.elidedText(title, Qt.TextElideMode.ElideRight, width), width


def paint_density_legend(painter: QPainter, room: QRectF, dense: Density) -> None:
    """Paint the colours of a density at the lower right, with the numbers of their ends."""
    low, high = (number(value, 1 if value < 10 else 0) for value in (dense.low, dense.high))
    metrics, most = painter.fontMetrics(), int(room.width()) - 2 * EDGE - 8
    title, width = density_title(metrics, most)
    line = metrics.height()
    box = QRectF(room.right() - EDGE - width - 8, room.bottom() - EDGE - 2 * line - SCALE_HEIGHT - 8, width + 8, 0)
    box.setBottom(room.bottom() - EDGE)
    paper = QColor(theme.token("plot"))
    paper.setAlpha(215)
    painter.fillRect(box, paper)
    scale = np.ascontiguousarray(inks().scale)
    image = QImage(scale.data, len(scale), 1, 4 * len(scale), QImage.Format.Format_RGB32)
    left, top = box.left() + 4, box.top() + 2 + line
    painter.drawImage(QRectF(left, top + 2, width, SCALE_HEIGHT), image)
    painter.setPen(QColor(theme.token("muted")))
    painter.drawText(QRectF(left, box.top() + 2, width, line), Qt.AlignmentFlag.AlignLeft, title)
    below = QRectF(left, top + SCALE_HEIGHT + 4, width, line)
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft, low)
    painter.drawText(below, Qt.AlignmentFlag.AlignRight, high)
