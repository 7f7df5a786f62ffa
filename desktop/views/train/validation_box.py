"""Asks where the figures come from: one split, folds, or repeated splits; and makes an experiment of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.training import ONE_SPLIT, PROTOCOL, Protocol
from desktop.views.train.choice_box import usual
from desktop.views.train.search_box import SearchBox
from desktop.views.train.variants_box import VariantsBox
from desktop.widgets.options_form import OptionsForm
from desktop.widgets.parts import label

# What all variants share: which events, of which windows, on which side, as whom.
SHARED = (
    "kinds", "classes", "recordings", "window", "split_by", "validation", "test", "annotator", "accept_leaks",
)  # fmt: skip
NUMBER = {"kfold": "k", "holdout": "repeats"}


def own_fields(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a run in which variants may differ."""
    return {name: value for name, value in params.items() if name not in SHARED}


class ValidationBox(QWidget):
    """`changed` when another protocol, search or list of variants is meant; the last two are laid out by who shows them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.form, self.help = OptionsForm(PROTOCOL), label("", "muted", wrap=True)
        self.search, self.variants = SearchBox(), VariantsBox()
        column.addWidget(self.form)
        column.addWidget(self.help)
        self.form.changed.connect(self._show)
        for part in (self.search, self.variants):
            part.changed.connect(self.changed)
        self._show()

    @property
    def name(self) -> str:
        """The protocol."""
        return str(self.form.values()["name"])

    @property
    def folded(self) -> bool:
        """Whether there is more than one split, hence an experiment."""
        return self.name != ONE_SPLIT

    def protocol(self) -> Protocol | None:
        """Return how an experiment splits; None for one split, and while the number cannot be."""
        if not self.folded or self.form.problems():
            return None
        number = NUMBER[self.name]
        return Protocol.from_json({"name": self.name, number: self.form.values()[number]})

    def experiment(self, params: Mapping[str, Any], seeds: list[int]) -> dict[str, Any] | None:
        """Return the parameters of the experiment that a recipe is; None where it is a run."""
        protocol, searching = self.protocol(), self.search.value()
        if protocol is None:
            return None
        number = NUMBER[protocol.name]
        return {
            "base": {name: value for name, value in params.items() if name in SHARED},
            "variants": self.variants.value(own_fields(params)),
            "seeds": seeds,
            "protocol": {"name": protocol.name, number: getattr(protocol, number)},
            **({} if searching is None else {"search": searching}),
        }

    def set_value(self, params: Mapping[str, Any] | None) -> None:
        """Take protocol, search and variants of an experiment; None for one split."""
        given = params or {}
        protocol = {"name": "kfold" if params is not None else ONE_SPLIT, **given.get("protocol", {})}
        self.form.fill(usual(PROTOCOL) | protocol)
        self.search.set_value(given.get("search"))
        base = own_fields(given.get("base", {}))
        self.variants.set_value({name: {**base, **fields} for name, fields in given.get("variants", {}).items()})

    def problems(self) -> dict[Any, str]:
        """Return what is wrong, by field."""
        if not self.folded:
            return {}
        return {**self.form.problems(), **self.search.problems(), **self.variants.problems()}

    def say(self, problems: Mapping[Any, str]) -> None:
        """Say it beside the fields."""
        self.form.say({name: said for name, said in problems.items() if isinstance(name, str)})
        self.search.say({name: said for name, said in problems.items() if isinstance(name, tuple)})

    def title_of(self, name: Any) -> str:
        """Return what a field is called."""
        if isinstance(name, tuple):
            return self.search.title_of(name)
        return self.form.title_of(name) if name in self.form.rows else self.variants.title_of(name)

    def _show(self) -> None:
        self.form.show_rows(["name", NUMBER.get(self.name, "")])
        self.help.setText(self._helps()[self.name])
        self.changed.emit()

    def _helps(self) -> dict[str, str]:
        return {
            ONE_SPLIT: self.tr(
                "Quick, to try things. With folds, every event is tested, recipes are compared on the same events, and "
                "fields can be chosen by search."
            ),
            "kfold": self.tr(
                "Subjects are dealt into folds, whole (else recordings, else blocks of time). Each fold is tested by a model "
                "that did not see it; the predictions together make one figure."
            ),
            "holdout": self.tr(
                "Test and validation sides are drawn anew each time. Some events are tested several times, some never."
            ),
        }
