"""Asks which maps are to be made: methods and the axes of their grids come from `core.projection`."""

from __future__ import annotations

from math import prod
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.errors import HitscopeError
from core.jobs import read_json
from core.projection import METHODS
from core.study import RunEntry
from desktop.services.session import Session
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.parts import label, number

USUAL = ("pca", "tsne")
ITERATIONS = 500


def value_of(text: str) -> Any:
    """Return a value of a grid as it was typed: a whole number, a number, or a word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def count_of(run: RunEntry) -> int:
    """Return how many events a features run is of; 0 where it does not say."""
    path = run.folder / "result.json"
    try:
        return int(read_json(path).get("n", 0)) if path.exists() else 0
    except (ValueError, TypeError, HitscopeError):
        return 0


class MapsDialog(QDialog):
    """Tells what is `wanted`: the features run, and the parameters of the job."""

    wanted = Signal(str, object)

    def __init__(self, session: Session, features: list[RunEntry], chosen: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Make maps"))
        self.setMinimumWidth(460)
        column, form = QVBoxLayout(self), QFormLayout()
        text = self.tr("One map for each combination of the values, separated by commas; they appear as they are done.")
        column.addWidget(label(text, "muted", wrap=True))
        self.features: QComboBox = ElidedComboBox()
        self._counts = {run.id: count_of(run) for run in features}
        for run in reversed(features):
            self.features.addItem(self.tr("{} ({} events)").format(run.name, number(self._counts[run.id])), run.id)
        self.features.setCurrentIndex(max(0, self.features.findData(chosen)))
        self.features.setAccessibleName(self.tr("Features"))
        form.addRow(self.tr("Features"), self.features)
        self.methods: dict[str, QCheckBox] = {}
        self.axes: dict[str, QLineEdit] = {}
        for key, method in METHODS.items():
            self._offer(form, key, method)
        self.iterations = QSpinBox()
        self.iterations.setRange(1, 10_000)
        self.iterations.setValue(ITERATIONS)
        self.iterations.setAccessibleName(self.tr("Iterations of t-SNE"))
        form.addRow(self.tr("Iterations of t-SNE"), self.iterations)
        column.addLayout(form)
        self.estimate = label("", wrap=True)
        column.addWidget(self.estimate)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = self.buttons.addButton(self.tr("Make maps"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setProperty("role", "primary")
        self.buttons.accepted.connect(self._tell)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.features.currentIndexChanged.connect(lambda _n: self._say())
        self._say()

    def _offer(self, form: QFormLayout, key: str, method: Any) -> None:
        box = QCheckBox(method.title)
        box.setChecked(key in USUAL)
        box.setToolTip(method.help)
        box.toggled.connect(lambda _on: self._say())
        self.methods[key] = box
        form.addRow("", box)
        try:
            method.require()
        except HitscopeError as error:
            box.setChecked(False)
            box.setEnabled(False)
            box.setText(self.tr("{} (not installed)").format(method.title))
            box.setToolTip(str(error))
        for option, axis in method.grid.items():
            line = QLineEdit(", ".join(str(value) for value in axis.values))
            line.setAccessibleName(option.replace("_", " "))
            line.setToolTip(f"{axis.help}: {axis.rule.text}")
            line.setEnabled(box.isChecked())
            line.textChanged.connect(lambda _text: self._say())
            box.toggled.connect(line.setEnabled)
            self.axes[option] = line
            form.addRow("    " + axis.name.replace("_", " "), line)

    def values(self, option: str) -> list[Any]:
        """Return the values of an axis as they were typed."""
        return [value_of(part.strip()) for part in self.axes[option].text().split(",") if part.strip()]

    def _say(self) -> None:
        """Say how many maps these are, or which value is none."""
        n, chosen = (
            self._counts.get(self.features.currentData(), 0),
            [k for k, box in self.methods.items() if box.isChecked()],
        )
        wrong = [
            f"{axis.name.replace('_', ' ')} {value}"
            for key in chosen
            for option, axis in METHODS[key].grid.items()
            for value in (self.values(option) or [self.tr("of nothing")])
            if not axis.rule.fits(value)
        ]
        maps = sum(prod(len(self.values(option)) for option in METHODS[key].grid) for key in chosen)
        if wrong:
            said = self.tr("{} is not possible.").format(wrong[0].capitalize())
        elif not maps:
            said = self.tr("Choose at least one method.")
        else:
            said = self.tr(
                "{} maps of {} events; perplexities that need more events than there are, are left out."
            ).format(number(maps), number(n))
        self.estimate.setText(said)
        self.start.setEnabled(bool(maps) and not wrong)

    def _tell(self) -> None:
        chosen = [key for key, box in self.methods.items() if box.isChecked()]
        grid = {option: self.values(option) for key in chosen for option in METHODS[key].grid}
        self.wanted.emit(
            self.features.currentData(), {"methods": chosen, "iterations": self.iterations.value(), **grid}
        )
        self.accept()
