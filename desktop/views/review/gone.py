"""A file that is no longer there while its recording is shown: said once, and what can be done."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from core.errors import HitscopeError
from desktop.services.session import Session
from desktop.views.review.data import Opened


def lost_file(opened: Opened, error: Exception) -> Path | None:
    """Return the file that is no longer there, if that is what an error is about."""
    files: list[Path] = [opened.stored.path]
    cause: BaseException | None = error
    while cause is not None:
        named = (getattr(cause, "subject", None), getattr(cause, "filename", None))
        files += [Path(str(name)) for name in named if name]
        cause = cause.__cause__
    return next((file for file in files if file.is_absolute() and not file.exists()), None)


class Gone(QObject):
    """Tells errors of reading; those of a file that has gone once for each time the recording was opened."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._told: Opened | None = None

    def tell(self, opened: Opened | None, error: Exception) -> bool:
        """Tell of an error; return whether the file has gone."""
        lost = lost_file(opened, error) if opened is not None else None
        if lost is None:
            self._session.failed.emit(error)
        elif self._told is not opened:
            self._told = opened
            self._session.failed.emit(
                HitscopeError(
                    self.tr("the file is no longer there"),
                    subject=lost,
                    kept=self.tr("Events and labels are safe; the page that was read last stays, dimmed"),
                    remedy=self.tr("Put the file back, or choose Review, Find moved recordings…"),
                )
            )
        return lost is not None
