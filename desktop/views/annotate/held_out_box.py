"""Asks whose events are kept for testing: nobody's, those of subjects that are chosen, or of a share of them drawn by a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.checks import Rule
from core.features import by_kind
from core.options import Option, choice, some_of
from core.pretraining import SHARE, Material
from desktop.widgets.options_form import OptionsForm
from desktop.widgets.parts import label, number

UNIT = Rule("a subject or the number of a recording", lambda value: isinstance(value, str | int))
HOW = {"nobody": (), "chosen": ("units",), "share": tuple(SHARE)}  # rows that each way of choosing needs


class HeldOutBox(QWidget):
    """`changed` when others are held out."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._about = label("", "muted", wrap=True)
        ways = {"nobody": self.tr("nobody"), "chosen": self.tr("those chosen"), "share": self.tr("a share, drawn")}
        options: dict[str, Option] = {
            "how": choice(self.tr("Held out for testing"), ways, "nobody"),
            "units": some_of(self.tr("Subjects"), "subjects", rule=UNIT),
            **SHARE,
        }
        self.form = OptionsForm(options)
        self.transductive = QCheckBox(self.tr("Transductive"))
        self._meaning = label(
            self.tr(
                "Features are then also learnt from the test subjects' signals, so figures of them say less about new ones."
            ),
            "muted",
            wrap=True,
        )
        self.transductive.setAccessibleDescription(self._meaning.text())
        for widget in (self._about, self.form, self.transductive, self._meaning):
            column.addWidget(widget)
        self.form.changed.connect(self._changed)
        self.transductive.toggled.connect(lambda _on: self.changed.emit())
        self._show_rows()

    @property
    def how(self) -> str:
        """The way of choosing, a key of `HOW`."""
        return self.form.fields["how"].value()

    def take(self, material: Material) -> None:
        """Offer those of whom events are there, with how many."""
        titles = {
            unit: self.tr("{} ({} events)").format(self._name(unit, material), number(n))
            for unit, n in material.units.items()
        }
        self.form.fields["units"].offer(titles)
        unknown = sum(isinstance(unit, int) for unit in titles)
        if len(titles) == 1:
            said = self.tr("All events are of one subject or recording: nobody can be held out.")
        elif unknown == len(titles):
            said = self.tr("Whose the recordings are is not known: recordings are held out instead of subjects.")
        elif unknown:
            said = self.tr("Whose {} of the recordings are is not known: each counts as a subject.").format(
                number(unknown)
            )
        else:
            said = self.tr("Nothing is learnt from test subjects, but their events get features, too.")
        self._about.setText(said)
        self.setEnabled(len(titles) > 1)
        if len(titles) == 1:
            self.form.fields["how"].set_value("nobody")

    def _name(self, unit: str | int, material: Material) -> str:
        return unit if isinstance(unit, str) else material.names[unit]

    def _changed(self) -> None:
        self._show_rows()
        self.changed.emit()

    def _show_rows(self) -> None:
        self.form.show_rows(("how", *HOW[self.how]))
        for widget in (self.transductive, self._meaning):
            widget.setVisible(self.how != "nobody")

    def held_out(self) -> dict[str, Any] | None:
        """Return who is held out, as `core.features.hold_out` takes it; None for nobody."""
        values = self.form.values()
        if self.how == "share":
            return {name: values[name] for name in SHARE}
        if self.how == "chosen":
            return {name: list(who) for name, who in by_kind(values["units"]).items() if who}
        return None

    @property
    def is_transductive(self) -> bool:
        """Whether features are learnt from those held out, too."""
        return self.how != "nobody" and self.transductive.isChecked()

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by row."""
        said = self.form.problems()
        if self.how == "chosen" and not self.form.values()["units"]:
            said["units"] = self.tr("choose at least one, or hold nobody out")
        return said

    def say(self, problems: Mapping[str, str]) -> None:
        """Say what is wrong: of a row beside it, of who is held out in all beside how they are chosen."""
        self.form.say({"how": problems.get("held_out", "")} | dict(problems))
