"""Runs that wait for each other: one trains, the others stand in line until it has ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.services.jobs import Job
from desktop.services.session import Session

TRAINED = ("training", "experiment")  # kinds of runs that train, one after the other


@dataclass(frozen=True)
class Waiting:
    """A run that waits; with `run_id`, one that was stopped and is to go on; `kind` is one of `TRAINED`."""

    name: str
    params: dict[str, Any]
    seed: int
    run_id: str = ""
    kind: str = "training"


class Queue(QObject):
    """`changed` when another run waits; `begun` (RunEntry) when one was begun.

    The queue is held when a run was stopped by hand or failed, when the window closes, and when a study is opened in which
    runs wait: `go_on` lets it go on. The study remembers what waits.
    """

    changed = Signal()
    begun = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.waiting: list[Waiting] = []
        self.held = False
        session.jobs.finished.connect(self._ended)

    @property
    def busy(self) -> bool:
        """Whether a run trains now."""
        return any(job.run.kind in TRAINED for job in self._session.jobs.running)

    def add(self, one: Waiting) -> None:
        """Put a run at the end of the line; if nobody is before it, it begins."""
        self.waiting.append(one)
        if not self.busy and len(self.waiting) == 1:
            self.held = False
        self._next()

    def remove(self, place: int) -> None:
        """Take one out of the line."""
        if 0 <= place < len(self.waiting):
            del self.waiting[place]
            self.changed.emit()

    def go_on(self) -> None:
        """Let those that wait begin."""
        self.held = False
        self._next()

    def remember(self) -> list[dict[str, Any]]:
        """Return those that wait, as JSON."""
        return [asdict(one) for one in self.waiting]

    def restore(self, waiting: list[dict[str, Any]]) -> None:
        """Take those that waited when the study was closed; they begin when somebody says so."""
        self.waiting = [Waiting(**one) for one in waiting]
        self.held = bool(self.waiting)
        self.changed.emit()

    def _next(self) -> None:
        room = self.parent()
        while self.waiting and not self.held and not self.busy and room.isEnabled():  # a window that closes is disabled
            one = self.waiting.pop(0)
            session = self._session
            job = (
                session.resume(one.run_id)
                if one.run_id
                else session.start_job(one.kind, one.name, one.params, seed=one.seed)
            )
            if job is None:  # it could not be begun, and the window says why: the others wait for somebody to look
                self.waiting.insert(0, one)
                self.held = True
                break
            self.begun.emit(job.run)
        self.changed.emit()

    def _ended(self, job: Job) -> None:
        if job.run.kind in TRAINED:
            self.held = self.held or (job.status != "done" and bool(self.waiting))
            self._next()
