"""A committed changeset as a step of undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from core.study import Changeset

if TYPE_CHECKING:
    from desktop.services.session import Session


class EditCommand(QUndoCommand):
    """Undo commits the inverse of what was done, redo the inverse of that: the audit trail only grows.

    It comes to the stack when its changeset is on the disk, so the `redo` by which a stack takes it has nothing to do.
    """

    def __init__(self, session: Session, done: Changeset) -> None:
        super().__init__(done.title)
        self._session, self._fresh = session, True
        # What the next undo or redo commits; set in the writer thread, one commit after the other.
        self.next = done.inverse()

    def redo(self) -> None:
        """Commit again."""
        if self._fresh:
            self._fresh = False
        elif not self.isObsolete():
            self._session.commit(self)

    def undo(self) -> None:
        """Commit the inverse."""
        if not self.isObsolete():
            self._session.commit(self)
