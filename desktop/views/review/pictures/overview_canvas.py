"""The whole recording: its envelope, events by class, gaps, and the page as a box to drag."""

from __future__ import annotations

import numpy as np
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPolygonF

from desktop.services import theme
from desktop.services.guard import guarded
from desktop.views.review.pictures.canvas import GUTTER, TimeCanvas
from desktop.views.review.pictures.events import Tick, paint_ticks
from desktop.views.review.pictures.frame import Frame
from desktop.views.review.pictures.grid import AXIS_PX, paint_time_axis, paint_without_samples
from desktop.views.review.pictures.traces import finite_runs
from desktop.views.review.pointing import Pointing

STRIP_PX = 9  # of event ticks under the envelope
BOX_PX = 3  # the page's box is never narrower


class OverviewCanvas(TimeCanvas):
    """A strip under the page; a press or drag shows the page there."""

    moved = Signal(float)

    TOP = 4
    NOTES = False

    def __init__(self, pointing: Pointing) -> None:
        super().__init__(self.tr("Overview of the whole recording"), pointing)
        self.setFixedHeight(88)
        self.title = ""
        self.page = (0.0, 1.0)
        self.ticks: list[Tick] = []
        self.gaps: tuple[tuple[float, float], ...] = ()
        self.unread_s: float | None = None
        self._shape: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._held: float | None = None

    def plot_rect(self, whole: QRectF) -> QRectF:
        return super().plot_rect(whole).adjusted(0, 0, 0, -AXIS_PX)

    def sizeHint(self) -> QSize:
        return QSize(800, 88)

    def show_whole(self, duration_s: float, *, empty: bool = True) -> None:
        """Show all the time of a recording; `empty` without the line of the one before."""
        if empty:
            self._shape = None
        self.show_time(0.0, max(duration_s, 1e-3))
        self.update()

    def show_envelope(self, t: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Show minima and maxima of a channel over a whole recording."""
        self._shape = (t, low, high) if np.isfinite(low).any() else None
        self.update()

    def show_page(self, start_s: float, length_s: float, title: str) -> None:
        """Say where the page is; `title` says it in words."""
        self.page, self.title = (start_s, length_s), title
        self.update()

    def paint_page(self, painter: QPainter, frame: Frame, *, vector: bool = False) -> None:
        strip = QRectF(frame.rect.left(), frame.rect.bottom() - STRIP_PX, frame.rect.width(), STRIP_PX)
        shape = frame.rect.adjusted(0, 2, 0, -STRIP_PX - 2)
        spans = [*self.gaps, *([] if self.unread_s is None else [(self.unread_s, frame.stop_s)])]
        paint_without_samples(painter, frame, spans, "")
        if self._shape is not None:
            painter.setPen(QPen(QColor(theme.token("muted")), 0))
            painter.setBrush(QColor(theme.token("muted")))
            for outline in self._outlines(frame, shape):
                painter.drawPolygon(outline)
        paint_ticks(painter, frame.rect.left(), strip.top() + 1, STRIP_PX - 2, self.ticks)
        box = frame.span(*self.page)
        if box.width() < BOX_PX:
            box = QRectF(box.center().x() - BOX_PX / 2, box.top(), BOX_PX, box.height())
        fill = QColor(theme.token("accent"))
        fill.setAlpha(50)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(theme.token("accent")), 1))
        painter.drawRect(box)
        painter.setBrush(QColor(0, 0, 0, 0))
        paint_time_axis(painter, frame, self.scale, self.title)

    def _outlines(self, frame: Frame, shape: QRectF) -> list[QPolygonF]:
        """Return the outline of each stretch between gaps."""
        assert self._shape is not None
        t, low, high = self._shape
        bottom, top = np.nanpercentile(low, 1), np.nanpercentile(high, 99)
        per_px = (top - bottom) / shape.height() or 1.0
        x = frame.rect.left() + (t - frame.start_s) * frame.px_per_s
        y_low = np.clip(shape.bottom() - (low - bottom) / per_px, shape.top(), shape.bottom())
        y_high = np.clip(shape.bottom() - (high - bottom) / per_px, shape.top(), shape.bottom())
        return [
            arrayToQPolygonF(np.concatenate([x[run], x[run][::-1]]), np.concatenate([y_low[run], y_high[run][::-1]]))
            for run in finite_runs(low)
        ]

    @guarded
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.position().x() < GUTTER:
            return
        t, (start, length) = self.time_at(event.position()), self.page
        inside = start <= t <= start + length
        self._held = t - start if inside else length / 2
        if not inside:
            self.moved.emit(t - self._held)

    @guarded
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self.moved.emit(self.frame.t(event.position().x()) - self._held)
        else:
            self.setToolTip(self.scale.text(self.time_at(event.position())))

    @guarded
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
