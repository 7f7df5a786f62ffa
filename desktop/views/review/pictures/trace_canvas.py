"""The traces of a page, stacked in rows or laid over each other, with their names and scales in the gutter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.services import theme
from desktop.views.review.pictures.canvas import GUTTER, TimeCanvas
from desktop.views.review.pictures.events import STRIP_PX, Tick, paint_boxes, paint_names, paint_ticks
from desktop.views.review.pictures.frame import Frame, TimeScale
from desktop.views.review.pictures.grid import (
    AXIS_PX,
    paint_paper,
    paint_time_axis,
    paint_time_grid,
    paint_without_samples,
)
from desktop.views.review.pictures.gutter import legend_row, overlaid, paint_gutter
from desktop.views.review.pictures.rows import Row
from desktop.views.review.pictures.traces import DrawnPage, paint_line
from desktop.views.review.pointing import Pointing

Gaps = tuple[tuple[float, float], ...]
DIMMED = 0.35


class TraceCanvas(TimeCanvas):
    """Traces over ECG paper or a time grid, with the events of the page."""

    channel_chosen = Signal(str)
    channel_scaled = Signal(str, float)

    def __init__(self, pointing: Pointing, name: str = "", *, axis: bool = False) -> None:
        super().__init__(name or self.tr("Traces"), pointing)
        self.drawn_page: DrawnPage | None = None
        self.rows: tuple[Row, ...] = ()
        self.ticks: list[Tick] = []
        self.gaps: Gaps = ()
        self.gaps_of: Mapping[str, Gaps] = {}  # of single channels, by name
        self.unread_s: float | None = None
        self.paper_px: float | None = None
        self.chosen = ""
        self.axis = axis
        self.context: tuple[float, float] | None = None

    def plot_rect(self, whole: QRectF) -> QRectF:
        return super().plot_rect(whole).adjusted(0, 0, 0, -AXIS_PX if self.axis else 0)

    def show_page(self, drawn: DrawnPage, chosen: str, paper_px: float | None) -> None:
        """Show a page that has been read and drawn; `paper_px` is a millimetre of ECG paper, None for no paper."""
        self.drawn_page, self.rows, self.chosen, self.paper_px = drawn, drawn.rows, chosen, paper_px
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.drawn_page, self.rows, self.boxes, self.ticks = None, (), [], []
        self.update()

    def value_at(self, t: float, channel: str) -> float | None:
        """Return what is drawn of a channel at a time, in its unit; None where nothing is."""
        if self.drawn_page is None:
            return None
        for row, line in zip(self.rows, self.drawn_page.page.lines, strict=True):
            if row.name == channel:
                value = line.value_at(t)
                return value if value == value else None
        return None

    def row_at(self, at: QPointF) -> Row | None:
        """Return the row nearest to a point."""
        y = at.y() - self.frame.rect.top()
        if at.x() < GUTTER and overlaid(self.rows):
            return legend_row(self.rows, y)
        return min(self.rows, key=lambda row: abs(row.y - y), default=None)

    def channel_at(self, at: QPointF) -> str:
        row = self.row_at(at)
        return row.name if row is not None else ""

    def gutter_pressed(self, at: QPointF) -> None:
        self.channel_chosen.emit(self.channel_at(at))

    def gutter_turned(self, at: QPointF, turns: float) -> None:
        self.channel_scaled.emit(self.channel_at(at), 1.25**turns)

    # Painting

    def paint_page(self, painter: QPainter, frame: Frame, *, vector: bool = False) -> None:
        painter.save()
        painter.setClipRect(frame.rect.adjusted(-1, 0, 1, 0), Qt.ClipOperation.IntersectClip)
        if self.paper_px is not None:
            paint_paper(painter, frame, self.paper_px)
        else:
            paint_time_grid(painter, frame, self.scale)
        paint_without_samples(painter, frame, self.gaps, self.tr("no samples here"))
        for row in self.rows:
            missing = [gap for gap in self.gaps_of.get(row.name, ()) if gap not in self.gaps]
            place = QRectF(frame.rect.left(), frame.rect.top() + row.y - row.height / 2, frame.rect.width(), row.height)
            paint_without_samples(painter, replace(frame, rect=place), missing, self.tr("no samples here"))
        if self.unread_s is not None:
            paint_without_samples(painter, frame, [(self.unread_s, frame.stop_s)], self.tr("being read"))
        paint_boxes(painter, frame, self.boxes, {row.name: row for row in self.rows})
        paint_ticks(painter, frame.rect.left(), frame.rect.top(), STRIP_PX, self.ticks)
        painter.setOpacity(DIMMED if self.dimmed else 1.0)
        if vector:
            self._paint_lines(painter, frame)
        else:
            self._paint_image(painter, frame)
        painter.setOpacity(1.0)
        paint_names(painter, frame, self.boxes)
        if self.context is not None:
            self._paint_context(painter, frame)
        painter.restore()
        paint_gutter(painter, frame, self.rows, self.chosen)
        if self.axis:
            paint_time_axis(painter, frame, self.scale, axis_title(self.scale))

    def _paint_image(self, painter: QPainter, frame: Frame) -> None:
        """Paint the picture that was made, moved or stretched to where its time lies now."""
        if self.drawn_page is None:
            return
        page, image = self.drawn_page.page, self.drawn_page.image
        ratio = image.devicePixelRatio()
        if page.length_s == frame.length_s and round(image.width() / ratio) == round(frame.rect.width()):
            painter.drawImage(QPointF(round(frame.x(page.start_s)), frame.rect.top()), image)
            return
        target = frame.span(page.start_s, page.length_s)
        target.setHeight(image.height() / ratio)
        painter.drawImage(target, image)

    def _paint_lines(self, painter: QPainter, frame: Frame) -> None:
        if self.drawn_page is None:
            return
        for row, line in zip(self.rows, self.drawn_page.page.lines, strict=True):
            paint_line(painter, frame, row, line, theme.token("muted" if row.bad else row.colour))

    def _paint_context(self, painter: QPainter, frame: Frame) -> None:
        """Frame what the second window shows."""
        assert self.context is not None
        painter.setPen(QPen(QColor(theme.token("accent")), 1, Qt.PenStyle.DashLine))
        painter.drawRect(frame.span(*self.context).adjusted(0, 1, 0, -2))


def axis_title(scale: TimeScale) -> str:
    """Return the title of a time axis."""
    said = "Time (min:s)" if scale.began is None else "Time of day"
    return QCoreApplication.translate("pictures", said)
