"""Asks what to label next on the map that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        session.tasks.submit(
            "annotate next", data.ask_next, key, shown, session.events, classes, room.proposing.lists, runs,
            done=room.queue.show_asked, failed=room.queue.show_error,
        )  # fmt: skip
