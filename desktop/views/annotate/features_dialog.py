"""Asks which features are to be learnt, of which events: objectives and their options come from `core.pretraining`."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.pretraining import OBJECTIVES
from desktop.services.session import Session
from desktop.widgets.parts import label, number

LEAST = 10  # events that an objective learns from


def options_of(objective: str) -> dict[str, float]:
    """Return the numbers that an objective takes, with their defaults."""
    options = OBJECTIVES[objective].options
    plain = {name: option.default for name, option in options.items()}
    return {
        name: value for name, value in plain.items() if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


class FeaturesDialog(QDialog):
    """Tells what is `wanted`: a kind of events, and the parameters of the job."""

    wanted = Signal(str, object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Learn features"))
        self.setMinimumWidth(420)
        column = QVBoxLayout(self)
        text = self.tr("Features say what each event looks like, in a few numbers. Labels play no part.")
        column.addWidget(label(text, "muted", wrap=True))
        self._counts = Counter(session.events.kind.tolist())
        self.kind, self.objective = QComboBox(), QComboBox()
        for kind, n in sorted(self._counts.items()):
            self.kind.addItem(self.tr("{} ({} events)").format(kind, number(n)), kind)
        for key, entry in OBJECTIVES.items():
            if not entry.from_run:  # needs a run to be chosen, which this dialog does not ask for
                self.objective.addItem(entry.title, key)
        self.kind.setAccessibleName(self.tr("Events"))
        self.objective.setAccessibleName(self.tr("Objective"))
        self._form = QFormLayout()
        self._form.addRow(self.tr("Events"), self.kind)
        self._form.addRow(self.tr("Objective"), self.objective)
        column.addLayout(self._form)
        self.help, self.estimate = label("", "muted", wrap=True), label("", wrap=True)
        column.addWidget(self.help)
        column.addWidget(self.estimate)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = self.buttons.addButton(self.tr("Learn features"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setProperty("role", "primary")
        self.buttons.accepted.connect(self._tell)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.options: dict[str, QSpinBox | QDoubleSpinBox] = {}
        self.objective.currentIndexChanged.connect(lambda _n: self._objective_chosen())
        self.kind.currentIndexChanged.connect(lambda _n: self._say())
        self._objective_chosen()

    def _objective_chosen(self) -> None:
        for box in self.options.values():
            self._form.removeRow(box)
        self.options = {}
        key = self.objective.currentData()
        for name, default in options_of(key).items():
            whole = isinstance(default, int)
            box = QSpinBox() if whole else QDoubleSpinBox()
            if isinstance(box, QDoubleSpinBox):
                box.setDecimals(5)
                box.setSingleStep(default / 10 or 0.1)
            box.setRange(0, 100_000)
            box.setValue(default)
            title = OBJECTIVES[key].options[name].title
            box.setAccessibleName(title)
            box.valueChanged.connect(lambda _v: self._say())
            self.options[name] = box
            self._form.addRow(title, box)
        text = OBJECTIVES[key].help
        self.help.setText(text)
        self._say()

    def _say(self) -> None:
        """Say how much there is to do."""
        n = self._counts[self.kind.currentData()]
        enough = n >= LEAST
        epochs = self.options.get("epochs")
        if not enough:
            said = self.tr("{} events are too few to learn from: choose another kind, or find more.").format(number(n))
        elif epochs is not None:
            said = self.tr(
                "{} events, at most {} passes over them. The job tells how long it takes after the first."
            ).format(number(n), number(epochs.value()))
        else:
            said = self.tr("{} events; this takes seconds.").format(number(n))
        self.estimate.setText(said)
        self.start.setEnabled(enough)

    def _tell(self) -> None:
        values = {name: box.value() for name, box in self.options.items()}
        self.wanted.emit(self.kind.currentData(), {"objective": self.objective.currentData(), **values})
        self.accept()
