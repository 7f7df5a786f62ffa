"""One writer per study: an operating-system lock, with the owner's name beside it.

The lock falls with its process, however that dies; the name stays, and tells the next opening that the last one did
not end properly. It is set aside, not overwritten, until an opening has gone well and told of it.
"""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import HitscopeError, ReadOnlyStudyError, StudyLockedError
from core.jobs import read_json, write_json


@dataclass(frozen=True)
class Owner:
    """Who writes to a study: shown to whoever finds it locked."""

    annotator: str
    user: str
    host: str
    pid: int
    since: str

    @classmethod
    def here(cls, annotator: str) -> Owner:
        """Return this process as an owner."""
        return cls(annotator, user_name(), socket.gethostname(), os.getpid(), now())

    def __str__(self) -> str:
        return f"{self.annotator} ({self.user} on {self.host}, process {self.pid})"


def user_name() -> str:
    """Return the name of the user of this process, or ``unknown``."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class WriterLock:
    """The right to write to a study folder.

    Raises
    ------
    StudyLockedError
        If another process, or another opening in this one, has it; the message names the owner.
    ReadOnlyStudyError
        If the folder cannot be written to.
    """

    def __init__(self, folder: Path, annotator: str) -> None:
        self._owner_file, self._left_file = folder / "study.owner.json", folder / "study.left.json"
        self._lock = FileLock(folder / "study.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StudyLockedError(
                f"the study is being written to by {self.owner() or 'another process'}",
                subject=folder,
                remedy="Open it read-only, or close it there first",
            ) from None
        except OSError as error:
            raise cannot_write(folder, error) from error
        try:
            self.left_by = self._set_aside()
            write_json(self._owner_file, asdict(Owner.here(annotator)))
        except (HitscopeError, OSError) as error:
            self._lock.release()
            raise cannot_write(folder, error) from error

    def owner(self) -> Owner | None:
        """Return who is named beside the lock, if anyone."""
        return _read_owner(self._owner_file)

    def opened(self) -> None:
        """Forget who had left the study unclosed: the opening went well, and `left_by` tells of them."""
        self._left_file.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the right up, as a proper close does."""
        self._owner_file.unlink(missing_ok=True)
        self._lock.release()

    def _set_aside(self) -> Owner | None:
        """Keep the name that the last session left, unless an older one still waits to be told; return who that is."""
        if _read_owner(self._left_file) is None and self._owner_file.exists():
            self._owner_file.replace(self._left_file)
        return _read_owner(self._left_file)


def _read_owner(path: Path) -> Owner | None:
    with suppress(HitscopeError, ValueError, TypeError):
        return Owner(**read_json(path))
    return None


def reason(error: Exception) -> str:
    """Return what the system or SQLite said, without the SQL and the link that SQLAlchemy adds."""
    return str(getattr(error, "strerror", None) or getattr(error, "orig", None) or error)


def cannot_write(folder: Path, error: Exception) -> ReadOnlyStudyError:
    """Return the error for a folder that refuses to be written to."""
    return ReadOnlyStudyError(
        f"the folder cannot be written to ({reason(error)})",
        subject=folder,
        kept="Nothing in it was changed",
        remedy="Open the study read-only, or copy it to a folder you may write to",
    )
