"""What the mouse does on a picture of time: each kind of drag is one entry, chosen by what lies under it and by a key held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

from desktop.services import theme
from desktop.views.review.pictures.events import Box

if TYPE_CHECKING:
    from desktop.views.review.pictures.canvas import TimeCanvas

EDGE_PX = 5  # how near to an edge takes hold of it
STILL_PX = 3  # a drag shorter than this is a click

KEYS = {
    Qt.KeyboardModifier.ShiftModifier: "stretch",
    Qt.KeyboardModifier.ControlModifier: "mark",
    Qt.KeyboardModifier.AltModifier: "zoom",
}


@dataclass(frozen=True)
class Drag:
    """A drag under way: its kind, where it began (s), where it was last (px), and the event it holds."""

    kind: str
    began_s: float
    began: QPointF
    last: QPointF
    box: Box | None = None


def grip(canvas: TimeCanvas, at: QPointF) -> tuple[str, Box | None]:
    """Return what a plain drag from a point takes hold of: an edge of the stretch, a selected mark, or the page."""
    frame = canvas.frame
    stretch = canvas.pointing.stretch
    if stretch is not None:
        for edge, kind in zip(stretch, ("left edge", "right edge"), strict=True):
            if abs(frame.x(edge) - at.x()) <= EDGE_PX:
                return kind, None
    for box in (b for b in canvas.boxes if b.selected and b.movable):
        left, right = frame.x(box.start_s), frame.x(box.stop_s)
        inside = min(EDGE_PX, (right - left) / 4)  # the middle of a narrow one moves it
        if left - EDGE_PX <= at.x() <= left + inside:
            return "event start", box
        if right - inside <= at.x() <= right + EDGE_PX:
            return "event end", box
        if left < at.x() < right:
            return "event", box
    return "page", None


CURSORS = {
    "left edge": Qt.CursorShape.SplitHCursor,
    "right edge": Qt.CursorShape.SplitHCursor,
    "event start": Qt.CursorShape.SizeHorCursor,
    "event end": Qt.CursorShape.SizeHorCursor,
    "event": Qt.CursorShape.SizeAllCursor,
    "page": Qt.CursorShape.ArrowCursor,
}


def _page(canvas: TimeCanvas, drag: Drag, at: QPointF, ended: bool) -> None:
    canvas.panned.emit((drag.last.x() - at.x()) / canvas.frame.px_per_s)


def _stretch(canvas: TimeCanvas, drag: Drag, at: QPointF, ended: bool) -> None:
    canvas.pointing.choose((drag.began_s, canvas.time_at(at)))


def _edge(canvas: TimeCanvas, drag: Drag, at: QPointF, ended: bool) -> None:
    if canvas.pointing.stretch is not None:
        canvas.pointing.choose((drag.began_s, canvas.time_at(at)))


def _mark(canvas: TimeCanvas, drag: Drag, at: QPointF, ended: bool) -> None:
    start, stop = sorted((drag.began_s, canvas.time_at(at)))
    channel = canvas.channel_at(drag.began)
    canvas.pointing.show_preview(Box(0, start, stop - start, channel, theme.token("unlabelled"), True))
    if ended:
        canvas.drawn.emit(start, stop - start, channel)


def _zoom(canvas: TimeCanvas, drag: Drag, at: QPointF, ended: bool) -> None:
    start, stop = sorted((drag.began_s, canvas.time_at(at)))
    canvas.pointing.show_preview(None if ended else Box(0, start, stop - start, "", theme.token("accent"), True))
    if ended and stop > start:
        canvas.zoomed_to.emit(start, stop)


def _event(canvas: TimeCanvas, drag: Drag, at: QPointF, ended: bool) -> None:
    box, moved = drag.box, canvas.time_at(at) - drag.began_s
    assert box is not None
    if drag.kind == "event":
        changed = replace(box, start_s=max(0.0, box.start_s + moved))
    elif drag.kind == "event start":
        start = min(max(0.0, box.start_s + moved), box.stop_s)
        changed = replace(box, start_s=start, length_s=box.stop_s - start)
    else:
        changed = replace(box, length_s=max(0.0, box.length_s + moved))
    canvas.pointing.show_preview(changed)
    if ended:
        canvas.changed.emit(box.id, changed.start_s, changed.length_s)


MOVES: dict[str, Callable[[TimeCanvas, Drag, QPointF, bool], None]] = {
    "page": _page,
    "stretch": _stretch,
    "left edge": _edge,
    "right edge": _edge,
    "mark": _mark,
    "zoom": _zoom,
    "event": _event,
    "event start": _event,
    "event end": _event,
}


def begin(canvas: TimeCanvas, at: QPointF, modifiers: Qt.KeyboardModifier) -> Drag:
    """Return the drag that a press begins."""
    held = [kind for key, kind in KEYS.items() if modifiers & key]
    kind, box = (held[0], None) if held else grip(canvas, at)
    began = canvas.time_at(at)
    if kind in ("left edge", "right edge") and canvas.pointing.stretch is not None:
        began = canvas.pointing.stretch[kind == "left edge"]  # the other edge stays
    return Drag(kind, began, at, at, box)
