"""Of requests for the same thing, only the newest is of interest."""

from __future__ import annotations

from shiboken6 import isValid

from desktop.services.tasks import TaskReporter


class Newest:
    """Gives each request its reporter, and stops the request before it at its next check: it would only keep others waiting."""

    def __init__(self) -> None:
        self._last: TaskReporter | None = None

    def report(self) -> TaskReporter:
        """Return the reporter of a new request."""
        if self._last is not None and isValid(self._last):
            self._last.cancel()
        self._last = TaskReporter()
        return self._last
