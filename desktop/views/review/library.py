"""Recordings come into the study: what must be asked first, what is shown meanwhile, and what became of each file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QMessageBox

from core.errors import HitscopeError
from core.signals import Found, relink
from core.study import Study, edit_recording
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review.adding import (
    Added,
    Imported,
    Inspected,
    LayoutQuestion,
    MappingQuestion,
    Wanted,
    add_all,
    import_all,
    inspect,
    layouts_to_choose,
)
from desktop.views.review.coming import Coming
from desktop.views.review.missing import Missing
from desktop.widgets.choices import recording_filters
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

NAMED = 5  # recordings that were there already and are named; of more, the rest is counted


class Library(QObject):
    """Adds recordings and says what became of them; `reading` tells the share done, None at the end."""

    reading = Signal(object)

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.coming, self.missing = Coming(session, room), Missing(session, room)
        self._requests: deque[list[Wanted]] = deque()
        self._study: Study | None = None  # which they are for

    # What is to be added

    def choose(self) -> None:
        """Ask for recordings and add them to the study; the files stay where they are."""
        paths, _ = QFileDialog.getOpenFileNames(self._room, self.tr("Add recordings"), "", recording_filters())
        self.add(paths)

    def choose_folder(self) -> None:
        """Ask for a folder, show what is in it, and add what is ticked."""
        folder = QFileDialog.getExistingDirectory(self._room, self.tr("Add a folder of recordings"))
        if folder:
            self.add_folders([folder])

    def add_folders(self, folders: Sequence[str]) -> None:
        """Show what is in folders, and add what is ticked."""
        from desktop.views.review.import_dialog import ImportDialog

        if self._session.study is not None:
            dialog = ImportDialog(self._session, folders, self._room)
            dialog.wanted.connect(self.add_found)
            dialog.open()

    def add(self, paths: Sequence[str]) -> None:
        """Add recordings by their paths, in the background."""
        self.add_wanted([Wanted(str(path)) for path in paths])

    def add_found(self, found: Iterable[Found], with_events: bool) -> None:
        """Add recordings of a folder with their subjects and sessions and, if so wished, the annotations beside them."""
        self.add_wanted(
            [
                Wanted(str(f.path), {}, {"subject": f.subject, "session": f.session}, f.events if with_events else ())
                for f in found
            ]
        )

    def add_wanted(self, wanted: Sequence[Wanted]) -> None:
        """Add files in the background; what they do not say of themselves is asked first."""
        if self._session.study is None or not wanted:
            return
        if not self._session.writable:
            self._session.told.emit(self.tr("The study is open read-only: nothing can be added to it."))
            return

        study = self._session.study

        def done(seen: Inspected) -> None:
            if self._session.study is not study:
                return
            answered = self._answer(self._without(wanted, seen.annotations), seen.questions)
            if answered:
                self.coming.show(seen.first)
                self._room.opening.then(lambda: self._take_in(answered) if self._session.study is study else None)

        self._session.tasks.submit(
            None, inspect, wanted, TaskReporter(self), done=done, failed=self._session.failed.emit
        )

    # What must be asked

    def _without(self, wanted: Sequence[Wanted], annotations: Sequence[Wanted]) -> Sequence[Wanted]:
        """Offer to import files of annotations only into the recording that is shown; return the other files."""
        entry = self._room.entry
        if not annotations or entry is None or self.coming.shown:
            return wanted  # adding says that they hold no signal
        if self.may_import(entry.name, [one.path for one in annotations]):
            self.import_files([(entry.id, Path(one.path)) for one in annotations])
        return [one for one in wanted if one not in annotations]

    def may_import(self, name: str, paths: Sequence[str]) -> bool:
        """Ask whether annotation files belong to the recording that is shown."""
        files = ", ".join(Path(path).name for path in paths)
        box = QMessageBox(self._room)
        box.setWindowTitle(self.tr("Import annotations"))
        box.setText(self.tr("Import the annotations of {} into “{}”?").format(files, name))
        box.setInformativeText(self.tr("They become events with the file's name as their origin; it can be undone."))
        good = box.addButton(self.tr("Import"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Leave"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(good)
        box.exec()
        return box.clickedButton() is good

    def _answer(self, wanted: Sequence[Wanted], questions: Iterable[LayoutQuestion | MappingQuestion]) -> list[Wanted]:
        """Return the files with what was answered; those whose question was put away are left out."""
        answers: dict[str, Wanted | None] = {}
        for question in questions:
            ask = self._ask_layout_of if isinstance(question, LayoutQuestion) else self._ask_mapping_of
            answers |= {one.path: None for one in question.wanted} | ask(question)
        kept = [answers.get(one.path, one) for one in wanted]
        return [one for one in kept if one is not None]

    def _ask_layout_of(self, question: LayoutQuestion) -> dict[str, Wanted]:
        titles = {self.tr(layout.title): key for key, layout in question.layouts.items()}
        paths = [one.path for one in question.wanted]
        which = Path(paths[0]).name + (f" (+{len(paths) - 1})" if len(paths) > 1 else "")
        text = self.tr("What are the channels of {}?").format(which)
        chosen, good = QInputDialog.getItem(self._room, self.tr("Channels"), text, list(titles), 0, False)
        return {one.path: one.read_with(layout=titles[chosen]) for one in question.wanted} if good else {}

    def _ask_mapping_of(self, question: MappingQuestion) -> dict[str, Wanted]:
        from desktop.views.review.mapping_dialog import MappingDialog

        answers: dict[str, Wanted] = {}
        left = list(question.wanted)
        while left:
            dialog = MappingDialog(self._session, left[0], question.needed, len(left), self._room)
            good = bool(dialog.exec())
            some = left if dialog.for_all else left[:1]
            answers |= {one.path: one.read_with(**dialog.options()) for one in some} if good else {}
            left = left[len(some) :]
        return answers

    def may_read_cut(self, paths: Sequence[str]) -> bool:
        """Ask whether files that end early may be read as far as they go."""
        names = ", ".join(Path(path).name for path in paths)
        text = self.tr("{}: the file ends before its header says. Read what is whole of it?").format(names)
        return QMessageBox.question(self._room, self.tr("Cut off"), text) == QMessageBox.StandardButton.Yes

    # Adding

    def begin(self, study: Study | None) -> None:
        """Take up another study; what the one before has not got yet is left, or added anew where it is the same study."""
        same = study is not None and self._study is not None and study.folder == self._study.folder
        left = [one for request in self._requests for one in request]
        self._study = study
        self._requests.clear()
        self.coming.forget()
        self.reading.emit(None)
        if left and same:
            self.add_wanted(left)
        elif left:
            names = ", ".join(Path(one.path).name for one in left[:NAMED])
            self._session.told.emit(
                self.tr("The study that was left has not got {} yet: add it there again.").format(names)
            )

    def _take_in(self, wanted: list[Wanted]) -> None:
        """Add after what was asked for before: at the same time, one file in two requests might be added twice."""
        self._requests.append(wanted)
        if len(self._requests) == 1:
            self._add_next()

    def _add_next(self) -> None:
        report, wanted = TaskReporter(self), self._requests[0]
        report.progressed.connect(lambda share, _text: self.reading.emit(share))

        def ended() -> None:
            self.reading.emit(None)
            self._requests.popleft()
            if self._requests:
                self._add_next()

        def done(result: Added) -> None:
            ended()
            left = self.coming.ended([one.path for one in wanted], dict(result.ids))
            self._session.recordings_added()
            said = self._tell(result)
            if result.ids and not left:
                known = [entry.id for entry in self._session.recordings]
                self._room.recordings.setCurrentRow(known.index(next(iter(result.ids.values()))))
            beside = [(result.ids[one.path], path) for one in wanted if one.path in result.ids for path in one.events]
            self.import_files(beside, said)
            if result.cut and self.may_read_cut(result.cut):
                self._take_in([one.read_with(allow_truncated=True) for one in wanted if one.path in result.cut])

        def failed(error: Exception) -> None:
            ended()
            self.coming.ended([one.path for one in wanted], {})
            self._session.failed.emit(error)

        self._session.tasks.submit(None, add_all, self._study, wanted, report, done=done, failed=failed)

    def _tell(self, result: Added) -> str:
        """Say what was left out and why, what was there already and, of several, how many came; return what was said."""
        error, there = result.error(), [Path(path).name for path in result.there]
        n_new, said = len(result.ids) - len(there), []
        if n_new > 1:
            said.append(self.tr("{} recordings added.").format(number(n_new)))
        if len(there) == 1:
            said.append(self.tr("{} is in the study already.").format(there[0]))
        elif there:
            names = ", ".join(there[:NAMED]) + (", …" if len(there) > NAMED else "")
            said.append(self.tr("{} were in the study already: {}.").format(number(len(there)), names))
        if error is not None:
            self._session.failed.emit(HitscopeError("\n".join([str(error), *said])) if said else error)
        elif said:
            self._session.told.emit(" ".join(said))
        return " ".join(said) if error is None else ""

    def import_files(self, files: Sequence[tuple[int, Path]], said: str = "") -> None:
        """Import annotation files into recordings, given by id, as one step of undo; one that is damaged stops none.

        `said` was said before, and still stands.
        """
        if not files:
            return
        self.reading.emit(0.0)

        def failed(error: Exception) -> None:
            self.reading.emit(None)
            self._session.failed.emit(error)

        def done(found: Imported) -> None:
            self.reading.emit(None)
            error = found.error()
            if error is not None:
                self._session.failed.emit(error)
            else:
                lines = found.said if len(found.said) <= NAMED else (found.changeset.title,)
                what = self.tr("Imported {}.") if found.changeset.changes else self.tr("Nothing new: {}.")
                told = [what.format(line.removeprefix("import ")) for line in lines]
                self._session.told.emit(" ".join(filter(None, (said, *told))))
            self._session.apply(found.changeset)

        self._session.tasks.submit(None, import_all, self._session.study, files, done=done, failed=failed)

    # What is known of the chosen recording

    def about(self) -> None:
        """Say what the chosen recording is and whose."""
        from desktop.views.review.about_recording import AboutRecording

        entry = self._room.chosen
        if entry is not None and not self.coming.not_yet():
            AboutRecording(self._session, entry, self._room).open()

    def fill_menu(self, menu: QMenu) -> None:
        """Add what can be done with the chosen recording."""
        writable = self._session.writable
        menu.addAction(self.tr("About this recording… (I)"), self.about)
        menu.addAction(self.tr("Whose recording is this…"), self.ask_subject).setEnabled(writable)
        menu.addAction(self.tr("What its channels are…"), self.ask_layout).setEnabled(writable)
        menu.addSeparator()
        menu.addAction(self.tr("Add recordings… (Ctrl+O)"), self.choose).setEnabled(writable)
        menu.addAction(self.tr("Add a folder… (Ctrl+Shift+F)"), self.choose_folder).setEnabled(writable)

    def ask_layout(self) -> None:
        """Ask what the channels of the chosen audio recording are."""
        recording = self._room.recording if self._room.entry == self._room.chosen else None
        layouts = layouts_to_choose(recording) if recording is not None else {}
        if recording is None or not layouts:
            self._session.told.emit(self.tr("The file of this recording says itself what its channels are."))
            return
        path = str(recording.path)
        answer = self._ask_layout_of(LayoutQuestion((Wanted(path),), layouts))
        if answer:
            self._take_in(list(answer.values()))

    def ask_subject(self) -> None:
        """Ask whose the chosen recording is: recordings of one subject stay on one side of every split."""
        entry = self._room.chosen
        if entry is None or self.coming.not_yet():
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
            self._session.tasks.submit(None, relink, self._session.study, folder, done=done, failed=failed)
