"""The annotations that came with a recording: offered while none of them has been taken, never taken unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from core.events import EVENT_MAKERS
from core.signals import Recording
from desktop.services.session import Session
from desktop.views.review.data import COMING
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

MAKER = "annotations"


def n_offered(recording: Recording) -> int:
    """Return how many events the annotations of a recording would make (in a task: of long files they are read only now)."""
    return len(EVENT_MAKERS[MAKER](recording))


class Offered(QObject):
    """Counts what came with the recording that is shown, and offers it in the panel of events."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self._counts: dict[tuple[Any, ...], int] = {}  # by study and recording
        room.right.take.clicked.connect(lambda _checked=False: room.find(MAKER))

    def refresh(self) -> None:
        """Offer what came with the recording, if there is anything and nothing of it was taken."""
        room, session, opened = self._room, self._session, self._room.opened
        study, events = session.study, session.events
        room.right.offer_annotations("", "")
        if opened is None or study is None or opened.id == COMING or not session.writable:
            return
        if (events.maker[events.recording == opened.id] == MAKER).any():
            return
        key = (study.folder, opened.id, opened.stored.path)
        if key in self._counts:
            self._offer(self._counts[key])
            return

        def done(n: int) -> None:
            self._counts[key] = n
            if session.study is study:
                self.refresh()

        session.tasks.submit("review offered", n_offered, opened.stored, done=done, failed=lambda _error: done(0))

    def _offer(self, n: int) -> None:
        if n == 1:
            self._room.right.offer_annotations(
                self.tr("The recording came with 1 annotation. It is no event yet."), self.tr("Take the 1 annotation")
            )
        elif n:
            said = self.tr("The recording came with {} annotations. They are no events yet.").format(number(n))
            self._room.right.offer_annotations(said, self.tr("Take the {} annotations").format(number(n)))
