"""What lies behind the traces and around them: grid lines, the time axis, ECG paper, gaps, what is not read yet."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from desktop.services import theme
from desktop.views.review.pictures.frame import Frame, TimeScale, minor_step, tick_step

AXIS_PX = 34  # height of a time axis with its title


def paint_time_grid(painter: QPainter, frame: Frame, scale: TimeScale) -> None:
    """Paint upright lines at round times: faint ones, and stronger ones where times are written."""
    for step, key in ((minor_step(frame), "plot-grid"), (tick_step(frame), "line")):
        if step * frame.px_per_s < 6:
            continue
        first = np.ceil((frame.start_s + scale.zero_s) / step) * step - scale.zero_s
        xs = frame.rect.left() + (np.arange(first, frame.stop_s, step) - frame.start_s) * frame.px_per_s
        top, bottom = frame.rect.top(), frame.rect.bottom()
        lines = [QLineF(x, top, x, bottom) for x in xs.tolist()]
        painter.setPen(QPen(QColor(theme.token(key)), 0))
        painter.drawLines(lines)


def paint_time_axis(painter: QPainter, frame: Frame, scale: TimeScale, title: str = "") -> None:
    """Write the times under a picture, and the title of the axis."""
    bottom, metrics = frame.rect.bottom(), painter.fontMetrics()
    painter.setPen(QPen(QColor(theme.token("line")), 0))
    painter.drawLine(QLineF(frame.rect.left(), bottom, frame.rect.right(), bottom))
    painter.setPen(QColor(theme.token("muted")))
    for t, text in scale.ticks(frame):
        wide, x = metrics.horizontalAdvance(text), frame.x(t)
        painter.drawLine(QLineF(x, bottom, x, bottom + 3))
        left = min(max(x - wide / 2, frame.rect.left() - 30), frame.rect.right() - wide + 6)
        painter.drawText(QPointF(left, bottom + 4 + metrics.ascent()), text)
    if title:
        place = QRectF(frame.rect.left(), bottom + metrics.height() + 2, frame.rect.width(), metrics.height() + 2)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, title)


def paint_paper(painter: QPainter, frame: Frame, px_per_mm: float) -> None:
    """Paint ECG paper: squares of a millimetre, and stronger ones of five; the paper moves with the time."""
    fine, strong = paper_colours()
    for mm, colour in ((1, fine), (5, strong)):
        step = mm * px_per_mm
        if step < 3:
            continue
        painter.setPen(QPen(colour, 0))
        moved = (frame.start_s * frame.px_per_s) % step
        xs = np.arange(frame.rect.left() - moved, frame.rect.right(), step)
        ys = np.arange(frame.rect.top(), frame.rect.bottom(), step)
        top, bottom, left, right = frame.rect.top(), frame.rect.bottom(), frame.rect.left(), frame.rect.right()
        painter.drawLines([QLineF(x, top, x, bottom) for x in xs.tolist() if x >= left])
        painter.drawLines([QLineF(left, y, right, y) for y in ys.tolist()])


def paper_colours() -> tuple[QColor, QColor]:
    """Return the colours of fine and strong lines of ECG paper in the theme in use."""
    dark = QColor(theme.token("plot")).lightnessF() < 0.5
    return (QColor("#3a2226"), QColor("#5e3138")) if dark else (QColor("#fbe0e0"), QColor("#f0b4b4"))


def paint_without_samples(painter: QPainter, frame: Frame, spans: Iterable[tuple[float, float]], text: str) -> None:
    """Hatch stretches that have no samples, and write why where there is room."""
    for start, stop in spans:
        if stop <= frame.start_s or start >= frame.stop_s:
            continue
        rect = frame.span(start, stop - start) & frame.rect
        rect.setWidth(max(rect.width(), 1.0))
        painter.fillRect(rect, QColor(theme.token("raised")))
        painter.fillRect(rect, QBrush(QColor(theme.token("line")), Qt.BrushStyle.BDiagPattern))
        if painter.fontMetrics().horizontalAdvance(text) + 12 < rect.width():
            painter.setPen(QColor(theme.token("muted")))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
