"""Finding events: the makers that Review offers, run in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.events import EVENT_MAKERS, make_events
from core.study import Changeset
from desktop.services.session import Session
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class Finder(QObject):
    """Finds events in the chosen recording; they come as one step of undo."""

    finding = Signal(bool)

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room, self._busy = session, room, False

    def find(self, maker: str) -> None:
        """Find events by one of `EVENT_MAKERS`."""
        study, entry = self._session.study, self._room.entry
        if study is None or entry is None or self._busy:
            return
        self._say(True)

        def done(changeset: Changeset) -> None:
            self._say(False)
            n, what = len(changeset.keys("events")), self.tr(EVENT_MAKERS[maker].title)
            self._session.told.emit(self.tr("{} in {}: {} found.").format(what, entry.name, number(n)))
            self._session.apply(changeset)

        def failed(error: Exception) -> None:
            self._say(False)
            self._session.failed.emit(error)

        self._session.tasks.submit("review find", make_events, study, entry.id, maker, done=done, failed=failed)

    def _say(self, on: bool) -> None:
        self._busy = on
        self.finding.emit(on)
