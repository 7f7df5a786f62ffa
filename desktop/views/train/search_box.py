"""Asks whether fields are to be chosen by search, which, and how many trainings that may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.training import SEARCHED, SEARCHING, can_search, changed
from desktop.views.train.choice_box import usual
from desktop.widgets.options_form import OptionsForm
from desktop.widgets.parts import label

USUAL = ("lr",)  # ticked until somebody says otherwise
Field = tuple[str, str]  # what is searched and an end of its range; ("", option) of the search itself


class SearchBox(QWidget):
    """`changed` when anything is another."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column, self.rest = QVBoxLayout(self), QWidget()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.tick, self.form = QCheckBox(self.tr("Choose by search")), OptionsForm(SEARCHING)
        self.help = label("", "muted", wrap=True)
        for widget in (self.tick, self.help, self.rest):
            column.addWidget(widget)
        inside = QVBoxLayout(self.rest)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        inside.addWidget(self.form)
        inside.addWidget(label(self.tr("What is searched")))
        self.ticks: dict[str, QCheckBox] = {}
        self.ranges: dict[str, OptionsForm] = {}
        for name, entry in SEARCHED.items():
            self.ticks[name], self.ranges[name] = QCheckBox(self.tr(entry.title)), OptionsForm(entry.options)
            self.ticks[name].setChecked(name in USUAL)
            for row in self.ranges[name].rows.values():
                row.indent()
            for widget in (self.ticks[name], self.ranges[name]):
                inside.addWidget(widget)
        for tick in (self.tick, *self.ticks.values()):
            tick.toggled.connect(lambda _on: self._show())
        for form in (self.form, *self.ranges.values()):
            form.changed.connect(self.changed)
        self.serve("")
        self._offer()

    def _offer(self) -> None:
        there = can_search()
        self.tick.setEnabled(there)
        self.help.setText(
            self.tr(
                "On each fold, trials with other values are judged by events that are not tested on it; the best is kept."
            )
            if there
            else self.tr("It needs the package optuna: pip install 'hitscope[search]', then start the window again.")
        )
        self.tick.setToolTip(self.help.text())

    def serve(self, model: str) -> None:
        """Offer the fields that a model has."""
        for name, entry in SEARCHED.items():
            fits = not model or model in entry.models
            self.ticks[name].setEnabled(fits)
            self.ticks[name].setToolTip(self.tr(entry.help) if fits else self.tr("This model has no such field."))
        self._show()

    def value(self) -> dict[str, Any] | None:
        """Return the table ``search`` of an experiment; None where nothing is searched."""
        if not (self.tick.isEnabled() and self.tick.isChecked()):
            return None
        space = {name: SEARCHED[name].choice(**self.ranges[name].values()) for name in self._chosen()}
        return {**changed(SEARCHING, self.form.values()), "space": space}

    def set_value(self, value: Mapping[str, Any] | None) -> None:
        """Search as a table says, as far as its fields are offered here."""
        given = value or {}
        space = given.get("space", {})
        self.form.fill(usual(SEARCHING) | {k: v for k, v in given.items() if k in SEARCHING})
        for name, ranged in self.ranges.items():
            self.ticks[name].setChecked(name in space if space else name in USUAL)
            ends = {k: v for k, v in space.get(name, {}).items() if k in ranged.options}
            ranged.fill(usual(ranged.options) | ends)
        self.tick.setChecked(value is not None)

    def problems(self) -> dict[Field, str]:
        """Return what is wrong, by field."""
        if self.value() is None:
            return {}
        found = {("", name): said for name, said in self.form.problems().items()}
        if not self._chosen():
            found["", ""] = self.tr("tick at least one field that is searched")
        for name in self._chosen():
            ranged = self.ranges[name]
            found |= {(name, end): said for end, said in ranged.problems().items()}
            ends = ranged.values()
            if not ranged.problems() and ends["low"] > ends["high"]:
                found[name, "high"] = self.tr("must not be below where the range begins")
        return found

    def say(self, problems: Mapping[Field, str]) -> None:
        """Say it beside the fields."""
        for of, form in {"": self.form, **self.ranges}.items():
            form.say({end: said for (name, end), said in problems.items() if name == of})

    def title_of(self, field: Field) -> str:
        """Return what a field is called."""
        name, end = field
        if not name:
            return self.form.title_of(end) if end else self.tick.text()
        return f"{self.ticks[name].text()}, {self.ranges[name].title_of(end)}"

    def _chosen(self) -> list[str]:
        return [name for name, tick in self.ticks.items() if tick.isChecked() and tick.isEnabled()]

    def _show(self) -> None:
        self.rest.setVisible(self.tick.isChecked() and self.tick.isEnabled())
        for name, tick in self.ticks.items():
            self.ranges[name].setVisible(tick.isChecked() and tick.isEnabled())
        self.changed.emit()
