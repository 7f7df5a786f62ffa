"""Errors meant for the person at the screen: what happened, to what, what was kept, what to do next."""

from __future__ import annotations


class HitscopeError(Exception):
    """An error the user can act on.

    Parameters
    ----------
    what : str
        What happened, in the field's words, without a final full stop.
    subject : str or os.PathLike, optional
        The file, event or run it happened to.
    kept : str, optional
        What was kept, so that nobody fears for their work.
    remedy : str, optional
        What to do next.
    """

    def __init__(
        self, what: str, *, subject: object | None = None, kept: str | None = None, remedy: str | None = None
    ) -> None:
        self.what = what
        self.subject = None if subject is None else str(subject)
        self.kept = kept
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        where = f"{self.subject}: " if self.subject and self.subject not in self.what else ""
        sentences = [where + self.what, self.kept, self.remedy]
        return " ".join(s.rstrip(". ") + "." for s in sentences if s)

    def as_dict(self) -> dict[str, str | None]:
        """Return the error as JSON-able fields, for `--json` and for job messages."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "subject": self.subject,
            "kept": self.kept,
            "remedy": self.remedy,
        }


class InputError(HitscopeError):
    """A file or a value that the user gave cannot be used."""


class TruncatedError(InputError):
    """A recording ends before its header says; what is whole of it can be read with ``allow_truncated``."""


class MissingFileError(InputError):
    """A file of a recording is no longer where it was."""


class StudyError(HitscopeError):
    """The study folder cannot do what was asked."""


class StudyLockedError(StudyError):
    """Another process writes to the study."""


class ReadOnlyStudyError(StudyError):
    """The study was opened read-only, and a change was asked for."""


class ConflictError(StudyError):
    """A change no longer fits what the study holds."""


class JobError(HitscopeError):
    """A background job failed."""


class JobCancelled(HitscopeError):
    """A background job stopped because it was asked to."""


class BundleError(HitscopeError):
    """An export bundle is damaged or cannot be verified."""
