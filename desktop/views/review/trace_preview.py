"""The first seconds of a recording as a small picture, for dialogs that ask what a file means."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from core.errors import HitscopeError
from core.signals import Pyramid, Recording, typical_of
from desktop.services import theme
from desktop.services.guard import guarded
from desktop.views.review.pictures.rows import Look, lay_rows
from desktop.views.review.pictures.traces import DrawnPage, draw_page, read_page
from desktop.widgets.parts import number

MOST_CHANNELS, LENGTH_S, SAMPLES = 6, 5.0, 4000
GUTTER, FOOT = 92, 18  # px


def draw_start(recording: Recording, width: int, height: int, ratio: float, colours: dict[str, str]) -> DrawnPage:
    """Return the picture of the first seconds of a recording's first channels (in a task)."""
    channels = recording.channels[:MOST_CHANNELS]
    fastest = max((channel.fs for channel in channels), default=1.0)
    length = min(max(recording.duration, 1 / fastest), max(LENGTH_S, min(SAMPLES / fastest, recording.duration)))
    look = Look(channels=tuple(range(len(channels))))
    rows = lay_rows(channels, typical_of(recording, look.channels), look, height, 4.0)
    page = read_page(Pyramid(recording, Path()), look.channels, 0.0, length, round(width * ratio))
    return draw_page(page, rows, width, height, ratio, colours)


class TracePreview(QWidget):
    """Shows such a picture, or why there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(420, 170)
        self.drawn: DrawnPage | None = None
        self.words = ""
        self.setAccessibleName(self.tr("The first seconds as they would be shown"))

    @property
    def room(self) -> tuple[int, int, float]:
        """Width and height of the picture (px), and dots per px."""
        return max(1, self.width() - GUTTER), max(1, self.height() - FOOT), self.devicePixelRatioF()

    def show_drawn(self, drawn: DrawnPage | None, words: str = "") -> None:
        """Show a picture; without one, words in its place."""
        self.drawn, self.words = drawn, words
        self.setAccessibleDescription(words)
        self.update()

    def show_error(self, error: Exception) -> None:
        """Say why there is nothing to show."""
        self.show_drawn(None, error.what if isinstance(error, HitscopeError) else str(error))

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.token("plot")))
        painter.setPen(QColor(theme.token("line")))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self.drawn is None:
            painter.setPen(QColor(theme.token("muted")))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 12, -12, -12), flags, self.words)
            return
        image: QImage = self.drawn.image
        painter.drawImage(QPointF(GUTTER, 0), image)
        metrics = painter.fontMetrics()
        for row in self.drawn.rows:
            painter.setPen(QColor(theme.token("text")))
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, GUTTER - 12)
            painter.drawText(QPointF(6, row.y), name)
            painter.setPen(QColor(theme.token("muted")))
            painter.drawText(QPointF(6, row.y + metrics.ascent() + 1), row.bar)
            painter.drawLine(QPointF(GUTTER - 3, row.y - row.bar_px / 2), QPointF(GUTTER - 3, row.y + row.bar_px / 2))
        seconds = self.drawn.page.length_s
        foot = QRectF(GUTTER, self.height() - FOOT, self.width() - GUTTER - 6, FOOT)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "0 s")
        end = f"{number(seconds, 0 if seconds >= 10 else 2)} s"
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, end)
