"""What is exported: which events, in which format, to which file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.signals import ANNOTATION_FORMATS
from desktop.widgets.parts import button, label, number


@dataclass(frozen=True)
class Choice:
    """What was chosen: ids of the events, a key of `ANNOTATION_FORMATS`, the file, and whether it is for other programs."""

    ids: tuple[int, ...]
    format: str
    path: Path
    plain: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are written: the one that was named, and for some formats its description."""
        beside = ANNOTATION_FORMATS[self.format].sidecar is not None
        return (self.path, self.path.with_suffix(".json")) if beside else (self.path,)


def file_filters(*, every: bool = False) -> str:
    """Return the filters of a file dialog: one for each format, before them one for all formats together."""
    tr = QCoreApplication.translate
    several = {entry.title: entry.extensions for entry in ANNOTATION_FORMATS.values()}
    if every:
        known = tuple(dict.fromkeys(e for entry in ANNOTATION_FORMATS.values() for e in entry.extensions))
        several = {tr("AnnotationDialog", "Annotations"): known, **several}
    lines = [
        f"{title.split(' (')[0]} ({' '.join(f'*{e}' for e in extensions)})" for title, extensions in several.items()
    ]
    return ";;".join([*lines, tr("AnnotationDialog", "All files (*)")] if every else lines)


class AnnotationDialog(QDialog):
    """Asks for all of it at once; Export is there when there is something to write and a place for it."""

    def __init__(self, recording: str, events: Mapping[str, list[int]], folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export annotations of {}").format(recording))
        self.setMinimumWidth(520)
        self._events, self._stem = dict(events), f"{recording}_annotations"
        self._which = QButtonGroup(self)
        layout, form = QVBoxLayout(self), QFormLayout()
        form.addRow(self.tr("Events"), self._radios())
        self.format, self._help = QComboBox(), label("", "muted", wrap=True)
        self.format.setAccessibleName(self.tr("Format"))
        for key, entry in ANNOTATION_FORMATS.items():
            self.format.addItem(self.tr(entry.title), key)
        form.addRow(self.tr("Format"), self.format)
        form.addRow("", self._help)
        self.path, row = QLineEdit(str(folder / self._stem)), QHBoxLayout()
        self.path.setAccessibleName(self.tr("File"))
        row.addWidget(self.path, 1)
        row.addWidget(button(self.tr("Browse…"), self._browse))
        form.addRow(self.tr("File"), row)
        layout.addLayout(form)
        self._note = label("", "muted", wrap=True)
        layout.addWidget(self._note)
        self.plain = QCheckBox(self.tr("For other programs: times, labels and comments only"))
        layout.addWidget(self.plain)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Export"))
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout.addWidget(self._buttons)
        self.format.currentIndexChanged.connect(lambda _n: self._format_chosen())
        self.path.textChanged.connect(lambda _text: self._check())
        self.plain.toggled.connect(lambda _on: self._describe())
        self._format_chosen()

    def _radios(self) -> QWidget:
        titles = {
            "all": self.tr("All of the recording ({})"),
            "shown": self.tr("Those the table shows ({})"),
            "selected": self.tr("Those that are selected ({})"),
        }
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        for key, ids in self._events.items():
            radio = QRadioButton(titles[key].format(number(len(ids))))
            radio.setObjectName(key)
            radio.setEnabled(bool(ids))
            self._which.addButton(radio)
            column.addWidget(radio)
        first = next((b for b in self._which.buttons() if b.isEnabled()), None)
        if first is not None:
            first.setChecked(True)
        return made

    def choose(self, which: str) -> None:
        """Choose which events: a key of those that were given."""
        for radio in self._which.buttons():
            if radio.objectName() == which:
                radio.setChecked(True)

    def choice(self) -> Choice:
        """Return what is chosen."""
        chosen = self._which.checkedButton()
        ids = self._events[chosen.objectName()] if chosen is not None else []
        return Choice(tuple(ids), self.format.currentData(), self._file(), self.plain.isChecked())

    def _file(self) -> Path:
        """Return the file, with the extension of its format if none of that format's was written."""
        path = Path(self.path.text().strip()).expanduser()
        extensions = ANNOTATION_FORMATS[self.format.currentData()].extensions
        return path if path.suffix.lower() in extensions else path.with_name(path.name + extensions[0])

    def _format_chosen(self) -> None:
        """Give the file the extension of the format, in place of one of another format."""
        path = Path(self.path.text().strip())
        known = {e for entry in ANNOTATION_FORMATS.values() for e in entry.extensions}
        bare = path.with_suffix("") if path.suffix.lower() in known else path
        entry = ANNOTATION_FORMATS[self.format.currentData()]
        self.path.setText(str(bare) + entry.extensions[0])
        self._help.setText(self.tr(entry.help))
        self._describe()
        self._check()

    def _describe(self) -> None:
        """Say what goes along, and what becomes of what only Hitscope reads."""
        if self.plain.isChecked():
            further = self.tr("Details that only Hitscope reads are left out: importing the file gives other events.")
        elif ANNOTATION_FORMATS[self.format.currentData()].texts_only:
            further = self.tr(
                "Details that only Hitscope reads are written as further texts, which other programs show."
            )
        else:
            further = self.tr("Details that only Hitscope reads are written as a further column.")
        shown = self.tr("Of several labels of an event, the one that is shown goes along.")
        self._note.setText(f"{shown}\n{further}")

    def _check(self) -> None:
        good = bool(Path(self.path.text().strip()).name) and self._which.checkedButton() is not None
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(good)

    def _browse(self) -> None:
        keep = QFileDialog.Option.DontConfirmOverwrite  # it is asked once, with all files that would be replaced
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export to"), str(self._file()), file_filters(), options=keep
        )
        if path:
            extension = Path(path).suffix.lower()
            key = next((k for k, entry in ANNOTATION_FORMATS.items() if extension in entry.extensions), None)
            if key is not None:
                self.format.setCurrentIndex(self.format.findData(key))
            self.path.setText(path)
