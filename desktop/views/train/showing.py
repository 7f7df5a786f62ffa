"""Which run is shown, or which training of an experiment, and what it left: read in the background, handed to the pages."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from core.jobs import logged_metrics
from core.study import RunEntry
from desktop.services.guard import while_alive
from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.views.train.folds import Row, cell_entry, last_training, read_pooled_result
from desktop.views.train.results import Result, read_result


class Showing(QObject):
    """`shown` (run) when another run, or more of it, is to be seen; `read` (Result or None) when its result is; `epochs`.

    A training of an experiment is shown as a run that is none of the study: `opened` tells when it is.
    """

    shown = Signal(object)
    read = Signal(object)
    epochs = Signal(list)
    opened = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.run: RunEntry | None = None
        self.experiment: RunEntry | None = None  # that the run is, or is a training of
        self._variant, self._drawn = 0, 0
        self.result: Result | None = None

    @property
    def listed(self) -> RunEntry | None:
        """The run of the study that is shown, or the experiment of which a training is."""
        return self.experiment or self.run

    @property
    def of_experiment(self) -> bool:
        """Whether a training of an experiment is shown."""
        return self.experiment is not None and self.run is not None and self.run.id != self.experiment.id

    @property
    def variant(self) -> str:
        """Of an experiment that is done, and compares several, the variant whose pooled figures are shown; else empty."""
        run = self.run
        several = run is not None and run.kind == "experiment" and len(run.summary.get("order", ())) > 1
        return str(run.summary["order"][self._variant]) if run is not None and several else ""

    @property
    def job(self) -> Job | None:
        """The job of the run, if this window started one."""
        return self._session.jobs.of(self.listed.id) if self.listed is not None else None

    def new_epochs(self, job: Job) -> list[dict[str, float]] | None:
        """Return the epochs of the training at work, if there is one more since they were asked for, or it is another."""
        if self.of_experiment or len(job.history) == self._drawn:  # not at each batch: drawing takes time
            return None
        self._drawn = len(job.history)
        return self._epochs(job.history)

    def _epochs(self, history: list[dict[str, float]]) -> list[dict[str, float]]:
        return history if self.experiment is None else last_training(history)

    def forget(self) -> None:
        """Show no run: another study is open."""
        self.run = self.experiment = self.result = None
        self.read.emit(None)

    def choose(self, run: RunEntry) -> None:
        """Show a run: its curves, and its figures once there are any."""
        same = self.run is not None and self.run.id == run.id and self.run.status == run.status
        self.run = run
        if run.kind == "experiment":
            self._variant = self._variant if self.experiment is not None and self.experiment.id == run.id else 0
            self.experiment = run
        elif self.experiment is not None and run.parent != self.experiment.id:
            self.experiment = None
        job = self.job
        self._drawn = len(job.history) if job is not None else 0
        self.epochs.emit(run.summary.get("history") or (self._epochs(job.history) if job else []))
        if run.kind == "training" and not run.summary.get("history") and run.status != "running":  # its log knows them
            self._session.tasks.submit(
                "train history", logged_metrics, run.folder, done=while_alive(self, lambda h: self._logged(run, h))
            )
        if not (same and self.result is not None):
            self.result = None
            self.read.emit(None)
        self.shown.emit(run)
        if run.status == "done" and self.result is None:
            read = (read_pooled_result, run, self._variant)
            if run.kind == "training":
                read = (read_result, run, self._session.events, self._subjects())
            self._session.tasks.submit(
                "train result", *read,
                done=while_alive(self, lambda found: self._read(run, found)),
                failed=while_alive(self, self._session.failed.emit),
            )  # fmt: skip

    def choose_variant(self, number: int) -> None:
        """Show the pooled figures of a variant of the experiment."""
        if self.experiment is not None and (number != self._variant or self.of_experiment):
            self._variant, self.result, self.run = number, None, self.experiment
            self.choose(self.experiment)

    def choose_cell(self, row: Row) -> None:
        """Show a training of the experiment as a run, when it is read."""
        experiment = self.experiment
        if experiment is not None:
            self._session.tasks.submit(
                "train cell", cell_entry, experiment, row,
                done=while_alive(self, lambda run: self._opened(experiment, run)),
                failed=while_alive(self, self._session.failed.emit),
            )  # fmt: skip

    def _opened(self, experiment: RunEntry, run: RunEntry) -> None:
        if self.experiment is not None and self.experiment.id == experiment.id:
            self.choose(run)
            self.opened.emit()

    def _subjects(self) -> dict[int, str]:
        return {entry.id: entry.subject or "" for entry in self._session.recordings}

    def _logged(self, run: RunEntry, history: list[dict[str, Any]]) -> None:
        if self.run is not None and self.run.id == run.id and self.job is None:
            self.epochs.emit(history)

    def _read(self, run: RunEntry, found: Result | None) -> None:
        if self.run is not None and self.run.id == run.id:
            self.result = found
            self.read.emit(found)
