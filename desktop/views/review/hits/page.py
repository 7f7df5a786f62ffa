"""What the room looks like while candidates are decided: short pages, the spectrogram, room for the card; then as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QSplitter

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

PAGE_S = 3.0
PANEL_PX, LEAST_PICTURES_PX = 360, 520


class QueuePage(QObject):
    """Changes the page, and keeps how it was."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room = room
        self._before_s: float | None = None  # the page length; None while nothing is changed
        self._sizes: list[int] = []
        self._hidden = False  # whether the spectrogram was

    def kept(self) -> dict[str, Any]:
        """Return what was before, as JSON."""
        return {"before_s": self._before_s, "hidden": self._hidden}

    def start(self, kept: dict[str, Any]) -> None:
        """Take up what was before."""
        before = kept.get("before_s")
        self._before_s = float(before) if isinstance(before, (int, float)) else None
        self._hidden = bool(kept.get("hidden", False))

    def enter(self) -> bool:
        """Show short pages; return whether they were longer before."""
        room = self._room
        if self._before_s is not None or room.recording is None:
            return False
        self._before_s, self._hidden = room.plain_s, room.spectrogram.isHidden()
        self._make_room()
        if self._hidden:
            room.show_spectrogram(True)
        room.set_length(PAGE_S)
        return True

    def leave(self) -> None:
        """Show pages as before, round the same place."""
        room, before = self._room, self._before_s
        if before is None or room.recording is None:  # nothing is shown: what was before is for when something is
            return
        self._before_s = None
        middle = room.start_s + room.length_s / 2
        if self._hidden:
            room.show_spectrogram(False)
        if self._sizes and isinstance(room.tabs.parentWidget(), QSplitter):
            room.tabs.parentWidget().setSizes(self._sizes)
            self._sizes = []
        room.set_length(before)
        room.go_to(middle - room.length_s / 2)

    def _make_room(self) -> None:
        """Give the card as much width as the pictures can spare."""
        columns = self._room.tabs.parentWidget()
        if isinstance(columns, QSplitter):
            left, pictures, right = self._sizes = columns.sizes()
            more = min(PANEL_PX - right, pictures - LEAST_PICTURES_PX)
            if more > 0:
                columns.setSizes([left, pictures - more, right + more])
