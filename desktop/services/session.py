"""The open study and everything that stands between it and the rooms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtGui import QUndoStack

from core.errors import ConflictError, HitscopeError, StudyError
from core.study import (
    UNSURE,
    Changeset,
    EventTable,
    LabelClass,
    RecordingEntry,
    Study,
    add_event,
    combine,
    label_events,
    remove_events,
)
from desktop.commands.edit import EditCommand
from desktop.services.collecting import uncollected
from desktop.services.jobs import Job, JobsService
from desktop.services.recordings import OpenRecordings
from desktop.services.selection import SelectionBus
from desktop.services.tasks import TaskPool

if TYPE_CHECKING:
    from core.jobs import Reporter
    from core.signals import Recording

RECENT = 5
Contents = tuple[EventTable, list[LabelClass], list[RecordingEntry]]


@dataclass(frozen=True)
class Committed:
    """What a commit left, found out in the writer thread: of a hundred thousand labels that takes a while."""

    done: Changeset
    events: EventTable
    classes: list[LabelClass]
    recordings: list[RecordingEntry]
    ids: list[int]  # of the events that it touched
    tables: frozenset[str]


class Session(QObject):
    """One study in one window. Views read `events`, `classes` and `recordings`, and change things by `edit` and `apply`.

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
        What somebody waits for: pages, pictures, files that are opened.
    background : TaskPool
        What takes minutes and nobody waits for.
    settings : QSettings
        Per user.
    """

    study_changed = Signal()
    saved = Signal(str)
    events_changed = Signal(object)
    labels_changed = Signal(object)
    runs_changed = Signal()
    failed = Signal(object)
    told = Signal(str)
    noted = Signal(str)  # told, and to stay until it is put away
    veiled = Signal()  # events are to be seen otherwise than before: see `seen`

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self.why_readonly: HitscopeError | None = None
        self._coming: Study | None = None  # open, but not read yet
        self.events = EventTable.from_rows([])
        self.classes: list[LabelClass] = []
        self.recordings: list[RecordingEntry] = []
        # Not QSettings(organisation, application): that ignores the default format, by which tests and the tour keep apart.
        self.settings = QSettings(QSettings.defaultFormat(), QSettings.Scope.UserScope, "Hitscope", "Hitscope")
        self.selection = SelectionBus(self)
        self.veil: Callable[[EventTable], EventTable] | None = None  # hides what others said
        self.undo_stack = QUndoStack(self)
        self.tasks = TaskPool(2, self)
        self.background = TaskPool(1, self)
        self._writer = TaskPool(1, self)
        self._written = self.events  # as the last commit left it; the writer's own while it works
        self._deferred: list[Callable[[], None]] = []
        self.jobs = JobsService(self)
        self._open = OpenRecordings()
        self._others = QTimer(self, interval=2000)
        self._others.timeout.connect(self._watch_others)

    # Opening and closing

    @property
    def opening(self) -> bool:
        """Whether a study is being read, to be shown then."""
        return self._coming is not None

    def open_study(self, folder: str | Path, *, create: bool = False) -> None:
        """Open a study, or create one; a locked or read-only one is opened read-only, and `told` says why.

        An existing study is read in the background: what was open is shown until the new one is there.

        Raises
        ------
        HitscopeError
            If it cannot be opened at all; what was open stays open.
        """
        annotator = str(self.settings.value("annotator") or "") or None
        if create:
            self.use(Study.create(folder, annotator=annotator))
            return
        if self.study is not None and self.study.folder == Path(folder).expanduser().resolve():
            self.close_study()  # it cannot be opened twice for writing
        why = None
        try:
            study = Study.open(folder, annotator=annotator)
        except StudyError as error:
            try:
                study = Study.open(folder, readonly=True, annotator=annotator)
            except HitscopeError:
                raise error from None
            why = error
        self._coming = study
        failed = self.failed.emit
        self.tasks.submit("open study", _read, study, done=lambda read: self._show(study, read, why), failed=failed)

    def use(self, study: Study) -> None:
        """Show a study that is open already."""
        self._show(study, _read(study))

    def _show(self, study: Study, read: Contents, why: HitscopeError | None = None) -> None:
        self._coming = None
        self.close_study()
        self.study, self.why_readonly = study, why
        self.events, self.classes, self.recordings = read
        self._written = self.events
        self.settings.setValue("last_study", str(study.folder))
        self.settings.setValue("recent", [str(study.folder), *self.recent(but=study.folder)][:RECENT])
        self.study_changed.emit()
        self.runs_changed.emit()
        self._others.start()
        if why is not None:
            self.told.emit(str(why))

    def close_study(self) -> None:
        """Close the study; nothing is lost, since everything was committed as it happened."""
        self._others.stop()
        self._open.stop()
        self.tasks.close()
        self.background.close()
        self._writer.finish()
        self._deferred.clear()
        self.undo_stack.clear()
        self.selection.set(())
        self._open.clear()
        for study in (self.study, self._coming):
            if study is not None:
                study.close()
        self.study = self._coming = None
        self.events, self.classes, self.recordings = EventTable.from_rows([]), [], []

    def recordings_added(self) -> None:
        """Take up recordings that were added to the study without `edit`."""
        assert self.study is not None
        self._take_recordings(self.study.recordings())
        self.study_changed.emit()

    def _take_recordings(self, entries: list[RecordingEntry]) -> None:
        read_as = {entry.id: (entry.path, entry.options) for entry in entries}
        for old in self.recordings:
            if read_as.get(old.id) != (old.path, old.options):
                self._open.forget(old.id)
        self.recordings = entries

    def recent(self, but: Path | None = None) -> list[str]:
        """Return the folders of the studies opened last that are still there."""
        stored = self.settings.value("recent") or []
        folders = [stored] if isinstance(stored, str) else list(stored)
        return [f for f in folders if f != str(but) and (Path(f) / "study.sqlite").exists()]

    def change_annotator(self, name: str) -> None:
        """Go on as another annotator: whose labels are shown, and to whom edits are attributed."""
        self.settings.setValue("annotator", name)
        if self.study is not None:
            self.open_study(self.study.folder)

    @property
    def writable(self) -> bool:
        """Whether a study is open and may be written to: what makes runs or labels is offered only then."""
        return self.study is not None and not self.study.readonly

    # Editing

    def edit(
        self,
        build: Callable[[Study], Changeset],
        reason: str | None = None,
        then: Callable[[Changeset], None] | None = None,
    ) -> None:
        """Make an edit: one step of undo. `saved` fires when it is on the disk, and `then` gets what was committed.

        The changeset is built in the writer thread, hence from what all earlier edits left, however fast they follow. A
        failed edit fires `failed` and leaves no step of undo.
        """
        study = self.study
        if study is None:
            return

        def write() -> Committed | None:
            changeset = build(study)
            return self._commit(study, changeset, reason) if changeset.changes else None

        def committed(result: Committed | None) -> None:
            if result is not None:
                # Known to the undo stack before anybody hears of it.
                self.undo_stack.push(EditCommand(self, result.done))
                self._committed(result)
                if then is not None:
                    then(result.done)
            self._run_deferred()

        self._submit(write, committed, self._failed)

    def apply(self, changeset: Changeset, reason: str | None = None) -> None:
        """Make an edit from a changeset that was built already."""
        if changeset.changes:
            self.edit(lambda _study: changeset, reason)

    def commit(self, command: EditCommand, back: Callable[[], None]) -> None:
        """Queue what takes back the last commit of a command for the writer thread: an undo or a redo.

        If it cannot be written, `back` moves the stack to where it was, so that the same step can be tried again.
        """
        study = self.study
        if study is None:
            return

        def write() -> Committed:
            result = self._commit(study, command.done.inverse(), None)
            command.done = result.done
            return result

        def committed(result: Committed) -> None:
            self._committed(result)
            self._run_deferred()

        def failed(error: Exception) -> None:
            if isinstance(error, ConflictError):
                command.setObsolete(True)  # what it would change is no longer there: trying again is no use
            else:
                command.let_pass()
                back()
            self._failed(error)

        self._submit(write, committed, failed)

    def undo(self) -> None:
        """Undo the last edit, also one that is still on its way to the disk."""
        self.when_saved(self.undo_stack.undo)

    def redo(self) -> None:
        """Redo the edit undone last."""
        self.when_saved(self.undo_stack.redo)

    def _submit(
        self, write: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> None:
        self._writer.submit(None, uncollected(write), done=done, failed=failed)

    def when_saved(self, step: Callable[[], None]) -> None:
        """Do something when no edit is on its way to the disk any more: now, or after what the last one left is known."""
        if self.saving:
            self._deferred.append(step)
        else:
            step()

    def _run_deferred(self) -> None:
        while self._deferred and not self.saving:
            self._deferred.pop(0)()

    def _failed(self, error: Exception) -> None:
        self.failed.emit(error)
        self._run_deferred()

    def _committed(self, result: Committed) -> None:
        self._take_recordings(result.recordings)
        self.events, self.classes = result.events, result.classes
        if "recordings" in result.tables:
            self.study_changed.emit()
        if "events" in result.tables:
            self.events_changed.emit(result.ids)
        if result.tables & {"labels", "classes"}:
            self.labels_changed.emit(result.ids)
        if self.study is not None and self.study.last_saved is not None:
            self.saved.emit(f"{self.study.last_saved:%H:%M}")

    def _commit(self, study: Study, changeset: Changeset, reason: str | None) -> Committed:
        """Commit and find out what the window must know anew (in the writer thread, one commit after the other)."""
        done = study.apply(changeset, reason)
        ids = done.event_ids
        self._written = self._written.updated(study.events(ids=ids), ids)
        tables = frozenset(change.table for change in done.changes)
        return Committed(done, self._written, study.classes(), study.recordings(), ids, tables)

    @property
    def saving(self) -> bool:
        """Whether an edit is on its way to the disk."""
        return self._writer.busy

    def label(self, ids: Sequence[int], key: str) -> None:
        """Label events as the current annotator; ``""`` takes the label away."""
        if len(ids):
            self.edit(lambda study: label_events(study, ids, key))

    def remove_events(self, ids: Iterable[int]) -> None:
        """Remove events with their labels."""
        chosen = list(ids)
        if chosen:
            self.edit(lambda study: remove_events(study, chosen))

    def add_event(
        self,
        recording_id: int,
        channel: str,
        start_s: float,
        duration_s: float,
        kind: str = "mark",
        *,
        label: str = "",
        origin: object = None,
    ) -> None:
        """Add an event that the annotator drew, labelled if a class is given, and select it."""

        def build(study: Study) -> Changeset:
            made = add_event(study, recording_id, channel, start_s, duration_s, kind)
            return combine(made.title, made, label_events(study, made.event_ids, label)) if label else made

        self.edit(build, then=lambda done: self.selection.set(done.event_ids, origin))

    # Reading

    def seen(self, events: EventTable) -> EventTable:
        """Return events as they are to be seen: without what others said, while somebody decides without knowing it."""
        return events if self.veil is None else self.veil(events)

    def recording(self, recording_id: int, report: Reporter | None = None) -> Recording:
        """Return an open recording, opened on first use, from any thread; `report` hears of a file that is read whole for it."""
        assert self.study is not None
        return self._open.get(self.study, recording_id, report)

    def entry_of(self, recording_id: int | None) -> RecordingEntry | None:
        """Return what the study knows of a recording; None if it has none of this id."""
        return next((entry for entry in self.recordings if entry.id == recording_id), None)

    def arrays_of(self, recording_id: int) -> Path:
        """Return the folder of what was computed from a recording: its pyramids."""
        assert self.study is not None
        entry = next(r for r in self.recordings if r.id == recording_id)
        # One file may hold several recordings, and what its arrays mean may be said anew: then its samples are others.
        said = hashlib.sha256(json.dumps(entry.options, sort_keys=True).encode()).hexdigest()[:8]
        return self.study.folder / "arrays" / (entry.sha256[:16] + (f"-{said}" if entry.options else ""))

    def position_of(self, label: str) -> int:
        """Return the position of a class, 0 for none and for what is unsure."""
        return next((c.position for c in self.classes if c.key == label and label != UNSURE), 0)

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
        """Go on with a run that was stopped or interrupted; one that works already is left alone."""
        working = self.jobs.of(run_id)
        if self.study is None or (working is not None and working.running):
            return working
        try:
            self.study.set_run_status(run_id, "running")
            run = self.study.run(run_id)
        except HitscopeError as error:
            self.failed.emit(error)
            return None
        self.runs_changed.emit()
        return self.jobs.start(run)

    def take_up_runs(self) -> None:
        """Take up what jobs have written, also those whose process died without a word."""
        if self.study is not None and not self.study.readonly:
            self.study.sync_runs(self._without_job())
        self.runs_changed.emit()

    def _without_job(self) -> list[str]:
        """Return the runs that are said to be running, though no job of this window is at work on them."""
        mine = {job.run.id for job in self.jobs.running}
        runs = self.study.runs() if self.study is not None else []
        return [run.id for run in runs if run.status == "running" and run.id not in mine]

    def _watch_others(self) -> None:
        """Wait for jobs that outlived the window that started them: they stop at their next checkpoint."""
        if self.study is None or self.study.readonly or not self._without_job():
            self._others.stop()
        elif self.study.sync_runs(self._without_job()):
            self.runs_changed.emit()


def _read(study: Study) -> Contents:
    return study.events(), study.classes(), study.recordings()
