"""Where the pointer is and what stretch is chosen: shared by the pictures of a page, so that all show the same."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.views.review.pictures.events import Box

Span = tuple[float, float]


class Pointing(QObject):
    """The cursor, the chosen stretch with its two edges, and an event that is being drawn or moved."""

    cursor_moved = Signal()
    stretch_changed = Signal()
    preview_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cursor_s: float | None = None
        self.cursor_hz: float | None = None  # while it is over a spectrogram
        self.playing_s: float | None = None
        self.stretch: Span | None = None
        self.note = ""  # what stands beside the stretch
        self.preview: Box | None = None

    def forget(self) -> None:
        """Show another recording: where the pointer was, and what was dragged, is of the one before."""
        self.move_cursor(None)
        self.show_preview(None)

    def move_cursor(self, seconds: float | None, hz: float | None = None) -> None:
        """Move the thin line that follows the pointer; None takes it away. `hz` is the frequency under the pointer, if any."""
        if (seconds, hz) != (self.cursor_s, self.cursor_hz):
            self.cursor_s, self.cursor_hz = seconds, hz
            self.cursor_moved.emit()

    def play_at(self, seconds: float | None) -> None:
        """Move the line that follows the sound; None takes it away."""
        if seconds != self.playing_s:
            self.playing_s = seconds
            self.cursor_moved.emit()

    def choose(self, stretch: Span | None) -> None:
        """Choose a stretch by its two edges, in any order; None chooses none."""
        ordered = None if stretch is None else (min(stretch), max(stretch))
        if ordered != self.stretch:
            self.stretch = ordered
            self.stretch_changed.emit()

    def begin(self, stretch: Span | None) -> None:
        """Go on in another recording, or in the same as it is shown now: whatever is known of the stretch is of before."""
        self.stretch = stretch
        self.stretch_changed.emit()

    def say(self, note: str) -> None:
        """Say something beside the stretch."""
        if note != self.note:
            self.note = note
            self.preview_changed.emit()

    def show_preview(self, box: Box | None) -> None:
        """Show how an event would be; None takes that away."""
        if box != self.preview:
            self.preview = box
            self.preview_changed.emit()
