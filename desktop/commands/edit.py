"""A changeset as a step of undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from core.study import Changeset

if TYPE_CHECKING:
    from desktop.services.session import Session


class EditCommand(QUndoCommand):
    """Redo commits the changeset, undo commits its inverse: the audit trail only grows."""

    def __init__(self, session: Session, changeset: Changeset, reason: str | None = None) -> None:
        super().__init__(changeset.title)
        self._session, self._reason = session, reason
        # What the study will hold when the writer thread comes to it; set there, one commit after the other.
        self.next = changeset

    def redo(self) -> None:
        """Commit, through the one writer thread."""
        self._session.commit(self, self._reason)

    def undo(self) -> None:
        """Commit the inverse."""
        self._session.commit(self, None)
