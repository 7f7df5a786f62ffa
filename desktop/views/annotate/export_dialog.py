"""Asks how the labels of the map's events are to be written, and writes them by the exporters of `core`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from core.annotation import export_labels, soft_labels
from core.events import export_annotations
from core.signals import ANNOTATION_FORMATS
from core.study import Study
from desktop.services.session import Session
from desktop.widgets.parts import label, number

HARD, SOFT = "table", "table with shares"
FOLDER = "export_folder"  # of the settings: where the last file went


@dataclass(frozen=True)
class Wish:
    """A file of labels: its format, a key of `ANNOTATION_FORMATS` or one of the tables, which recording, which events."""

    path: Path
    format: str
    recording: int
    ids: tuple[int, ...]
    propagated: bool = True


def write(study: Study, wish: Wish) -> int:
    """Write labels and return of how many events (in a task). The dialog has asked whether a file may be replaced."""
    if wish.format in (HARD, SOFT):
        labels = soft_labels(study, wish.ids, propagated=wish.propagated)
        return export_labels(study, wish.path, labels, soft=wish.format == SOFT, replace=True)
    return export_annotations(study, wish.recording, wish.path, wish.format, wish.ids, replace=True)


class LabelsDialog(QDialog):
    """Tells what file is `wanted`."""

    wanted = Signal(object)

    def __init__(self, session: Session, ids: npt.ArrayLike, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export labels"))
        self.setMinimumWidth(420)
        self._session = session
        events = session.events
        self._events = events.take(np.isin(events.id, ids))
        self.format, self.recording = QComboBox(), QComboBox()
        self.format.addItem(self.tr("Table (CSV): one class for each event"), HARD)
        self.format.addItem(self.tr("Table (CSV) with the share of each class"), SOFT)
        for key, entry in ANNOTATION_FORMATS.items():
            self.format.addItem(entry.title, key)
            self.format.setItemData(self.format.count() - 1, entry.help, Qt.ItemDataRole.ToolTipRole)
        there = set(self._events.recording.tolist())
        for entry in session.recordings:
            if entry.id in there:
                self.recording.addItem(entry.name, entry.id)
        self.propagated = QCheckBox(self.tr("Propagated labels, too"))
        self.propagated.setChecked(True)
        self.format.setAccessibleName(self.tr("Format"))
        self.recording.setAccessibleName(self.tr("Recording"))
        form = QFormLayout()
        form.addRow(self.tr("Format"), self.format)
        form.addRow(self.tr("Recording"), self.recording)
        form.addRow("", self.propagated)
        self.text = label("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.text)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = self.buttons.addButton(self.tr("Save…"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.save.setProperty("role", "primary")
        self.buttons.accepted.connect(self._ask)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        for changed in (self.format.currentIndexChanged, self.recording.currentIndexChanged, self.propagated.toggled):
            changed.connect(lambda _value: self._say())
        self._say()

    @property
    def table(self) -> bool:
        """Whether it is a table of all recordings."""
        return self.format.currentData() in (HARD, SOFT)

    def ids(self) -> list[int]:
        """Return the labelled events that are written."""
        events = self._events
        keep = events.label != ""
        if not self.table:
            keep &= events.recording == self.recording.currentData()
        if not self.propagated.isChecked():
            keep &= events.label_source != "propagated"
        return events.id[keep].tolist()

    def _say(self) -> None:
        self.recording.setEnabled(not self.table)
        n = len(self.ids())
        more = "" if self.table else self.tr(" A file of annotations is of one recording.")
        self.text.setText(self.tr("{} labelled events of this map.").format(number(n)) + more)
        self.save.setEnabled(n > 0)

    def _ask(self) -> None:
        key = self.format.currentData()
        ending = ".csv" if self.table else ANNOTATION_FORMATS[key].extensions[0]
        name = self.tr("labels") if self.table else self.recording.currentText()
        folder = Path(str(self._session.settings.value(FOLDER) or Path.home()))
        said, _ = QFileDialog.getSaveFileName(self, self.tr("Save as"), str(folder / f"{name}{ending}"), f"*{ending}")
        if not said:
            return
        path = Path(said)
        path = path if path.suffix else path.with_name(path.name + ending)
        self._session.settings.setValue(FOLDER, str(path.parent))
        self.wanted.emit(Wish(path, key, self.recording.currentData(), tuple(self.ids()), self.propagated.isChecked()))
        self.accept()
