"""Annotation files: taken in as one step of undo, and written from all, the shown or the selected events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from core.events import export_annotations
from core.study import RecordingEntry, Study
from desktop.services.session import Session
from desktop.views.review.annotation_dialog import AnnotationDialog, Choice, file_filters
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

FOLDER = "review/annotation_folder"


class Exchange(QObject):
    """Imports and exports the annotations of the recording that is shown."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room

    # Import

    def choose(self) -> None:
        """Ask for annotation files, and import them."""
        entry = self._room.entry
        if entry is None or not self._session.writable:
            self._session.told.emit(
                self.tr("Annotations are imported into a recording of a study that can be written to.")
            )
            return
        title = self.tr("Import annotations of {}").format(entry.name)
        paths, _ = QFileDialog.getOpenFileNames(self._room, title, self._folder(entry), file_filters(every=True))
        self.take_in(paths)

    def take_in(self, paths: Sequence[str]) -> None:
        """Import annotation files into the recording, as one step of undo; what was there already stays as it is."""
        entry = self._room.entry
        if entry is not None and paths:
            self._session.settings.setValue(FOLDER, str(Path(paths[0]).parent))
            self._room.library.import_files([(entry.id, Path(path)) for path in paths])

    # Export

    def ask(self) -> None:
        """Ask which events are to be written, how and where to, and write them."""
        entry, shown = self._room.entry, self._room.events.shown
        if entry is None or shown is None:
            return
        events = self._session.events
        own = events.id[shown.all]
        selected = own[np.isin(own, np.fromiter(self._session.selection.ids, np.int64))]
        dialog = AnnotationDialog(
            entry.name,
            {"all": own.tolist(), "shown": self._room.model.ids.tolist(), "selected": selected.tolist()},
            Path(self._folder(entry)),
            self._room,
        )
        if dialog.exec():
            self.write(dialog.choice())
        dialog.deleteLater()

    def write(self, choice: Choice) -> None:
        """Write events to a file; one that is there is replaced only when that is said, a recording never."""
        entry, study, session = self._room.entry, self._session.study, self._session
        if entry is None or study is None:
            return

        def looked(there: Sequence[Path]) -> None:
            if there and not self._may_replace(there):
                return
            session.settings.setValue(FOLDER, str(choice.path.parent))
            session.tasks.submit(
                None, _export, study, entry.id, choice, bool(there),
                done=lambda n: self._written(n, choice.path), failed=session.failed.emit,
            )  # fmt: skip

        session.tasks.submit(None, _in_the_way, choice, done=looked, failed=session.failed.emit)

    def _may_replace(self, files: Sequence[Path]) -> bool:
        names = "\n".join(str(file) for file in files)
        text = self.tr("There is such a file already:\n{}\nReplace it?").format(names)
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return QMessageBox.question(self._room, self.tr("Replace the file?"), text, yes | no, no) == yes

    def _written(self, n: int, path: Path) -> None:
        events = self.tr("1 event") if n == 1 else self.tr("{} events").format(number(n))
        self._session.told.emit(self.tr("{} written to {}.").format(events, path))

    def _folder(self, entry: RecordingEntry) -> str:
        kept = str(self._session.settings.value(FOLDER) or "")
        return kept if kept and Path(kept).is_dir() else str(Path(entry.path).parent)


def _in_the_way(choice: Choice) -> list[Path]:
    """Return the files that would be replaced (in a task: they may lie on slow disks)."""
    return [file for file in choice.files if file.exists()]


def _export(study: Study, recording_id: int, choice: Choice, replace: bool) -> int:
    how = {"replace": replace, "plain": choice.plain}
    return export_annotations(study, recording_id, choice.path, choice.format, choice.ids, **how)
