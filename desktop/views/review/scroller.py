"""Pages that scroll by themselves, as fast as the recording ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

STEP_MS = 40


class Scroller(QObject):
    """Moves the page on, `speed` seconds of recording a second, until it is stopped or the recording ends."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room = room
        self.speed = 1.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=STEP_MS)
        self._timer.timeout.connect(self._step)

    @property
    def running(self) -> bool:
        """Whether pages scroll by themselves."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start or stop."""
        if self.running:
            self.stop()
        elif self._room.recording is not None:
            self._clock.start()
            self._timer.start()

    def stop(self) -> None:
        """Stop where the page is."""
        self._timer.stop()

    def _step(self) -> None:
        before = self._room.start_s
        if not self._room.isVisible():
            self.stop()
            return
        self._room.go_to(before + self.speed * self._clock.restart() / 1000)
        if self._room.start_s == before:  # the end
            self.stop()
