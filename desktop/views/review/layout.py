"""Where everything in Review stands, and what the mouse does there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

LEAST_PX = 440  # the pictures are never narrower; the panels beside them give way


def lay_out(room: ReviewView) -> QWidget:
    """Return the toolbar over three columns: recordings and channels, the pictures of the page, events and measures."""
    pictures = QSplitter(Qt.Orientation.Vertical)
    for canvas in room.canvases:
        pictures.addWidget(canvas)
    room.detail.hide()
    pictures.setSizes([420, 200, 240])
    pictures.setChildrenCollapsible(False)
    middle = _column(pictures, room.overview, room.status, stretch=0)
    room.opening.stack.addWidget(middle)
    room.opening.stack.setMinimumWidth(LEAST_PX)
    room.tabs.setDocumentMode(True)
    room.tabs.addTab(room.right, room.tr("Events"))
    room.tabs.addTab(room.layers_panel, room.tr("Layers"))
    room.tabs.addTab(room.measures.panel, room.tr("Measure"))
    room.tabs.addTab(room.queue.panel, room.tr("HITS queue"))
    columns = QSplitter()
    for widget in (room.left, room.opening.stack, room.tabs):
        columns.addWidget(widget)
    columns.setSizes([170, 900, 290])
    columns.setChildrenCollapsible(False)
    columns.setStretchFactor(1, 1)
    room.remember_splitters(columns=columns, pictures=pictures)
    return _column(room.bar, columns, stretch=1)


def kept_windows(room: ReviewView) -> dict[str, Any]:
    """Return which of the pictures and panels are shown, as JSON."""
    shown = not room.spectrogram.isHidden()
    tab = room.tabs.currentIndex()
    return {"second": room.second.kept(), "spectrogram": shown, "tab": tab, "queue": room.queue.kept()}


def show_windows(room: ReviewView, kept: dict[str, Any]) -> None:
    """Show the pictures and panels that were shown; at first the spectrogram, and the events."""
    room.second.start(kept.get("second", {}))
    room.show_spectrogram(bool(kept.get("spectrogram", True)))
    room.queue.start(kept.get("queue", {}))
    room.tabs.setCurrentIndex(int(kept.get("tab", 0)))


def _column(*widgets: QWidget, stretch: int) -> QWidget:
    """Return widgets below each other; the one at `stretch` takes the room that is left."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for n, widget in enumerate(widgets):
        layout.addWidget(widget, int(n == stretch))
    return made


def gestures_of(room: ReviewView) -> list[tuple[str, str]]:
    """Return what the mouse does, for the help."""
    return [
        (room.tr("Drag, wheel"), room.tr("Scroll")),
        (room.tr("Ctrl+wheel, Alt+drag"), room.tr("Show less or more time")),
        (room.tr("Shift+drag"), room.tr("Choose a stretch: it is measured, played, marked")),
        (room.tr("Ctrl+drag"), room.tr("Add a mark")),
        (
            room.tr("Click"),
            room.tr("Select the event there, again for the one under it; drag it or its edges to change it"),
        ),
        (room.tr("Double click"), room.tr("Comment on the event there")),
        (room.tr("Wheel over a name"), room.tr("Scale that channel")),
        (room.tr("Right click"), room.tr("What can be done there")),
    ]
