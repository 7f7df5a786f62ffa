"""Asks for one entry of a registry and for its options: what is registered is offered, with its line of help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.options import Option
from core.training import OptionsEntry, changed
from desktop.widgets.choices import offer
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.options_form import FormRow, OptionsForm, form_grid
from desktop.widgets.parts import label


class ChoiceBox(QWidget):
    """`changed` when the entry or an option is another. The value is ``{"name": …, options that are not as usual…}``."""

    changed = Signal()

    def __init__(self, title: str, table: Mapping[str, OptionsEntry]) -> None:
        super().__init__()
        self._table = table
        column, head = QVBoxLayout(self), QWidget()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.box, self.help = ElidedComboBox(), label("", "muted", wrap=True)
        offer(self.box, table)
        FormRow(form_grid(head), 0, title, self.box)
        column.addWidget(head)
        column.addWidget(self.help)
        # All are made now and one is shown: what was typed is kept.
        self.forms = {key: OptionsForm(entry.options) for key, entry in table.items()}
        for form in self.forms.values():
            form.changed.connect(self.changed)
            column.addWidget(form)
        self.box.currentIndexChanged.connect(lambda _row: self._chosen())
        self._chosen()

    @property
    def form(self) -> OptionsForm:
        """The options of the entry that is chosen."""
        return self.forms[self.box.currentData()]

    def value(self) -> dict[str, Any]:
        """Return what is chosen."""
        return {"name": self.box.currentData(), **changed(self.form.options, self.form.values())}

    def set_value(self, value: Mapping[str, Any]) -> None:
        """Choose an entry and its options; those that are not given are as usual."""
        self.box.setCurrentIndex(max(0, self.box.findData(value["name"])))
        self.form.fill(usual(self.form.options) | {k: v for k, v in value.items() if k in self.form.options})

    def problems(self) -> dict[str, str]:
        """Return what is wrong with the options."""
        return self.form.problems()

    def say(self, problems: Mapping[str, str]) -> None:
        """Say it beside the fields."""
        self.form.say(problems)

    def title_of(self, name: str) -> str:
        """Return what an option is called."""
        return self.form.title_of(name)

    def _chosen(self) -> None:
        for form in self.forms.values():
            form.setVisible(form is self.form and bool(form.fields))
        self.help.setText(self.tr(self._table[self.box.currentData()].help))
        self.changed.emit()


def usual(options: Mapping[str, Option]) -> dict[str, Any]:
    """Return what holds where nothing is said."""
    return {name: option.default for name, option in options.items()}
