"""Asks what to label next on the map that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shiboken6 import isValid

from core.annotation import Asked
from desktop.services.session import Session
from desktop.views.annotate import data

if TYPE_CHECKING:
    from desktop.views.annotate.view import AnnotateView


class Asking:
    """Fills the queue of what to label next, in the background."""

    def __init__(self, session: Session, room: AnnotateView) -> None:
        self._session, self._room = session, room
        room.queue.wanted.connect(self.ask)

    def ask(self, key: str) -> None:
        """Ask by one of `QUERIES`."""
        room, session = self._room, self._session
        shown, study = room.choosing.map, session.study
        if shown is None or study is None:
            return
        classes = [c.key for c in session.classes]
        runs = study.runs("training") + study.runs("compression")
        events = session.events

        def asked(found: list[Asked]) -> None:
            if not self._shows(shown):
                return
            if session.events is events:
                room.queue.show_asked(found)
            else:  # somebody went on labelling meanwhile
                self.ask(key)

        def failed(error: Exception) -> None:
            if self._shows(shown):
                room.queue.show_error(error)

        session.tasks.submit(
            "annotate next", data.ask_next, key, shown, events, classes, room.proposing.lists, runs,
            done=asked, failed=failed,
        )  # fmt: skip

    def _shows(self, shown: data.Shown) -> bool:
        """Return whether the map that was asked about is still the one that is shown."""
        now = self._room.choosing.map
        return isValid(self._room) and now is not None and now.key == shown.key
