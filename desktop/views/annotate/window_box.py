"""Asks which windows are cut round events and what is learnt from, beginning with what is usual for the recordings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.features import WindowSpec
from core.pretraining import REPRESENTATION, WINDOW, Material, representation_of, usual_of
from desktop.widgets.options_form import OptionsForm
from desktop.widgets.parts import label

IMAGE = "log_spectrogram"


class WindowBox(QWidget):
    """`changed` when window or representation are others."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._about = label("", "muted", wrap=True)
        self.window_form, self.seen = OptionsForm(WINDOW), OptionsForm(REPRESENTATION)
        for widget in (self._about, self.window_form, self.seen):
            column.addWidget(widget)
        self._usual: WindowSpec | None = None
        self._raw = self._from_run = False
        self._preset = self.seen.fields["preset"].value()
        self.window_form.changed.connect(self.changed)
        self.seen.changed.connect(self._seen_changed)
        self._show_rows()

    def take(self, material: Material) -> None:
        """Begin with what is usual for the recordings of the events."""
        first = material.recordings[next(iter(material.counts))]
        self._usual = material.usual_window()
        self.window_form.fields["channels"].offer({c.name: f"{c.name} ({c.fs:g} Hz)" for c in first.channels})
        self.window_form.fill(self._usual.to_json())
        preset = "hits" if first.gates else REPRESENTATION["preset"].default
        self.seen.fill({"preset": preset, **usual_of(preset)})

    def serve(self, *, raw: bool, from_run: bool) -> None:
        """Ask only what an objective leaves open: `raw` takes samples alone, `from_run` takes window and all of its run."""
        self._raw, self._from_run = raw, from_run
        self.window_form.setVisible(not from_run)
        self.seen.setVisible(not from_run)
        self._about.setVisible(from_run)
        self._about.setText(self.tr("Window and what is learnt from are those of the run."))
        if raw:
            self.seen.fill({"name": REPRESENTATION["name"].default})
        self._show_rows()

    def _seen_changed(self) -> None:
        preset = self.seen.fields["preset"].value()
        if preset != self._preset:
            self._preset = preset
            self.seen.fill(usual_of(preset))
        self._show_rows()
        self.changed.emit()

    def _show_rows(self) -> None:
        name = self.seen.fields["name"].value()
        asked = ("name",) if name == REPRESENTATION["name"].default else ("name", "preset")
        self.seen.fields["name"].setEnabled(not self._raw)
        self.seen.show_rows(REPRESENTATION if name == IMAGE else asked)

    def window_spec(self) -> dict[str, Any] | None:
        """Return the window as the job takes it; None where it is the usual one, or that of a run."""
        if self._usual is None or self._from_run:
            return None
        values = self.window_form.values()
        if WindowSpec.from_json(values) == self._usual:
            return None
        return {name: value for name, value in values.items() if value != WINDOW[name].default}

    def representation(self) -> dict[str, Any] | None:
        """Return what is learnt from as the job takes it; None for the samples, or where a run says it."""
        return None if self._from_run else representation_of(self.seen.values())

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by row; nothing of what is not asked for."""
        return {} if self._from_run else self.window_form.problems() | self.seen.problems()

    def say(self, problems: Mapping[str, str]) -> None:
        """Say what is wrong: of a row beside it; of the window as a whole, and of what is learnt from, beside their first rows."""
        of_both = {"n_times": problems.get("window", ""), "name": problems.get("representation", "")}
        self.window_form.say(of_both | dict(problems))
        self.seen.say(of_both | dict(problems))
