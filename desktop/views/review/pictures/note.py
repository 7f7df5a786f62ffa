"""The line beside the chosen stretch that says how long it is and how far the signal swings in it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from desktop.services import theme
from desktop.views.review.pictures.frame import Frame

MARGIN, GAP = 5, 6  # px


def note_place(frame: Frame, start_s: float, stop_s: float, width: float, height: float) -> QRectF | None:
    """Return where a note of a size stands: right of the stretch, else left of it, else inside; None if it is off the page."""
    left, right, page = frame.x(start_s), frame.x(stop_s), frame.rect
    if right < page.left() or left > page.right():
        return None
    if right + GAP + width <= page.right():
        x = right + GAP
    elif left - GAP - width >= page.left():
        x = left - GAP - width
    else:
        x = min(max(left + GAP, page.left() + GAP), page.right() - width - GAP)
    return QRectF(x, page.top() + GAP, width, height)


def paint_note(painter: QPainter, frame: Frame, stretch: tuple[float, float], text: str) -> None:
    """Paint a note beside a stretch, at the top of the page."""
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(text) + 2 * MARGIN, metrics.height() + 4
    place = note_place(frame, *stretch, width, height)
    if place is not None and text:
        back = QColor(theme.token("surface"))
        back.setAlpha(225)
        painter.setPen(QColor(theme.token("accent")))
        painter.setBrush(back)
        painter.drawRoundedRect(place, 3, 3)
        painter.setPen(QColor(theme.token("text")))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
