"""What the arrays of a file mean, asked once: the answer is kept with the recording as options of its reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.errors import HitscopeError
from core.signals import READERS, Contents, MappingNeeded, Recording, array_contents, open_recording
from desktop.services.guard import guarded, while_alive
from desktop.services.session import Session
from desktop.views.review.adding import Wanted
from desktop.views.review.pictures.traces import DrawnPage, trace_colours
from desktop.views.review.trace_preview import TracePreview, draw_start
from desktop.widgets.parts import clock, label, number, unit_of

PAUSE_MS = 150  # after the last change, before it is tried
UNITS = ("", "µV", "mV", "V", "cm/s", "mmHg", "Pa", "a.u.")
KINDS = ("ecg", "eeg", "eog", "emg", "audio", "other")
# Which field an error is about, by a word of it, where the reader does not say so itself.
ABOUT = (
    ("names for", "names"),
    ("rate", "fs"),
    ("times in", "fs"),
    ("item", "item"),
    ("axis", "axis"),
    ("layout", "kind"),
    ("array", "array"),
)


class MappingDialog(QDialog):
    """Asks for array, axis, rate, unit, kind and names; what the file says itself is filled in, and the first seconds are shown."""

    def __init__(self, session: Session, wanted: Wanted, needed: MappingNeeded, n_files: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._wanted, self._needed = session, wanted, needed
        self._recording: Recording | None = None
        self.setWindowTitle(self.tr("What does {} hold?").format(Path(wanted.path).name))
        self.resize(720, 560)
        self._try = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._try.timeout.connect(self._open)
        layout = QVBoxLayout(self)
        text = self.tr(
            "The file does not say what its numbers mean. What you say is kept with the recording; the file stays as it is."
        )
        layout.addWidget(label(text, "muted", wrap=True))
        self._form, self._errors = QFormLayout(), {}
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._make_fields()
        layout.addLayout(self._form)
        self.preview = TracePreview()
        layout.addWidget(self.preview, 1)
        self.summary = label("", "muted", wrap=True)
        layout.addWidget(self.summary)
        self.same = QCheckBox(self.tr("Use for all {} files of this shape in this import").format(number(n_files)))
        self.same.setChecked(n_files > 1)
        self.same.setVisible(n_files > 1)
        layout.addWidget(self.same)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Add"))
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(self.tr("Leave out"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        self._session.tasks.submit(
            f"review contents {id(self)}",
            array_contents,
            wanted.path,
            done=while_alive(self, self._offer_rates),
            failed=while_alive(self, self._refused),
        )
        self._array_changed()

    @property
    def for_all(self) -> bool:
        """Whether the answer holds for all files of this shape."""
        return self.same.isChecked()

    # Building

    def _make_fields(self) -> None:
        self.array, self.axis, self.item, self.one_of = (
            QComboBox(),
            QComboBox(),
            QSpinBox(),
            QCheckBox(self.tr("it is one of several:")),
        )
        for candidate in self._needed.candidates:
            self.array.addItem(str(candidate), candidate)
        guess = self._needed.guess
        if guess is not None:
            self.array.setCurrentIndex(max(0, [c.name for c in self._needed.candidates].index(guess.array)))
        self.rate_from, self.rate = QComboBox(), QDoubleSpinBox()
        self.rate.setRange(0.0, 1e7)
        self.rate.setDecimals(3)
        self.rate.setSuffix(" Hz")
        self.rate.setSpecialValueText(
            self.tr("not known") if "fs" in self._needed.missing else self.tr("as the file says")
        )
        self.item.setPrefix(self.tr("item "))
        self.unit, self.kind, self.names = QComboBox(), QComboBox(), QLineEdit()
        self.unit.setEditable(True)
        self.unit.addItems(UNITS)
        self.unit.lineEdit().setPlaceholderText(self.tr("as the file says, else none"))
        self.kind.addItem(self.tr("by the channels' names"), {})
        for kind in KINDS:
            self.kind.addItem(self.tr(kind), {"kind": kind})
        for key, layout in READERS[".npy"].LAYOUTS.items():
            self.kind.addItem(self.tr(layout.title), {"layout": key})
        self.names.setPlaceholderText(self.tr("as the file says, else numbered; such as Fp1, Fp2, C3"))
        self._add("array", self.tr("Signal"), self.array)
        self._add("axis", self.tr("Time runs along"), self.axis)
        self._add("item", self.tr("Recording"), self.one_of, self.item)
        self._add("fs", self.tr("Sampling rate"), self.rate_from, self.rate)
        self._add("unit", self.tr("Unit"), self.unit)
        self._add("kind", self.tr("Kind"), self.kind)
        self._add("names", self.tr("Channel names"), self.names)
        self.array.currentIndexChanged.connect(lambda _n: self._array_changed())
        self.rate_from.currentIndexChanged.connect(lambda _n: self._changed())
        for box in (self.axis, self.kind):
            box.currentIndexChanged.connect(lambda _n: self._changed())
        self.unit.editTextChanged.connect(lambda _t: self._changed())
        self.names.textChanged.connect(lambda _t: self._changed())
        self.one_of.toggled.connect(lambda _on: self._changed())
        for spin in (self.item, self.rate):
            spin.valueChanged.connect(lambda _v: self._changed())

    def _add(self, name: str, title: str, *widgets: QWidget) -> None:
        row, column, error = QHBoxLayout(), QVBoxLayout(), label("", wrap=True)
        for widget in widgets:
            widget.setAccessibleName(title)
            row.addWidget(widget, 0 if isinstance(widget, QSpinBox | QCheckBox) else 1)
        error.setProperty("role", "problem")
        error.hide()
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(error)
        self._errors[name] = error
        self._form.addRow(title, column)

    def _offer_rates(self, contents: Contents) -> None:
        """Offer the numbers and the times in the file that may be its rate."""
        self._block(True)
        self.rate_from.clear()
        self.rate_from.addItem(
            self.tr("as the file says") if "fs" not in self._needed.missing else self.tr("type it"), None
        )
        for name, value in contents.scalars.items():
            if value > 0:
                self.rate_from.addItem(
                    self.tr("{} in the file: {} Hz").format(name, number(value, 3 if value % 1 else 0)),
                    ("fs_from", name),
                )
        for array in contents.arrays:
            if max(array.shape) == max(1, *array.shape) and len([n for n in array.shape if n > 1]) == 1:
                self.rate_from.addItem(self.tr("times in {}").format(array.name), ("time_column", array.name))
        self._block(False)

    # What is said

    def options(self) -> dict[str, Any]:
        """Return what was said, as options of the reader; what the file says itself is left out."""
        said: dict[str, Any] = dict(self.kind.currentData() or {})
        if self.array.count() > 1:
            said["array"] = self.array.currentData().name
        if self.axis.currentData() is not None:
            said["axis"] = self.axis.currentData()
        if self.one_of.isChecked():
            said["item"] = self.item.value()
        source = self.rate_from.currentData()
        if source is not None:
            said[source[0]] = source[1]
        elif self.rate.value() > 0:
            said["fs"] = self.rate.value()
        names = [name.strip() for name in self.names.text().split(",")]
        if any(names):
            said["names"] = names
        unit = self.unit.currentText().strip()
        return said | ({"unit": unit} if unit else {})

    def _array_changed(self) -> None:
        """Another array: what was said of the one before does not hold for it."""
        self._block(True)
        candidate = self.array.currentData()
        self.axis.clear()
        self.axis.addItem(self.tr("as names and shapes tell"), None)
        for axis, n in enumerate(candidate.shape):
            self.axis.addItem(self.tr("axis {}, {} long").format(axis, number(n)), axis)
        guess = self._needed.guess
        deep = len(candidate.shape) > 2 or (guess is not None and guess.array == candidate.name and bool(guess.items))
        self.item.setRange(0, max(candidate.shape) - 1)
        self.one_of.setChecked(deep)
        self._block(False)
        self._changed()

    def _block(self, on: bool) -> None:
        for widget in (self.axis, self.one_of, self.item, self.rate_from):
            widget.blockSignals(on)

    def _changed(self) -> None:
        self.rate.setEnabled(self.rate_from.currentData() is None)
        self.item.setEnabled(self.one_of.isChecked())
        self._recording = None
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(False)
        self._try.start()

    # Trying it

    def _open(self) -> None:
        options, colours, room = {**self._wanted.options, **self.options()}, trace_colours(), self.preview.room

        def opened() -> tuple[Recording, DrawnPage]:
            recording = open_recording(self._wanted.path, **options)
            return recording, draw_start(recording, *room, colours)

        done, failed = while_alive(self, self._opened), while_alive(self, self._refused)
        self._session.tasks.submit(f"review mapping {id(self)}", opened, done=done, failed=failed)

    def _opened(self, got: tuple[Recording, DrawnPage]) -> None:
        self._recording, drawn = got
        self._say({})
        self.preview.show_drawn(drawn)
        known = self._recording.channels
        names = ", ".join(c.name for c in known[:6]) + (", …" if len(known) > 6 else "")
        self.summary.setText(
            self.tr("{} channels ({}), {} Hz, {}, {}").format(
                number(len(known)),
                names,
                number(known[0].fs, 0 if known[0].fs % 1 == 0 else 2),
                unit_of(known[0]),
                clock(self._recording.duration),
            )
        )
        if self.one_of.isChecked():
            items = self._recording.note.rpartition(" of ")[2]
            if items.isdigit():
                self.item.setRange(0, int(items) - 1)
                self.item.setSuffix(self.tr(" of {}").format(number(int(items))))

    def _refused(self, error: Exception) -> None:
        self._recording = None
        self.summary.setText("")
        what = error.what if isinstance(error, HitscopeError) else f"{type(error).__name__}: {error}"
        if isinstance(error, MappingNeeded):
            lacks = {
                "array": self.tr("choose the signal"), "axis": self.tr("say along which axis time runs"),
                "item": self.tr("say which of its recordings"), "fs": self.tr("say its sampling rate"),
            }  # fmt: skip
            self._say({name: lacks[name] for name in error.missing})
            self.preview.show_drawn(None, self.tr("The first seconds are drawn here as soon as this is known: {}.").format(
                ", ".join(lacks[name] for name in error.missing)))  # fmt: skip
            return
        field = next((name for word, name in ABOUT if word in what), "array")
        self._say({field: what})
        self.preview.show_error(error)

    def _say(self, errors: dict[str, str]) -> None:
        for name, shown in self._errors.items():
            shown.setText(errors.get(name, ""))
            shown.setVisible(name in errors)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not errors and self._recording is not None)

    def accept(self) -> None:
        if self._recording is not None:
            super().accept()

    @guarded
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._try.start()

    def problem(self, field: str) -> QLabel:
        """Return the line under a field that says what is wrong with it."""
        return self._errors[field]
