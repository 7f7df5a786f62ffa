"""The map under mouse and keys: pan, zoom, choose, point at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QWheelEvent

from desktop.services.guard import guarded
from desktop.services.tasks import TaskPool
from desktop.widgets.map import overlay
from desktop.widgets.map.hover import nearest_row
from desktop.widgets.map.modes import MODES, mode_of
from desktop.widgets.map.tools import STEP_PX, STILL_PX, TOOLS, Stroke
from desktop.widgets.map.view import MapView

NEAR_PX = 10.0  # how near the pointer must be to an event to mean it
LEAST_BRUSH, MOST_BRUSH = 3.0, 200.0  # radius, pixels
ARROW_SHARE = 0.1  # of the picture, that an arrow key moves
WHEEL, STEP, BRUSH_STEP = 1.2, 1.25, 1.15  # a turn of the wheel, a key, a change of the brush
HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier

KEYS: dict[Qt.Key, Callable[[MapCanvas], object]] = {
    Qt.Key.Key_Left: lambda m: m.pan(ARROW_SHARE * m.width(), 0),
    Qt.Key.Key_Right: lambda m: m.pan(-ARROW_SHARE * m.width(), 0),
    Qt.Key.Key_Up: lambda m: m.pan(0, ARROW_SHARE * m.height()),
    Qt.Key.Key_Down: lambda m: m.pan(0, -ARROW_SHARE * m.height()),
    Qt.Key.Key_Plus: lambda m: m.zoom(STEP),
    Qt.Key.Key_Equal: lambda m: m.zoom(STEP),  # the plus of an English keyboard without Shift
    Qt.Key.Key_Minus: lambda m: m.zoom(1 / STEP),
    Qt.Key.Key_Home: lambda m: m.fit(),
    Qt.Key.Key_BracketLeft: lambda m: m.set_brush(m.brush_px / BRUSH_STEP),
    Qt.Key.Key_BracketRight: lambda m: m.set_brush(m.brush_px * BRUSH_STEP),
    Qt.Key.Key_Return: lambda m: m.activate_selected(),
    Qt.Key.Key_Enter: lambda m: m.activate_selected(),
}


class MapCanvas(MapView):
    """A map of events to look at and to choose from.

    Signals: `selected` (ids, an int64 array, and the mode of `MODES` in which they were chosen): the map shows a selection
    only when it is told to; `hovered` (id, or None): the event under the pointer, when it is another; `activated` (id): a
    double click, or Return on what is selected; `tool_changed` (name).

    Left drag does what `tool` says, middle drag always moves the map; the wheel zooms at the pointer (with the brush it
    changes its size, and zooms with Ctrl). Shift adds, Alt takes away, both keep only; `mode` is what is done without them.
    """

    selected = Signal(object, str)
    hovered = Signal(object)
    activated = Signal(int)
    tool_changed = Signal(str)

    def __init__(self, tasks: TaskPool, name: str = "") -> None:
        super().__init__(tasks, name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.tool, self.mode, self.brush_px = "pan", "replace", 16.0
        self._stroke: Stroke | None = None
        self._held = Qt.KeyboardModifier.NoModifier  # when the button went down
        self._pressed: QPointF | None = None  # where it went down
        self._last: QPointF | None = None  # where the map was pushed to; None unless it is being moved
        self._pointer: QPointF | None = None

    # What can be set

    def set_tool(self, name: str) -> None:
        """Use another tool of `TOOLS`."""
        if name not in TOOLS:
            raise ValueError(f"no tool {name!r}: there are {', '.join(TOOLS)}")
        self.cancel()
        if name != self.tool:
            self.tool = name
            self.tool_changed.emit(name)
        self.setCursor(TOOLS[name].tool.cursor)
        self.update()

    def set_mode(self, name: str) -> None:
        """Say how what is chosen without Shift or Alt joins the selection: a name of `MODES`."""
        if name not in MODES:
            raise ValueError(f"no mode {name!r}: there are {', '.join(MODES)}")
        self.mode = name

    def set_brush(self, radius: float) -> None:
        """Set the radius of the brush, pixels."""
        self.brush_px = float(np.clip(radius, LEAST_BRUSH, MOST_BRUSH))
        self.update()

    def cancel(self) -> None:
        """Drop what is being drawn."""
        self._stroke = self._pressed = self._last = None
        self.update()

    def activate_selected(self) -> None:
        """Tell that the first selected event is wanted."""
        if len(self.picture.selected):
            self.activated.emit(int(self.cloud.ids[self.picture.selected[0]]))

    # Mouse

    @guarded
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and self.tool == "pan"
        ):
            self.cancel()
            self._pressed, self._held = event.position(), event.modifiers()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._held = event.position(), event.modifiers()
            self._stroke = Stroke(self._place(event.position()))
            self.update()

    @guarded
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._stroke is not None:
            before = self.frame.to_pixels(self._stroke.path[-1])
            if max(abs(event.position().x() - before[0]), abs(event.position().y() - before[1])) >= STEP_PX:
                self._stroke.add(self._place(event.position()))
            self.update()
        elif self._pressed is not None:
            self._push(event.position())
        else:
            if self.tool == "brush":
                self.update()
            self._point_at(event.position())

    @guarded
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, stroke, moved = self._pressed, self._stroke, self._last is not None
        if pressed is None:
            return
        self.cancel()
        self.setCursor(TOOLS[self.tool].tool.cursor)
        mode = mode_of(self._held | event.modifiers(), self.mode)
        if stroke is not None:
            stroke.add(self._place(event.position()))
            self._choose(stroke, mode)
        elif not moved and event.button() == Qt.MouseButton.LeftButton:
            self._pick(pressed, mode)

    @guarded
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.activated.emit(int(self.cloud.ids[row]))

    @guarded
    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()  # Alt makes it a wheel to the side
        turns = turned / 120
        if self.tool == "brush" and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_brush(self.brush_px * BRUSH_STEP**turns)
        else:
            self.zoom(WHEEL**turns, (event.position().x(), event.position().y()))
        event.accept()

    @guarded
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self._tell_hover(None)
        self.update()

    def _push(self, to: QPointF) -> None:
        assert self._pressed is not None
        if self._last is None:
            if (to - self._pressed).manhattanLength() < STILL_PX:
                return
            self._last = self._pressed
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        by, self._last = to - self._last, to
        self.pan(by.x(), by.y())

    def _choose(self, stroke: Stroke, mode: str) -> None:
        tool, pixels = TOOLS[self.tool].tool, self.frame.to_pixels(stroke.path)
        if tool.clicks and np.ptp(pixels, axis=0).max() < STILL_PX:
            self._pick(QPointF(*pixels[0]), mode)
            return
        rows = tool.choose(self.cloud, stroke.path, self.frame, self.brush_px)
        self._tell_selected(rows, mode)

    def _pick(self, at: QPointF, mode: str) -> None:
        row = self._row_at(at)
        self._tell_selected(np.array([] if row is None else [row], np.intp), mode)

    def _tell_selected(self, rows: np.ndarray, mode: str) -> None:
        if len(rows) or mode in ("replace", "intersect"):  # nothing added or taken away is no change
            self.selected.emit(self.cloud.ids[rows], mode)

    def _row_at(self, at: QPointF) -> int | None:
        within = NEAR_PX / self.frame.scale
        if self.nearest.ready:
            return self.nearest.row(self._place(at), within)
        return nearest_row(self.cloud, self._place(at), within)

    def _point_at(self, at: QPointF) -> None:
        row = self.nearest.row(self._place(at), NEAR_PX / self.frame.scale)
        self._tell_hover(None if row is None else int(self.cloud.ids[row]))

    def _tell_hover(self, event_id: int | None) -> None:
        now = None if self.hover_row is None else int(self.cloud.ids[self.hover_row])
        if event_id != now:
            self.show_hover(event_id)
            self.hovered.emit(event_id)

    def _place(self, at: QPointF) -> tuple[float, float]:
        x, y = self.frame.to_places(np.array([at.x(), at.y()]))
        return float(x), float(y)

    # Keys

    @guarded
    def _override(self, event: QKeyEvent) -> None:
        """Keep the keys of a map from the shortcuts of the window while the map has the focus."""
        drawing = event.key() == Qt.Key.Key_Escape and self._stroke is not None
        if drawing or (event.key() in KEYS and not event.modifiers() & HELD):
            event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            self._override(event)
        return super().event(event)

    @guarded
    def keyPressEvent(self, event: QKeyEvent) -> None:
        run = KEYS.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape and self._stroke is not None:
            self.cancel()
        elif run is not None and not event.modifiers() & HELD:
            run(self)
        else:
            super().keyPressEvent(event)

    @guarded
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @guarded
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # Painting

    def paint_over(self, painter: QPainter) -> None:
        super().paint_over(painter)
        if self._stroke is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            TOOLS[self.tool].tool.paint(painter, self.frame.to_pixels(self._stroke.path), self.brush_px)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self.tool == "brush" and self._pointer is not None:
            overlay.paint_rings(painter, np.array([[self._pointer.x(), self._pointer.y()]]), self.brush_px, "accent")
