"""Asks how training events are varied: each augmentation has a tick, and its options below it when it is ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.training import AUGMENTATIONS, changed
from desktop.views.train.choice_box import usual
from desktop.widgets.options_form import OptionsForm


class AugmentBox(QWidget):
    """`changed` when a tick or an option is another."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._views: tuple[str, ...] = ()
        self.ticks: dict[str, QCheckBox] = {}
        self.forms: dict[str, OptionsForm] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for key, entry in AUGMENTATIONS.items():
            tick, form = QCheckBox(self.tr(entry.title)), OptionsForm(entry.options)
            tick.setToolTip(self.tr(entry.help))
            tick.toggled.connect(lambda _on: self._show())
            form.changed.connect(self.changed)
            for row in form.rows.values():
                row.indent()
            self.ticks[key], self.forms[key] = tick, form
            column.addWidget(tick)
            column.addWidget(form)
        self._show()

    def serve(self, views: Sequence[str]) -> None:
        """Offer what changes one of a model's views; what would change nothing says so."""
        self._views = tuple(views)
        for key, entry in AUGMENTATIONS.items():
            fits = bool(set(entry.views) & set(self._views))
            tick = self.ticks[key]
            tick.setEnabled(fits)
            why = self.tr("It changes {} only, which this model does not see.").format(" and ".join(entry.views))
            tick.setToolTip(self.tr(entry.help) if fits else why)
        self._show()

    def value(self) -> list[dict[str, Any]]:
        """Return what is ticked and changes something, in the order of the table."""
        return [{"name": key, **changed(self.forms[key].options, self.forms[key].values())} for key in self._chosen()]

    def set_value(self, value: Sequence[Mapping[str, Any]]) -> None:
        """Tick these and no others."""
        given = {one["name"]: one for one in value}
        for key, tick in self.ticks.items():
            options = self.forms[key].options
            self.forms[key].fill(usual(options) | {k: v for k, v in given.get(key, {}).items() if k in options})
            tick.setChecked(key in given)

    def problems(self) -> dict[tuple[str, str], str]:
        """Return what is wrong, by augmentation and option."""
        return {(key, name): said for key in self._chosen() for name, said in self.forms[key].problems().items()}

    def say(self, problems: Mapping[tuple[str, str], str]) -> None:
        """Say it beside the fields."""
        for key, form in self.forms.items():
            form.say({name: said for (of, name), said in problems.items() if of == key})

    def title_of(self, name: tuple[str, str]) -> str:
        """Return what an option is called."""
        return f"{self.ticks[name[0]].text()}, {self.forms[name[0]].title_of(name[1])}"

    def _chosen(self) -> list[str]:
        return [key for key, tick in self.ticks.items() if tick.isChecked() and tick.isEnabled()]

    def _show(self) -> None:
        for key, tick in self.ticks.items():
            self.forms[key].setVisible(tick.isChecked() and tick.isEnabled())
        self.changed.emit()
