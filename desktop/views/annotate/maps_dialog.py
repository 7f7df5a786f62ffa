"""Asks which maps are to be made, and says how many that is: methods and the axes of their grids come from `core.projection`."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from core.errors import HitscopeError
from core.jobs import NullReporter
from core.options import whole_number
from core.projection import DEFAULT_METHODS, GRID_OPTIONS, METHODS, plan_grid
from core.study import RunEntry
from desktop.services.session import Session
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.options_form import FormRow, OptionsForm, form_grid, heading
from desktop.widgets.parts import label, number
from desktop.widgets.start_dialog import StartDialog

SEED = whole_number("Seed", 0, 0, help="The same seed gives the same maps")
FEWEST = 4  # events of which a map shows anything


def value_of(text: str) -> Any:
    """Return a value of a grid as it was typed: a whole number, a number, or a word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def counts_of(run: RunEntry) -> tuple[int, int]:
    """Return how many events of a features run maps are made of, and how many test events are only placed in them."""
    n, n_test = int(run.summary.get("n", 0)), int(run.summary.get("n_test", 0))
    return (n, 0) if run.summary.get("transductive") else (n - n_test, n_test)


class _Lines(NullReporter):
    """Keeps what a plan says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, text: str) -> None:
        self.lines.append(text)


class MapsDialog(StartDialog):
    """Tells what is `wanted`: the features run, the parameters of the job, and its seed."""

    wanted = Signal(str, object, int)

    def __init__(self, session: Session, features: list[RunEntry], chosen: str, parent: QWidget) -> None:
        text = self.tr("One map for each combination of the values, separated by commas; they appear as they are done.")
        super().__init__(self.tr("Make maps"), text, self.tr("Make maps"), parent)
        self.features: QComboBox = ElidedComboBox()
        self._counts = {run.id: counts_of(run) for run in features}
        for run in reversed(features):
            self.features.addItem(self.tr("{} ({} events)").format(run.name, number(sum(self._counts[run.id]))), run.id)
        self.features.setCurrentIndex(max(0, self.features.findData(chosen)))
        of = QWidget()
        self._features_row = FormRow(form_grid(of), 0, self.tr("Features"), self.features)
        self.content.addWidget(of)
        self.methods: dict[str, QCheckBox] = {}
        self.axes: dict[str, QLineEdit] = {}
        self._rows: dict[str, FormRow] = {}
        for key, method in METHODS.items():
            self._offer(key, method)
        self.further = OptionsForm({**GRID_OPTIONS, "seed": SEED})
        self.content.addWidget(heading(self.tr("All maps")))
        self.content.addWidget(self.further)
        self.content.addStretch(1)
        self.further.changed.connect(self._say)
        self.features.currentIndexChanged.connect(lambda _n: self._say())
        self.features.setFocus()
        self._say()

    def _offer(self, key: str, method: Any) -> None:
        """Offer a method with the axes of its grid."""
        box, axes = QCheckBox(method.title), QWidget()
        box.setChecked(key in DEFAULT_METHODS)
        box.setToolTip(method.help)
        box.setAccessibleDescription(method.help)
        self.methods[key] = box
        self.content.addWidget(box)
        try:
            method.require()
        except HitscopeError as error:
            box.setChecked(False)
            box.setEnabled(False)
            box.setText(self.tr("{} (not installed)").format(method.title))
            box.setToolTip(str(error))
        self.content.addWidget(label(self.tr(method.help), "muted", wrap=True))
        grid = form_grid(axes)
        for row, option in enumerate(method.grid):
            self._offer_axis(grid, row, option, method.grid[option])
        axes.setEnabled(box.isChecked())
        box.toggled.connect(axes.setEnabled)
        box.toggled.connect(lambda _on: self._say())
        self.content.addWidget(axes)

    def _offer_axis(self, grid: QGridLayout, row: int, option: str, axis: Any) -> None:
        line = QLineEdit(", ".join(str(value) for value in axis.values))
        line.textChanged.connect(lambda _text: self._say())
        self.axes[option] = line
        self._rows[option] = FormRow(grid, row, self.tr(axis.title), line, help=f"{axis.help}: {axis.rule.text}")
        self._rows[option].indent()

    # What is chosen

    @property
    def chosen(self) -> list[str]:
        """The methods that are ticked."""
        return [key for key, box in self.methods.items() if box.isChecked()]

    @property
    def n(self) -> int:
        """Events that maps are made of."""
        return self._counts.get(self.features.currentData(), (0, 0))[0]

    def values(self, option: str) -> list[Any]:
        """Return the values of an axis as they were typed."""
        return [value_of(part) for part in re.split(r"[,;\s]+", self.axes[option].text()) if part]

    def params(self) -> dict[str, Any]:
        """Return the parameters of the job, but for the features that it is of; axes of other methods are the usual ones."""
        axes = {
            option: self.values(option) if key in self.chosen else list(axis.values)
            for key, method in METHODS.items()
            for option, axis in method.grid.items()
        }
        further = self.further.values()
        return {"methods": self.chosen, **axes, **{name: further[name] for name in GRID_OPTIONS}}

    # What will be made

    def _say(self) -> None:
        """Say how many maps these are, or what is wrong, beside the field and below."""
        further = self.further.problems()
        self.further.say(further)
        titled = {name: f"{self.further.rows[name].title.text()}: {said}." for name, said in further.items()}
        wrong = self._judge_axes() | titled
        few = self.n < FEWEST
        self._features_row.say(self.tr("{} events are too few for a map").format(number(self.n)) if few else "")
        if few:
            self.tell("", self._features_row.said + ". " + self.tr("Learn features of more events."))
        elif not self.chosen:
            self.tell("", self.tr("Choose at least one method."))
        elif wrong:
            self.tell("", next(iter(wrong.values())))
        else:
            self._plan()

    def _judge_axes(self) -> dict[str, str]:
        """Say beside each axis what is wrong with its values, or which are left out; return the wrong ones in sentences."""
        wrong = {}
        for key, method in METHODS.items():
            for option, axis in method.grid.items():
                values = self.values(option) if key in self.chosen else []
                bad = [value for value in values or [self.tr("of nothing")] if not axis.rule.fits(value)]
                if bad and key in self.chosen:
                    wrong[option] = self.tr("{} {} is not possible.").format(axis.title, bad[0])
                    self._rows[option].say(self.tr("each must be {}").format(axis.rule.text))
                    continue
                far = [f"{value:g}" for value in values if not axis.reaches(value, self.n)]
                note = self.tr("{}: left out, needs more events than the {} there are").format(
                    ", ".join(far), number(self.n)
                )
                nothing = len(far) == len(values) > 0
                self._rows[option].say(note if nothing else "", note if far else "")
        return wrong

    def _plan(self) -> None:
        """Say what the job will make, in its own count."""
        options, told = self.params(), _Lines()
        options.pop("metric")
        try:
            cells = plan_grid(self.n, options, told)
        except HitscopeError as error:
            self.tell("", str(error))
            return
        maps = self.tr("1 map") if len(cells) == 1 else self.tr("{} maps").format(number(len(cells)))
        points = self.tr("{} of {} events: {} points.").format(maps, number(self.n), number(len(cells) * self.n))
        placed = self._counts[self.features.currentData()][1]
        later = self.tr("{} events of test subjects are placed in them afterwards.").format(number(placed))
        self.tell(" ".join([points, *([later] if placed else []), *told.lines]))

    def emit_wanted(self) -> None:
        self.wanted.emit(self.features.currentData(), self.params(), self.further.values()["seed"])
