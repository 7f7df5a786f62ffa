"""How a job tells of its progress and learns that it should stop."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from core.errors import JobCancelled


class Reporter(Protocol):
    """What long functions get as `report`."""

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say that `done` of `total` steps are through."""

    def metrics(self, step: int, **values: float) -> None:
        """Publish figures of one step, such as the loss of an epoch."""

    def log(self, text: str) -> None:
        """Add a line to the job's log."""

    def check(self) -> None:
        """Raise `JobCancelled` if the user asked to stop; call it where stopping loses nothing."""


class NullReporter:
    """Says nothing and never stops: for notebooks and tests."""

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Ignore."""

    def metrics(self, step: int, **values: float) -> None:
        """Ignore."""

    def log(self, text: str) -> None:
        """Ignore."""

    def check(self) -> None:
        """Go on."""


class TerminalReporter(NullReporter):
    """A progress bar on standard error; Ctrl+C stops at the next checkpoint."""

    def __init__(self, title: str = "") -> None:
        from tqdm import tqdm

        self._bar: Any = tqdm(
            total=1.0,
            desc=title,
            file=sys.stderr,
            bar_format="{desc} {percentage:3.0f}% |{bar:30}| {elapsed} {postfix}",
            leave=True,
        )
        self._cancelled = False

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Move the bar."""
        self._bar.n = min(1.0, done / total) if total else 1.0
        self._bar.set_postfix_str(message, refresh=False)
        self._bar.refresh()

    def log(self, text: str) -> None:
        """Print above the bar."""
        self._bar.write(text, file=sys.stderr)

    def cancel(self) -> None:
        """Ask the job to stop at its next `check`."""
        self._cancelled = True

    def check(self) -> None:
        """Raise `JobCancelled` after `cancel`."""
        if self._cancelled:
            raise JobCancelled("stopped as asked")

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()

    def __enter__(self) -> TerminalReporter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
