"""Recordings come into the study: what must be asked first, and what became of each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog

from core.errors import HitscopeError
from core.jobs import Reporter
from core.signals import add_to_study, open_recording, relink
from core.study import Study, edit_recording
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

KINDS = "*.hea *.edf *.bdf *.wav"
# What the channels of a WAV file may be; the file does not say.
LAYOUTS = {
    "iq": "Doppler I/Q (in-phase and quadrature), gate by gate",
    "forward_reverse": "Doppler, forward and reverse",
    "stereo": "plain audio",
}


@dataclass(frozen=True)
class Added:
    """What became of files: ids of the recordings, and an error for each file that was left out."""

    ids: tuple[int, ...]
    errors: tuple[HitscopeError, ...]


def unclear(paths: Sequence[str]) -> list[str]:
    """Return the files whose channels' meaning must be asked for: audio of several channels."""
    asked = []
    for path in paths:
        try:
            channels = open_recording(path).channels
        except HitscopeError:
            continue  # adding it says what is wrong
        if len(channels) > 1 and {channel.kind for channel in channels} == {"audio"}:
            asked.append(path)
    return asked


def add_all(study: Study, paths: Sequence[str], layouts: Mapping[str, str], report: Reporter) -> Added:
    """Add recordings one by one; a file that cannot be read keeps none of the others out."""
    ids, errors = [], []
    for done, path in enumerate(paths):
        report.check()
        report.progress(done, len(paths), path)
        options = {"layout": layouts[path]} if path in layouts else {}
        try:
            ids.append(add_to_study(study, path, **options))
        except HitscopeError as error:
            errors.append(error)
    return Added(tuple(ids), tuple(errors))


class Library(QObject):
    """Adds recordings and says what they are; `reading` tells the share done, None at the end."""

    added = Signal(object)
    reading = Signal(object)

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room

    def choose(self) -> None:
        """Ask for recordings and add them to the study; the files stay where they are."""
        kinds = self.tr("Recordings ({})").format(KINDS)
        paths, _ = QFileDialog.getOpenFileNames(self._room, self.tr("Add recordings"), "", kinds)
        self.add(paths)

    def add(self, paths: Sequence[str]) -> None:
        """Add recordings by their paths, in the background; what the channels of audio mean is asked first."""
        if self._session.study is None or not paths:
            return

        def ask(asked: list[str]) -> None:
            layout = self._ask_layout_of(asked) if asked else None
            if layout is not None or not asked:
                self._add(paths, dict.fromkeys(asked, layout or ""))

        self._session.tasks.submit("review add", unclear, paths, done=ask, failed=self._session.failed.emit)

    def ask_layout(self) -> None:
        """Ask what the channels of the chosen audio recording are."""
        entry = self._room.entry
        if entry is not None and entry.format == "wav":
            layout = self._ask_layout_of([entry.path])
            if layout is not None:
                self._add([entry.path], {entry.path: layout})
        else:
            self._session.told.emit(self.tr("The file of this recording says itself what its channels are."))

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

    def _ask_layout_of(self, paths: Sequence[str]) -> str | None:
        names = list(LAYOUTS.values())
        which = Path(paths[0]).name + (f" (+{len(paths) - 1})" if len(paths) > 1 else "")
        question = self.tr("What are the channels of {}?").format(which)
        chosen, good = QInputDialog.getItem(self._room, self.tr("Channels"), question, names, 0, False)
        return list(LAYOUTS)[names.index(chosen)] if good else None

    def _add(self, paths: Sequence[str], layouts: Mapping[str, str]) -> None:
        report = TaskReporter(self)
        report.progressed.connect(lambda share, _text: self.reading.emit(share))

        def done(result: Added) -> None:
            self.reading.emit(None)
            self._session.recordings_added()
            for error in result.errors[-1:]:
                self._session.failed.emit(error)
            if result.ids:
                self.added.emit(result.ids)

        arguments = (self._session.study, paths, layouts, report)
        self._session.tasks.submit("review add", add_all, *arguments, done=done, failed=self._session.failed.emit)
