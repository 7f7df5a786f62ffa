"""Which recordings' files are gone: looked for in the background, since a network drive may take its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.study import RecordingEntry
from desktop.services.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop.views.review.view import ReviewView


class Missing(QObject):
    """Looks for the files when the study or its recordings change, and says in the list which are gone."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        session.study_changed.connect(self.look)
        self.look()

    def look(self) -> None:
        """Look for them."""
        self._session.tasks.submit(
            "review missing", _gone, list(self._session.recordings), done=self._room.left.show_missing
        )


def _gone(entries: Sequence[RecordingEntry]) -> frozenset[int]:
    return frozenset(entry.id for entry in entries if entry.missing)
