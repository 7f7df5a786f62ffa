"""Asks for the options of one objective; a preset fills them in, and they can be changed afterwards."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from core.pretraining import EarlierEncoder, ObjectiveEntry
from desktop.widgets.options_form import FormRow, OptionsForm, form_grid
from desktop.widgets.parts import label, local_time

RUN = "run"  # the option of objectives that use what another run learnt


class ObjectiveBox(QWidget):
    """`changed` when the preset or a value is another."""

    changed = Signal()

    def __init__(self, entry: ObjectiveEntry) -> None:
        super().__init__()
        self.entry = entry
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.help = label("", "muted", wrap=True)
        self.preset, choosing = QComboBox(), QWidget()
        FormRow(form_grid(choosing), 0, self.tr("Preset"), self.preset)
        self.preset.addItem(self.tr("usual values"), None)
        for key, preset in entry.presets.items():
            self.preset.addItem(self.tr(preset.title), key)
        choosing.setVisible(bool(entry.presets))
        self.form = OptionsForm(entry.options)
        for widget in (choosing, self.help, self.form):
            column.addWidget(widget)
        self.preset.activated.connect(lambda _n: self._use_preset())
        self.form.changed.connect(self.changed)
        self._describe()

    def _use_preset(self) -> None:
        self.form.fill(self.entry.filled(self.preset.currentData()))
        self._describe()
        self.changed.emit()

    def _describe(self) -> None:
        key = self.preset.currentData()
        self.help.setText(self.tr(self.entry.presets[key].help if key else self.entry.help))
        self.preset.setToolTip(self.help.text())

    def offer_runs(self, earlier: list[EarlierEncoder]) -> None:
        """Offer the encoders that fit, newest first."""
        if RUN in self.form.fields:
            kinds = self.form.options[RUN].choices
            titles = {
                one.run.id: self.tr("{}, {} of {}").format(
                    one.run.name, kinds[one.run.kind], local_time(one.run.created)
                )
                for one in earlier
            }
            self.form.fields[RUN].offer(titles, self.tr("No finished run has an encoder that fits these recordings"))

    def values(self) -> dict[str, Any]:
        """Return the options, right or wrong."""
        return self.form.values()

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by option."""
        runs = self.form.fields.get(RUN)
        if runs is not None and not runs.isEnabled():
            return {
                RUN: self.tr("there is none that fits: learn features by another objective, or train a model first")
            }
        return self.entry.problems(self.values())
