"""A form made of `core.options`: a row for each option, with its title, its field, its unit, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from core.options import Option
from desktop.widgets.option_fields import FIELDS, Field
from desktop.widgets.parts import give_role, label

TITLE, FIELD = 2, 3  # shares of the width
INDENT, ON_LINE = 20, 5  # px; the second puts a title on the line of what stands in its field


class FormRow:
    """A title, a field, and what is wrong with it below the field. Forms below each other have their fields in line."""

    def __init__(self, grid: QGridLayout, row: int, title: str, field: QWidget, unit: str = "", help: str = "") -> None:
        self.field, self.title = field, label(title, wrap=True)
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)  # not a stop of the Tab key
        self.title.setBuddy(field)
        self.title.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        field.setAccessibleName(title)
        if help and not field.toolTip():
            field.setToolTip(help)
        self.title.setToolTip(help)
        self._frame = QFrame()
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(2, 2, 2, 2)  # where the mark of what is wrong is drawn
        inside.addWidget(field, 1)
        if unit:
            inside.addWidget(label(unit, "muted"))
        self._problem = label("", "problem", wrap=True)
        self._problem.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._shown = True
        self.title.setContentsMargins(0, ON_LINE, 0, 0)
        for widget in (
            self.title,
            self._frame,
            self._problem,
        ):  # shares of the width alone decide: all forms are in line
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        grid.addWidget(self.title, 2 * row, 0)
        grid.addWidget(self._frame, 2 * row, 1)
        grid.addWidget(self._problem, 2 * row + 1, 1)
        self.say("")

    def indent(self) -> None:
        """Show that it belongs to what stands above it."""
        self.title.setContentsMargins(INDENT, ON_LINE, 0, 0)

    @property
    def said(self) -> str:
        """What is said below the field."""
        return self._problem.text()

    @property
    def shown(self) -> bool:
        """Whether it is part of the form."""
        return self._shown

    def say(self, problem: str, note: str = "") -> None:
        """Mark the field and say below it what is wrong; if nothing is, what else should be known of the value."""
        said = problem or note
        give_role(self._frame, "wrong" if problem else "")
        give_role(self._problem, "problem" if problem else "muted")
        self._problem.setText(said[:1].upper() + said[1:])
        self._problem.setVisible(bool(said) and self._shown)
        self.field.setAccessibleDescription(said)

    def show(self, on: bool) -> None:
        """Show the row, or leave it out."""
        self._shown = on
        for widget in (self.title, self._frame):
            widget.setVisible(on)
        self._problem.setVisible(on and bool(self.said))


def form_grid(parent: QWidget) -> QGridLayout:
    """Return the layout that rows are put in."""
    grid = QGridLayout(parent)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setColumnStretch(0, TITLE)
    grid.setColumnStretch(1, FIELD)
    return grid


class OptionsForm(QWidget):
    """Asks for options; `changed` when a value is another."""

    changed = Signal()

    def __init__(self, options: Mapping[str, Option]) -> None:
        super().__init__()
        self.options = dict(options)
        self.fields: dict[str, Field] = {}
        self.rows: dict[str, FormRow] = {}
        grid = form_grid(self)
        for row, (name, option) in enumerate(self.options.items()):
            field = FIELDS[option.type](option)
            field.changed.connect(self.changed)
            self.fields[name] = field
            self.rows[name] = FormRow(grid, row, self.tr(option.title), field, self.tr(option.unit), self._help(option))

    def _help(self, option: Option) -> str:
        parts = (option.help, option.rule.text if option.type in ("whole number", "number") else "")
        said = "; ".join(self.tr(part) for part in parts if part)
        return said[:1].upper() + said[1:]

    def values(self) -> dict[str, Any]:
        """Return every value, right or wrong."""
        return {name: field.value() for name, field in self.fields.items()}

    def fill(self, values: Mapping[str, Any]) -> None:
        """Show values; `changed` fires once, if any is another."""
        before = self.values()
        self.blockSignals(True)
        for name, value in values.items():
            self.fields[name].set_value(value)
        self.blockSignals(False)
        if self.values() != before:
            self.changed.emit()

    def problems(self) -> dict[str, str]:
        """Return what is wrong with the values of rows that are shown, each by its own rule."""
        values = self.values()
        said = {name: self.options[name].problem(values[name]) for name, row in self.rows.items() if row.shown}
        return {name: problem for name, problem in said.items() if problem}

    def title_of(self, name: str) -> str:
        """Return what an option is called here."""
        return self.rows[name].title.text()

    def say(self, problems: Mapping[str, str]) -> None:
        """Say beside each field what is wrong, and nothing beside the others."""
        for name, row in self.rows.items():
            row.say(problems.get(name, ""))

    def show_rows(self, names: Collection[str] | Iterable[str]) -> None:
        """Show these rows and no others."""
        wanted = set(names)
        for name, row in self.rows.items():
            row.show(name in wanted)


def heading(text: str) -> QLabel:
    """Return the title of a part of a form."""
    made = label(text, "title")
    made.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
    return made
