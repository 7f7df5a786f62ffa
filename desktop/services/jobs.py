"""Jobs in child processes, with what the window shows of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from core.errors import HitscopeError
from core.jobs import LocalJob
from core.study import RunEntry

if TYPE_CHECKING:
    from desktop.services.session import Session


class Job(QObject):
    """One job: progress, log, figures by step, and how it ended."""

    changed = Signal()
    metrics = Signal(int, object)
    finished = Signal(str)
    _message = Signal(object)

    def __init__(self, run: RunEntry, parent: QObject) -> None:
        super().__init__(parent)
        self.run = run
        self.fraction, self.message, self.status = 0.0, "starting", "running"
        self.log: list[str] = []
        self.history: list[dict[str, float]] = []
        self.error: str | None = None
        self._started = time.monotonic()
        self._job = LocalJob(run.job())
        self._message.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Start the child process."""
        # The reader thread may outlive this object's C++ half at the end of the program; it must not call into it then.
        emit = self._message.emit

        def forward(message: dict[str, Any]) -> None:
            try:
                emit(message)
            except RuntimeError:
                return

        try:
            self._job.start(forward)
        except (HitscopeError, OSError) as error:  # a full disk, say: told as of a job that failed later
            self._message.emit({"type": "error", "message": str(error)})
            self._message.emit({"type": "finished", "status": "failed"})

    def cancel(self) -> None:
        """Ask it to stop at its next checkpoint."""
        self.message = "stopping at the next checkpoint"
        self._job.cancel()
        self.changed.emit()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.status == "running"

    @property
    def seconds_left(self) -> float | None:
        """A linear guess of the time left, s; None before a twentieth is done."""
        if not self.running or self.fraction < 0.05:
            return None
        return (time.monotonic() - self._started) * (1 - self.fraction) / self.fraction

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "progress":
            total = message["total"] or 1
            self.fraction, self.message = min(1.0, message["done"] / total), message.get("message", "")
        elif kind == "metrics":
            self.history.append({"step": message["step"], **message["values"]})
            self.metrics.emit(message["step"], message["values"])
        elif kind == "log":
            self.log.append(message["text"])
        elif kind == "error":
            self.error = message["message"]
            self.log.append(message["message"])
        elif kind == "finished":
            self.status = message["status"]
            self.message = {"done": "done", "cancelled": "stopped; it can be resumed"}.get(
                self.status, self.error or "failed"
            )
            self.finished.emit(self.status)
        self.changed.emit()


class JobsService(QObject):
    """All jobs of this window."""

    added = Signal(object)
    changed = Signal()
    finished = Signal(object)
    idle = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.jobs: list[Job] = []

    def start(self, run: RunEntry) -> Job:
        """Start, or resume, the job of a run."""
        job = Job(run, self)
        self.jobs.append(job)
        job.changed.connect(self.changed)
        job.finished.connect(lambda _status: self._ended(job))
        job.start()
        self.added.emit(job)
        self.changed.emit()
        return job

    def of(self, run_id: str) -> Job | None:
        """Return the newest job of a run, if this window started one."""
        return next((job for job in reversed(self.jobs) if job.run.id == run_id), None)

    @property
    def running(self) -> list[Job]:
        """Those that have not ended."""
        return [job for job in self.jobs if job.running]

    def stop_all(self) -> None:
        """Ask all to stop: each keeps its last checkpoint, and `idle` tells when the last has ended."""
        for job in self.running:
            job.cancel()

    def _ended(self, job: Job) -> None:
        self._session.take_up_runs()
        self.finished.emit(job)
        if not self.running:
            self.idle.emit()
