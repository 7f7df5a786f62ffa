"""Which run is shown, and what it left: read in the background, handed to the pages when it is there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from core.jobs import logged_metrics
from core.study import RunEntry
from desktop.services.guard import while_alive
from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.views.train.results import Result, read_result


class Showing(QObject):
    """`shown` (run) when another run, or more of it, is to be seen; `read` (Result or None) when its result is; `epochs`."""

    shown = Signal(object)
    read = Signal(object)
    epochs = Signal(list)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.run: RunEntry | None = None
        self.result: Result | None = None

    @property
    def job(self) -> Job | None:
        """The job of the run, if this window started one."""
        return self._session.jobs.of(self.run.id) if self.run is not None else None

    def forget(self) -> None:
        """Show no run: another study is open."""
        self.run = self.result = None
        self.read.emit(None)

    def choose(self, run: RunEntry) -> None:
        """Show a run: its curves, and its figures once there are any."""
        same = self.run is not None and self.run.id == run.id and self.run.status == run.status
        self.run = run
        job = self.job
        self.epochs.emit(run.summary.get("history") or (job.history if job else []))
        if not run.summary.get("history") and run.status != "running":  # stopped: its log knows the epochs
            self._session.tasks.submit(
                "train history", logged_metrics, run.folder, done=while_alive(self, lambda h: self._logged(run, h))
            )
        if not (same and self.result is not None):
            self.result = None
            self.read.emit(None)
        self.shown.emit(run)
        if run.status == "done" and self.result is None:
            self._session.tasks.submit(
                "train result", read_result, run, self._session.events, self._subjects(),
                done=while_alive(self, lambda found: self._read(run, found)),
                failed=while_alive(self, self._session.failed.emit),
            )  # fmt: skip

    def _subjects(self) -> dict[int, str]:
        return {entry.id: entry.subject or "" for entry in self._session.recordings}

    def _logged(self, run: RunEntry, history: list[dict[str, Any]]) -> None:
        if self.run is not None and self.run.id == run.id and self.job is None:
            self.epochs.emit(history)

    def _read(self, run: RunEntry, found: Result | None) -> None:
        if self.run is not None and self.run.id == run.id:
            self.result = found
            self.read.emit(found)
