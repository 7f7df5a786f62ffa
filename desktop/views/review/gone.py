"""A file that is no longer there while its recording is shown: said once, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QObject

from core.errors import MissingFileError
from desktop.services.session import Session
from desktop.views.review.data import Opened


class Gone(QObject):
    """Tells errors of reading; those of a file that has gone once for each time the recording was opened."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._told: Opened | None = None

    def tell(self, opened: Opened | None, error: Exception) -> bool:
        """Tell of an error; return whether a file has gone."""
        gone = isinstance(error, MissingFileError)
        if not gone or self._told is not opened:
            self._session.failed.emit(error)
        if gone:
            self._told = opened
        return gone
