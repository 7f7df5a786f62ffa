"""A picture of a page of time: what the mouse does on it, and the lines that lie over it."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.services import theme
from desktop.services.guard import guarded
from desktop.views.review.pictures.events import Box
from desktop.views.review.pictures.frame import Frame, TimeScale
from desktop.views.review.pictures.gestures import CURSORS, MOVES, STILL_PX, Drag, begin, grip
from desktop.views.review.pictures.note import paint_note
from desktop.views.review.pointing import Pointing

GUTTER = 104  # px of names and scales left of all pictures, so that time lines up
RIGHT = 10


class TimeCanvas(QWidget):
    """A page of time with a gutter at its left. Subclasses paint what lies in `frame` in `paint_page`.

    Signals: `panned` by seconds; `zoomed` by a factor round a time; `zoomed_to` a stretch; `picked` a time; `drawn` a mark
    (start, length, channel); `changed` an event (id, start, length); `menu_asked` at a place of the screen and a time;
    `opened` by a double click at a time.
    """

    panned = Signal(float)
    zoomed = Signal(float, float)
    zoomed_to = Signal(float, float)
    picked = Signal(float, str)
    drawn = Signal(float, float, str)
    changed = Signal(int, float, float)
    menu_asked = Signal(object, float, str)
    opened = Signal(float, str)
    resized = Signal()

    TOP, BOTTOM = 2, 2
    NOTES = True  # whether what is said of the stretch stands on it

    def __init__(self, name: str, pointing: Pointing) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(60)
        self.pointing = pointing
        self.scale = TimeScale()
        self.start_s, self.length_s = 0.0, 10.0
        self.boxes: list[Box] = []
        self.dimmed = False
        self._drag: Drag | None = None
        self._lines: list[float] = []
        pointing.cursor_moved.connect(self._move_lines)
        pointing.stretch_changed.connect(self.update)
        pointing.preview_changed.connect(self.update)
        theme.changed.connect(self.update)

    # Where things are

    @property
    def frame(self) -> Frame:
        """Where the page lies now."""
        return Frame(self.plot_rect(QRectF(self.rect())), self.start_s, self.length_s)

    def plot_rect(self, whole: QRectF) -> QRectF:
        """Return where the page lies in a picture of a size: without gutter and axes."""
        return whole.adjusted(GUTTER, self.TOP, -RIGHT, -self.BOTTOM)

    def time_at(self, at: QPointF) -> float:
        """Return the time under a point, inside the page."""
        frame = self.frame
        return frame.t(min(max(at.x(), frame.rect.left()), frame.rect.right()))

    def channel_at(self, at: QPointF) -> str:
        """Return the name of the channel under a point; empty where there is none."""
        return ""

    def hz_at(self, at: QPointF) -> float | None:
        """Return the frequency under a point, Hz; None where the picture has none."""
        return None

    def sizeHint(self) -> QSize:
        return QSize(800, 260)

    # What is shown

    def show_time(self, start_s: float, length_s: float) -> None:
        """Move to another page: what is known of it is seen at once, the rest when it has been read."""
        if (start_s, length_s) != (self.start_s, self.length_s):
            self.start_s, self.length_s = start_s, length_s
            self.update()

    def show_boxes(self, boxes: list[Box]) -> None:
        """Show events."""
        self.boxes = boxes
        self.update()

    def write_times(self, scale: TimeScale) -> None:
        """Say how times are written."""
        self.scale = scale
        self.update()

    def dim(self, on: bool) -> None:
        """Dim what is shown, because it is not what was asked for any more."""
        if on != self.dimmed:
            self.dimmed = on
            self.update()

    def paint_page(self, painter: QPainter, frame: Frame, *, vector: bool = False) -> None:
        """Paint the page with its gutter and axes; on vector devices as lines."""
        raise NotImplementedError

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        painter.fillRect(event.rect(), QColor(theme.token("plot")))
        painter.setFont(self.small_font())
        frame = self.frame
        self.paint_page(painter, frame)
        self._paint_over(painter, frame)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.token("accent")), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def small_font(self) -> QFont:
        """Return the font of axes and gutters."""
        font = QFont(self.font())
        font.setPixelSize(11)
        return font

    def _paint_over(self, painter: QPainter, frame: Frame) -> None:
        """Paint the stretch that is chosen, the event that is being drawn, the cursor and the place of the sound."""
        painter.setClipRect(frame.rect, Qt.ClipOperation.IntersectClip)
        if self.pointing.stretch is not None:
            start, stop = self.pointing.stretch
            fill = QColor(theme.token("accent"))
            fill.setAlpha(38)
            painter.fillRect(frame.span(start, stop - start), fill)
            painter.setPen(QPen(QColor(theme.token("accent")), 1))
            for edge in (start, stop):
                painter.drawLine(QPointF(frame.x(edge), frame.rect.top()), QPointF(frame.x(edge), frame.rect.bottom()))
            if self.NOTES:
                paint_note(painter, frame, self.pointing.stretch, self.pointing.note)
        box = self.pointing.preview
        if box is not None:
            fill = QColor(box.colour)
            fill.setAlpha(90)
            painter.fillRect(frame.span(box.start_s, box.length_s), fill)
            painter.setPen(QPen(QColor(box.colour), 1))
            painter.drawRect(frame.span(box.start_s, box.length_s))
        for at, key, style in self._upright():
            painter.setPen(QPen(QColor(theme.token(key)), 1, style))
            painter.drawLine(QPointF(frame.x(at), frame.rect.top()), QPointF(frame.x(at), frame.rect.bottom()))

    def _upright(self) -> list[tuple[float, str, Qt.PenStyle]]:
        pointing = self.pointing
        lines = [(pointing.cursor_s, "muted", Qt.PenStyle.DotLine), (pointing.playing_s, "bad", Qt.PenStyle.SolidLine)]
        return [(at, key, style) for at, key, style in lines if at is not None]

    def _move_lines(self) -> None:
        """Repaint the strips where upright lines were and are; nothing else changes when the pointer moves."""
        frame = self.frame
        now = [frame.x(at) for at, _, _ in self._upright()]
        for x in (*self._lines, *now):
            if frame.rect.left() - 2 <= x <= frame.rect.right() + 2:
                self.update(QRect(math.floor(x) - 2, 0, 5, self.height()))
        self._lines = now

    @guarded
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    # The mouse

    @guarded
    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_asked.emit(event.globalPosition().toPoint(), self.time_at(at), self.channel_at(at))
        elif event.button() == Qt.MouseButton.LeftButton:
            if at.x() < GUTTER:
                self.gutter_pressed(at)
            else:
                self._drag = begin(self, at, event.modifiers())

    @guarded
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, drag = event.position(), self._drag
        inside = at.x() >= GUTTER
        self.pointing.move_cursor(self.time_at(at) if inside else None, self.hz_at(at) if inside else None)
        if drag is None:
            self.setCursor(CURSORS[grip(self, at)[0]] if inside else Qt.CursorShape.ArrowCursor)
        elif event.buttons() & Qt.MouseButton.LeftButton:
            MOVES[drag.kind](self, drag, at, False)
            self._drag = replace(drag, last=at)

    @guarded
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at, drag, self._drag = event.position(), self._drag, None
        if drag is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if abs(at.x() - drag.began.x()) + abs(at.y() - drag.began.y()) <= STILL_PX:
            self.pointing.show_preview(None)
            if drag.kind in ("page", "event", "event start", "event end"):
                self.picked.emit(self.time_at(at), self.channel_at(at))
            elif drag.kind == "stretch":
                self.pointing.choose(None)
        else:
            MOVES[drag.kind](self, drag, at, True)

    @guarded
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.position().x() >= GUTTER:
            self.opened.emit(self.time_at(event.position()), self.channel_at(event.position()))

    @guarded
    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if event.position().x() < GUTTER:
            self.gutter_turned(event.position(), turns)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomed.emit(0.8**turns, self.time_at(event.position()))
        else:
            self.panned.emit(-turns * self.length_s / 10)
        event.accept()

    @guarded
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointing.move_cursor(None)

    def gutter_pressed(self, at: QPointF) -> None:
        """The gutter was pressed at a place."""

    def gutter_turned(self, at: QPointF, turns: float) -> None:
        """The wheel was turned over the gutter."""
