"""Writing the labels of the map's events: asked for in a dialog, done in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.session import Session
from desktop.views.annotate.export_dialog import LabelsDialog, Wish, write
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.annotate.view import AnnotateView


class Exporting:
    """Asks how labels are to be written, and writes them."""

    def __init__(self, session: Session, room: AnnotateView) -> None:
        self._session, self._room = session, room

    def ask(self) -> None:
        """Ask how the labels of the map's events are to be written."""
        shown = self._room.choosing.map
        if shown is not None:
            dialog = LabelsDialog(self._session, shown.ids, self._room)
            dialog.wanted.connect(self.write)
            dialog.open()

    def write(self, wish: Wish) -> None:
        """Write a file of labels in the background."""
        tr, session = self._room.tr, self._session

        def done(n: int) -> None:
            session.told.emit(tr("{} labels are in {}.").format(number(n), wish.path))

        session.tasks.submit(None, write, session.study, wish, done=done, failed=session.failed.emit)
