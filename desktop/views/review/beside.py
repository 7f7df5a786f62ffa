"""What is shown beside the pages of a recording, and what has waited for them: looked for when the first page is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.signals import envelope_of
from desktop.services.session import Session

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

ENVELOPE_BINS = 600


class Beside(QObject):
    """Looks for the line of the overview, and for the montages that fit."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room

    def look(self) -> None:
        """The first page is there, or the pyramid is complete."""
        room, opened = self._room, self._room.opened
        room.opening.go_on()
        room.menus.own_montages.look()
        if opened is not None and opened.recording.channels:
            self._session.tasks.submit(
                "review overview", envelope_of, opened.pyramid, 0, ENVELOPE_BINS,
                done=lambda line: room.overview.show_envelope(*line) if opened.is_of(room.opened) else None,
                failed=lambda error: room.pages.gone.tell(opened, error),
            )  # fmt: skip
