"""Files and folders that are dropped on the window: what they are, what will be done with them, and that it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, QRect, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel

from core.errors import HitscopeError
from core.signals import ANNOTATION_FORMATS, FORMATS, holds_annotations, open_recording, read_annotations
from desktop.services.guard import guarded
from desktop.widgets.parts import label, number

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

STUDY = "study.sqlite"
LISTED = frozenset(extension for reader in FORMATS for extension in reader.LISTED)
ALSO_RECORDINGS = frozenset(extension for reader in FORMATS for extension in reader.EXTENSIONS)
# Extensions of annotation files that no recording has.
ONLY_ANNOTATIONS = frozenset(e for entry in ANNOTATION_FORMATS.values() for e in entry.extensions) - ALSO_RECORDINGS
TABLES = frozenset((".csv", ".tsv", ".txt"))


@dataclass(frozen=True)
class Dropped:
    """What was dropped, sorted."""

    studies: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()


def sort_by_name(paths: Sequence[str]) -> Dropped:
    """Return what files are as far as names tell: at once, while they are dragged."""
    studies, folders, files = [], [], []
    for text in paths:
        path = Path(text)
        if path.name == STUDY or (path / STUDY).is_file():
            studies.append(str(path.parent if path.name == STUDY else path))
        elif path.is_dir():
            folders.append(text)
        else:
            files.append(path)
    heads = {path.with_suffix("") for path in files if path.suffix.lower() in LISTED}
    recordings, annotations = [], []
    for path in files:
        suffix = path.suffix.lower()
        if suffix not in LISTED and path.with_suffix("") in heads:
            continue  # a part of a recording that was dropped with it: its samples, its reference annotations
        is_annotations = suffix in ONLY_ANNOTATIONS or (path.stem.endswith("_events") and suffix == ".tsv")
        (annotations if is_annotations else recordings).append(str(path))
    return Dropped(tuple(studies), tuple(folders), tuple(recordings), tuple(annotations))


def sort_by_content(dropped: Dropped) -> Dropped:
    """Return it with those files told apart whose names may mean both: tables, and EDF files of annotations only."""
    recordings, annotations = [], list(dropped.annotations)
    for path in dropped.recordings:
        (annotations if _only_annotations(Path(path)) else recordings).append(path)
    return Dropped(dropped.studies, dropped.folders, tuple(recordings), tuple(annotations))


def _only_annotations(path: Path) -> bool:
    suffix = path.suffix.lower()
    try:
        if suffix in TABLES:
            return holds_annotations(path)
        if suffix not in ALSO_RECORDINGS:  # WFDB annotations may be called anything
            return path.with_suffix(".hea").is_file() and bool(read_annotations(path))
        recording = open_recording(path)
    except (HitscopeError, OSError):
        return False  # adding it says what is wrong
    return not any(channel.n_samples for channel in recording.channels)


class Dropping(QObject):
    """Lets files be dropped anywhere on the window; while they are dragged over it, it says what will happen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.sign: QLabel = label("", "drop", wrap=True)
        self.sign.setParent(window)
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.sign.setAccessibleName(self.tr("What happens to what is dragged here"))
        self.sign.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DragLeave:
            self.sign.hide()
        if not isinstance(event, QDropEvent):  # drags are drop events too
            return False
        self._dragged(event)
        return event.isAccepted()

    @guarded
    def _dragged(self, event: QDropEvent) -> None:
        paths = paths_of(event.mimeData())
        if not paths:
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.type() == QEvent.Type.DragEnter:
            self._announce(sort_by_name(paths))
        elif event.type() == QEvent.Type.Drop:
            self.sign.hide()
            self.take(paths)

    # What will happen

    def _announce(self, dropped: Dropped) -> None:
        self.sign.setText(self.sentence(dropped))
        wide, tall = min(640, self._window.width() - 80), 120
        middle = self._window.centralWidget().geometry().center()
        self.sign.setGeometry(QRect(middle.x() - wide // 2, middle.y() - tall // 2, wide, tall))
        self.sign.show()
        self.sign.raise_()

    def sentence(self, dropped: Dropped) -> str:
        """Return what will be done with what is dragged."""
        study = self._window.session.study
        if dropped.studies:
            return self.tr("Open the study “{}”").format(Path(dropped.studies[0]).name)
        parts = []
        if n := len(dropped.recordings):
            parts.append(self.tr("1 recording") if n == 1 else self.tr("{} recordings").format(number(n)))
        parts += [self.tr("the recordings of {}").format(Path(folder).name) for folder in dropped.folders]
        said = []
        if parts and study is None:
            said.append(self.tr("Make a study for {}").format(self._and(parts)))
        elif parts:
            said.append(self.tr("Add {} to “{}”").format(self._and(parts), study.name))
        if n := len(dropped.annotations):
            files = self.tr("1 annotation file") if n == 1 else self.tr("{} annotation files").format(number(n))
            name = self._shown_name()
            said.append(
                self.tr("Import {} into “{}”").format(files, name)
                if name
                else self.tr("Show a recording first, then drop {} on it").format(files)
            )
        return "\n".join(said)

    def _and(self, parts: Sequence[str]) -> str:
        return parts[0] if len(parts) == 1 else self.tr("{} and {}").format(", ".join(parts[:-1]), parts[-1])

    def _shown_name(self) -> str:
        review = self._window.rooms.get("review")
        entry = review.entry if review is not None and self._window.session.study is not None else None
        return entry.name if entry is not None else ""

    # What happens

    def take(self, paths: Sequence[str]) -> None:
        """Do what was said: studies are opened; recordings, folders and annotations go to Review."""
        session, dropped = self._window.session, sort_by_name(paths)
        if dropped.studies:
            self._window.open_study(dropped.studies[0])
        elif session.study is None:
            self._window.start.offer(self.sentence(dropped), lambda: self._window.new_study() and self.take(paths))
        else:
            session.tasks.submit("dropped", sort_by_content, dropped, done=self._hand_over, failed=session.failed.emit)

    def _hand_over(self, dropped: Dropped) -> None:
        self._window.enter("review")
        library = self._window.rooms["review"].library
        if dropped.annotations:
            self._import(dropped.annotations)
        if dropped.recordings:
            library.add(dropped.recordings)
        if dropped.folders:
            library.add_folders(dropped.folders)

    def _import(self, paths: Sequence[str]) -> None:
        review, session = self._window.rooms["review"], self._window.session
        entry = review.entry
        library = review.library
        if entry is None:
            session.told.emit(self.tr("Annotations belong to a recording: show it first, then drop them on it."))
        elif not library.coming.not_yet() and self.may_import(entry.name, paths):
            library.import_files([(entry.id, Path(path)) for path in paths])

    def may_import(self, name: str, paths: Sequence[str]) -> bool:
        """Ask whether annotation files belong to the recording that is shown."""
        return bool(self._window.rooms["review"].library.may_import(name, paths))


def paths_of(mime: QMimeData) -> list[str]:
    """Return the local files and folders that are dragged."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
