"""Asks which model, how large, what it sees, and how it is guided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.features import REPRESENTATIONS, default_representation
from core.models import MODELS, ModelEntry
from core.options import Option, number
from core.training import DEC, HEADS, MODEL_OPTIONS, changed
from desktop.views.train.choice_box import usual
from desktop.widgets.choices import offer
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.options_form import FormRow, OptionsForm, form_grid
from desktop.widgets.parts import label

USUAL = "usual"  # the settings of a representation that fit the kind of events


def heads_of(views: tuple[str, ...]) -> dict[str, Option]:
    """Return the options of guidance for these views."""
    heads = {view: number(f"Weight of the head of {_title(view)}", HEADS.get(view, 1.0), least=0) for view in views}
    return heads | DEC


def _title(view: str) -> str:
    return REPRESENTATIONS[view].title


def presets_of(view: str) -> list[str]:
    """Return the names of the settings of a representation."""
    return list(REPRESENTATIONS[view].presets)


class ModelBox(QWidget):
    """`changed` when anything is another."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.model, self.size, self.help = ElidedComboBox(), ElidedComboBox(), label("", "muted", wrap=True)
        head = QWidget()
        grid = form_grid(head)
        FormRow(grid, 0, self.tr("Model"), self.model)
        FormRow(grid, 1, self.tr("Size"), self.size)
        self.seen = QWidget()
        seen = form_grid(self.seen)
        self.views: dict[str, ElidedComboBox] = {}
        self._rows: dict[str, FormRow] = {}
        for row, view in enumerate(dict.fromkeys(v for entry in MODELS.values() for v in entry.representations)):
            self.views[view] = ElidedComboBox()
            self.views[view].currentIndexChanged.connect(lambda _n: self.changed.emit())
            self._rows[view] = FormRow(
                seen, row, self.tr("It sees: {}").format(self.tr(_title(view))), self.views[view]
            )
            self._offer_settings(view)
        self.own = {name: OptionsForm(options) for name, options in MODEL_OPTIONS.items()}
        every = tuple(dict.fromkeys(v for entry in MODELS.values() for v in entry.representations))
        self.guidance = OptionsForm(heads_of(every))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (head, self.help, self.seen, *self.own.values(), self.guidance):
            column.addWidget(widget)
        self.model.currentIndexChanged.connect(lambda _n: self._chosen())
        self.size.currentIndexChanged.connect(lambda _n: self.changed.emit())
        for form in (*self.own.values(), self.guidance):
            form.changed.connect(self._show)
        offer(self.model, MODELS)

    def _offer_settings(self, view: str) -> None:
        box = self.views[view]
        box.addItem(self.tr("usual for these events"), USUAL)
        for preset in presets_of(view):
            box.addItem(preset.replace("_", " "), preset)
        box.setEnabled(box.count() > 1)

    @property
    def name(self) -> str:
        """The model that is chosen."""
        return str(self.model.currentData())

    @property
    def entry(self) -> ModelEntry:
        """What is registered of it."""
        return MODELS[self.name]

    @property
    def guided(self) -> bool:
        """Whether it is to be guided."""
        form = self.own.get(self.name)
        return bool(form and form.values().get("guided"))

    def value(self) -> dict[str, Any]:
        """Return the field ``model`` of the specification."""
        form = self.own.get(self.name)
        own = {} if form is None else changed(form.options, form.values())
        return {"name": self.name, "preset": self.size.currentData(), **own}

    def guiding(self) -> dict[str, Any] | None:
        """Return the field ``guidance``."""
        if not self.guided:
            return None
        values = self.guidance.values()
        heads = {view: values[view] for view in self.entry.representations}
        return {"auxiliary": heads, "dec": values["dec"], "dec_from": values["dec_from"]}

    def representation(self, *, iq: bool) -> dict[str, Any] | list[dict[str, Any]]:
        """Return the field ``representation``; `iq` says whether the events are of Doppler."""
        made = [self._setting(view, iq) for view in self.entry.representations]
        return made[0] if len(made) == 1 else made

    def _setting(self, view: str, iq: bool) -> dict[str, Any]:
        preset = self.views[view].currentData() if view in self.views else USUAL
        return default_representation(view, iq=iq) if preset == USUAL else {"name": view, "preset": preset}

    def set_value(self, spec: Mapping[str, Any]) -> None:
        """Choose the model, its guidance and what it sees as a specification has them."""
        model = spec["model"]
        self.model.setCurrentIndex(max(0, self.model.findData(model["name"])))
        self.size.setCurrentIndex(max(0, self.size.findData(model.get("preset"))))
        if (form := self.own.get(self.name)) is not None:
            form.fill(usual(form.options) | {k: v for k, v in model.items() if k in form.options})
        guidance = spec.get("guidance") or {}
        rest = {k: v for k, v in guidance.items() if k != "auxiliary"}
        self.guidance.fill(usual(self.guidance.options) | dict(guidance.get("auxiliary", {})) | rest)
        given = spec.get("representation")
        for one in given if isinstance(given, list) else [given] if given else []:
            box = self.views.get(one.get("name", "raw"))
            if box is not None:
                usual_ones = [default_representation(one.get("name", "raw"), iq=iq) for iq in (False, True)]
                box.setCurrentIndex(0 if dict(one) in usual_ones else max(0, box.findData(one.get("preset"))))

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by field."""
        own = self.own.get(self.name)
        found = {} if own is None else own.problems()
        return found | (self.guidance.problems() if self.guided else {})

    def say(self, problems: Mapping[str, str]) -> None:
        """Say it beside the fields."""
        for form in (*self.own.values(), self.guidance):
            form.say(problems)

    def title_of(self, name: str) -> str:
        """Return what a field is called."""
        own = self.own.get(self.name)
        return (own if own is not None and name in own.rows else self.guidance).title_of(name)

    def _chosen(self) -> None:
        offer(self.size, self.entry.presets)
        self.help.setText(self.tr(self.entry.help))
        self._show()

    def _show(self) -> None:
        for view, row in self._rows.items():
            row.show(view in self.entry.representations and self.views[view].count() > 1)
        for name, form in self.own.items():
            form.setVisible(name == self.name)
        self.guidance.setVisible(self.guided)
        self.guidance.show_rows((*self.entry.representations, *DEC))
        self.changed.emit()
