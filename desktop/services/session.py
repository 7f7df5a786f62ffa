"""The open study and everything that stands between it and the rooms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QUndoStack

from core.errors import HitscopeError, StudyError
from core.signals import build_pyramid, open_from_study
from core.study import Changeset, EventTable, LabelClass, RecordingEntry, Study, label_events, remove_events
from desktop.commands.edit import EditCommand
from desktop.services.jobs import Job, JobsService
from desktop.services.selection import SelectionBus
from desktop.services.tasks import TaskPool

if TYPE_CHECKING:
    from core.signals import Pyramid, Recording


class Session(QObject):
    """One study in one window. Views read `events`, `classes` and `recordings`, and change things by `apply` only.

    Attributes
    ----------
    study : Study or None
    events : EventTable
        Of the whole study, kept up to date with every commit.
    classes : list of LabelClass
    recordings : list of RecordingEntry
    selection : SelectionBus
    undo_stack : QUndoStack
    jobs : JobsService
    tasks : TaskPool
    settings : QSettings
        Per user.
    """

    study_changed = Signal()
    saved = Signal(str)
    events_changed = Signal(object)
    labels_changed = Signal(object)
    runs_changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self.events = EventTable.from_rows([])
        self.classes: list[LabelClass] = []
        self.recordings: list[RecordingEntry] = []
        self.settings = QSettings("Hitscope", "Hitscope")
        self.selection = SelectionBus(self)
        self.undo_stack = QUndoStack(self)
        self.tasks = TaskPool(2, self)
        self._writer = TaskPool(1, self)
        self._commits = 0
        self.jobs = JobsService(self)
        self._open_recordings: dict[int, Recording] = {}

    # Opening and closing

    def open_study(self, folder: str | Path, *, create: bool = False) -> None:
        """Open a study, or create one; a locked or read-only one is opened read-only.

        Raises
        ------
        HitscopeError
            If it cannot be opened at all; what was open stays open.
        """
        annotator = self.settings.value("annotator") or None
        if create:
            study = Study.create(folder, annotator=annotator)
        else:
            try:
                study = Study.open(folder, annotator=annotator)
            except StudyError as error:
                try:
                    study = Study.open(folder, readonly=True, annotator=annotator)
                except HitscopeError:
                    raise error from None
        self.use(study)

    def use(self, study: Study) -> None:
        """Show a study that is open already."""
        self.close_study()
        self.study = study
        self._reload()
        self.settings.setValue("last_study", str(study.folder))
        self.study_changed.emit()
        self.runs_changed.emit()

    def close_study(self) -> None:
        """Close the study; nothing is lost, since everything was committed as it happened."""
        self.tasks.close()
        self._writer.close()
        self.undo_stack.clear()
        self.selection.set(())
        self._open_recordings.clear()
        if self.study is not None:
            self.study.close()
        self.study = None
        self.events, self.classes, self.recordings = EventTable.from_rows([]), [], []

    def reload(self) -> None:
        """Read everything anew: after edits that were not made by `apply`."""
        self._reload()
        self.study_changed.emit()

    def _reload(self) -> None:
        assert self.study is not None
        self.events, self.classes = self.study.events(), self.study.classes()
        self.recordings = self.study.recordings()

    # Editing

    def apply(self, changeset: Changeset, reason: str | None = None) -> None:
        """Make an edit: one step of undo, committed by the writer thread; `saved` fires when it is on the disk."""
        if self.study is None or not changeset.changes:
            return
        self.undo_stack.push(EditCommand(self, changeset, reason))

    def commit(self, command: EditCommand, reason: str | None) -> None:
        """Queue the next changeset of a command for the writer thread."""
        study = self.study
        if study is None:
            return
        self._commits += 1

        def write() -> tuple[Changeset, EventTable, list[LabelClass], list[RecordingEntry]]:
            done = study.apply(command.next, reason)
            command.next = done.inverse()
            return done, study.events(ids=done.event_ids), study.classes(), study.recordings()

        def fail(error: Exception) -> None:
            command.setObsolete(True)
            self.failed.emit(error)
            self._reload()
            self.events_changed.emit(self.events.id.tolist())

        # Each commit has a key of its own: none supersedes another.
        self._writer.submit(f"commit {self._commits}", write, done=self._committed, failed=fail)

    def _committed(self, result: tuple[Changeset, EventTable, list[LabelClass], list[RecordingEntry]]) -> None:
        changeset, fresh, self.classes, self.recordings = result
        ids = changeset.event_ids
        self.events = self.events.updated(fresh, ids)
        if self.study is not None and self.study.last_saved is not None:
            self.saved.emit(f"{self.study.last_saved:%H:%M}")
        if changeset.keys("recordings"):
            self.study_changed.emit()
        if changeset.keys("events"):
            self.events_changed.emit(ids)
        if changeset.keys("labels") or changeset.keys("classes"):
            self.labels_changed.emit(ids)

    @property
    def saving(self) -> bool:
        """Whether an edit is on its way to the disk."""
        return self._writer.busy

    def label(self, ids: Sequence[int], key: str) -> None:
        """Label events as the current annotator; ``""`` takes the label away."""
        if self.study is not None and len(ids):
            self.apply(label_events(self.study, ids, key))

    def remove_events(self, ids: Iterable[int]) -> None:
        """Remove events with their labels."""
        if self.study is not None:
            self.apply(remove_events(self.study, ids))

    # Reading

    def recording(self, recording_id: int) -> Recording:
        """Return an open recording; opened on first use, safe to read from any thread."""
        if recording_id not in self._open_recordings:
            assert self.study is not None
            self._open_recordings[recording_id] = open_from_study(self.study, recording_id)
        return self._open_recordings[recording_id]

    def pyramid(self, recording_id: int) -> Pyramid:
        """Return the pyramid of a recording, building it if need be: call it in a task."""
        assert self.study is not None
        entry = self.study.recording(recording_id)
        return build_pyramid(self.recording(recording_id), self.study.folder / "arrays" / entry.sha256[:16])

    def position_of(self, label: str) -> int:
        """Return the position of a class, 0 for none."""
        return next((c.position for c in self.classes if c.key == label), 0)

    # Runs

    def start_job(
        self, kind: str, name: str, params: dict[str, Any], parent: str | None = None, seed: int = 0
    ) -> Job | None:
        """Make a run and start its job."""
        if self.study is None:
            return None
        try:
            run = self.study.new_run(kind, name, params, parent=parent, seed=seed)
        except HitscopeError as error:
            self.failed.emit(error)
            return None
        self.runs_changed.emit()
        return self.jobs.start(run)

    def resume(self, run_id: str) -> Job | None:
        """Go on with a run that was stopped or interrupted."""
        if self.study is None:
            return None
        self.study.set_run_status(run_id, "running")
        self.runs_changed.emit()
        return self.jobs.start(self.study.run(run_id))

    def take_up_runs(self) -> None:
        """Take up what jobs have written."""
        if self.study is not None and not self.study.readonly:
            self.study.sync_runs()
        self.runs_changed.emit()
