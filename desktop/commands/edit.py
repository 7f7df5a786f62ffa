"""A committed changeset as a step of undo."""

from __future__ import annotations

from collections.abc import Callable
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
        self._session, self._passing = session, True
        # What the next undo or redo takes back; set in the writer thread, one commit after the other.
        self.done = done

    def let_pass(self) -> None:
        """Commit nothing the next time: the stack only moves back to where it was before a commit that failed."""
        self._passing = True

    def redo(self) -> None:
        """Commit again."""
        self._step(self._session.undo_stack.undo)

    def undo(self) -> None:
        """Commit the inverse."""
        self._step(self._session.undo_stack.redo)

    def _step(self, back: Callable[[], None]) -> None:
        if self._passing:
            self._passing = False
        elif not self.isObsolete():
            self._session.commit(self, back)
