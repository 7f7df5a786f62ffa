"""Recordings come into the study: what must be asked first, and what became of each file."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from core.errors import HitscopeError, TruncatedError
from core.jobs import Reporter
from core.signals import ChannelLayout, Recording, add_to_study, layouts_of, open_recording, relink
from core.study import Study, edit_recording
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.widgets.choices import recording_filters

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


@dataclass(frozen=True)
class Added:
    """What became of files: ids of the recordings, and by path the errors of those that were left out."""

    ids: tuple[int, ...]
    errors: Mapping[str, HitscopeError]

    @property
    def cut(self) -> list[str]:
        """The files that end early: what is whole of them can be read if somebody wants it."""
        return [path for path, error in self.errors.items() if isinstance(error, TruncatedError)]

    def error(self) -> HitscopeError | None:
        """Return one error that names every file that was left out, and why; None if all were added."""
        if len(self.errors) <= 1:
            return next(iter(self.errors.values()), None)
        lines = [str(e) if Path(path).name in str(e) else f"{path}: {e}" for path, e in self.errors.items()]
        n = len(self.errors) + len(self.ids)
        return HitscopeError("\n".join([f"{len(self.errors)} of {n} files were not added:", *lines]))


@dataclass(frozen=True)
class Question:
    """Files whose channels' meaning must be asked for, and what it can be."""

    paths: tuple[str, ...]
    layouts: Mapping[str, ChannelLayout]


def unclear(paths: Sequence[str]) -> list[Question]:
    """Return what must be asked: of audio of several channels, what they are; files of one answer are asked for together."""
    asked: dict[tuple[str, ...], list[str]] = {}
    layouts: dict[tuple[str, ...], Mapping[str, ChannelLayout]] = {}
    for path in paths:
        try:
            recording = open_recording(path)
        except HitscopeError:
            continue  # adding it says what is wrong
        choices = layouts_to_choose(recording)
        if choices and {channel.kind for channel in recording.channels} == {"audio"}:
            asked.setdefault(tuple(choices), []).append(path)
            layouts[tuple(choices)] = choices
    return [Question(tuple(files), layouts[key]) for key, files in asked.items()]


def layouts_to_choose(recording: Recording) -> Mapping[str, ChannelLayout]:
    """Return what the channels of a recording may be taken for; empty where there is nothing to choose."""
    return layouts_of(recording) if len(recording.channels) > 1 else {}


def add_all(study: Study, paths: Sequence[str], options: Mapping[str, Mapping[str, Any]], report: Reporter) -> Added:
    """Add recordings one by one, with options by path; a file that cannot be read keeps none of the others out."""
    ids: list[int] = []
    errors: dict[str, HitscopeError] = {}
    for done, path in enumerate(paths):
        report.check()
        report.progress(done, len(paths), path)
        try:
            ids.append(add_to_study(study, path, **options.get(path, {})))
        except HitscopeError as error:
            errors[path] = error
    return Added(tuple(ids), errors)


class Library(QObject):
    """Adds recordings and says what they are; `reading` tells the share done, None at the end."""

    added = Signal(object)
    reading = Signal(object)

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self._asks = itertools.count(1)
        self._requests: deque[tuple[Sequence[str], Mapping[str, Mapping[str, Any]]]] = deque()
        self._study: Study | None = None

    def choose(self) -> None:
        """Ask for recordings and add them to the study; the files stay where they are."""
        paths, _ = QFileDialog.getOpenFileNames(self._room, self.tr("Add recordings"), "", recording_filters())
        self.add(paths)

    def add(self, paths: Sequence[str]) -> None:
        """Add recordings by their paths, in the background; what the channels of audio mean is asked first."""
        if self._session.study is None or not paths:
            return

        def ask(questions: list[Question]) -> None:
            options: dict[str, dict[str, Any]] = {}
            for question in questions:
                layout = self._ask_layout_of(question)
                if layout is None:
                    return
                options |= {path: {"layout": layout} for path in question.paths}
            self._add(paths, options)

        # Each request has a key of its own: none supersedes another's files.
        key = f"review ask {next(self._asks)}"
        self._session.tasks.submit(key, unclear, paths, done=ask, failed=self._session.failed.emit)

    def ask_layout(self) -> None:
        """Ask what the channels of the chosen audio recording are."""
        recording = self._room.recording
        layouts = layouts_to_choose(recording) if recording is not None else {}
        if recording is None or not layouts:
            self._session.told.emit(self.tr("The file of this recording says itself what its channels are."))
            return
        path = str(recording.path)
        layout = self._ask_layout_of(Question((path,), layouts))
        if layout is not None:
            self._add([path], {path: {"layout": layout}})

    def ask_subject(self) -> None:
        """Ask whose the chosen recording is: recordings of one subject stay on one side of every split."""
        entry = self._room.entry
        if entry is None:
            return
        question = self.tr("Subject of {} (recordings of one subject stay together in every split)").format(entry.name)
        name, good = QInputDialog.getText(self._room, self.tr("Subject"), question, text=entry.subject or "")
        if good and name.strip() and name.strip() != entry.subject:
            self._session.edit(lambda study: edit_recording(study, entry.id, subject=name.strip()))

    def find_moved(self) -> None:
        """Ask where moved recordings are now, and find them by their content."""
        folder = QFileDialog.getExistingDirectory(self._room, self.tr("Where are the recordings now?"))
        if folder:
            done, failed = self._session.apply, self._session.failed.emit
            self._session.tasks.submit("review moved", relink, self._session.study, folder, done=done, failed=failed)

    def _ask_layout_of(self, question: Question) -> str | None:
        titles = {self.tr(layout.title): key for key, layout in question.layouts.items()}
        paths = question.paths
        which = Path(paths[0]).name + (f" (+{len(paths) - 1})" if len(paths) > 1 else "")
        text = self.tr("What are the channels of {}?").format(which)
        chosen, good = QInputDialog.getItem(self._room, self.tr("Channels"), text, list(titles), 0, False)
        return titles[chosen] if good else None

    def may_read_cut(self, paths: Sequence[str]) -> bool:
        """Ask whether files that end early may be read as far as they go."""
        names = ", ".join(Path(path).name for path in paths)
        text = self.tr("{}: the file ends before its header says. Read what is whole of it?").format(names)
        return QMessageBox.question(self._room, self.tr("Cut off"), text) == QMessageBox.StandardButton.Yes

    def _add(self, paths: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> None:
        """Add after what was asked for before: at the same time, one file in two requests might be added twice."""
        if self._study is not self._session.study:  # what was left for another study was forgotten with it
            self._study = self._session.study
            self._requests.clear()
        self._requests.append((paths, options))
        if len(self._requests) == 1:
            self._add_next()

    def _add_next(self) -> None:
        report = TaskReporter(self)
        report.progressed.connect(lambda share, _text: self.reading.emit(share))

        def ended() -> None:
            self.reading.emit(None)
            self._requests.popleft()
            if self._requests:
                self._add_next()

        def done(result: Added) -> None:
            ended()
            self._session.recordings_added()
            error = result.error()
            if error is not None:
                self._session.failed.emit(error)
            if result.ids:
                self.added.emit(result.ids)
            if result.cut and self.may_read_cut(result.cut):
                self._add(result.cut, {path: {"allow_truncated": True} for path in result.cut})

        def failed(error: Exception) -> None:
            ended()
            self._session.failed.emit(error)

        arguments = (self._study, *self._requests[0], report)
        self._session.tasks.submit("review add", add_all, *arguments, done=done, failed=failed)
