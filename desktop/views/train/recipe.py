"""The recipe of a training run: in words, every choice below them, and before Start what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QListWidget, QScrollArea, QToolButton, QVBoxLayout, QWidget

from core.errors import HitscopeError
from core.study import RunEntry
from core.training import (
    COMPUTING,
    LEARNING,
    LOSSES,
    OPTIMISING,
    RECIPES,
    SCHEDULES,
    SEEDS,
    SIDES,
    TARGETS,
    ExperimentSpec,
    TrainingSpec,
    best_unit,
    changed,
)
from desktop.services.session import Session
from desktop.views.train.augment_box import AugmentBox
from desktop.views.train.choice_box import ChoiceBox, usual
from desktop.views.train.data_box import DataBox
from desktop.views.train.guard import GuardBox
from desktop.views.train.model_box import ModelBox
from desktop.views.train.validation_box import ValidationBox, own_fields
from desktop.views.train.words import (
    name_of,
    name_of_experiment,
    run_in_words,
    splits_in_words,
    trainings_in_words,
)
from desktop.widgets.choices import offer
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.options_form import OptionsForm, heading
from desktop.widgets.parts import button, give_role, label, number

LEAST_PX = 310


class Recipe(QWidget):
    """What a run is to do; `start(params, name, seed)` asks for one run, so several seeds ask several times.

    With folds it is an experiment: `start_experiment(params, name, seed)` asks for all of it once.
    """

    start = Signal(object, str, int)
    start_experiment = Signal(object, str, int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._quiet = True
        self.setMinimumWidth(LEAST_PX)
        self._make_parts()
        self._lay_out()
        for part in self._parts:
            part.changed.connect(self._changed)
        self.guard_box.changed.connect(self._say)
        self.guard_box.usual.connect(self._take_window)
        self.model_box.changed.connect(self._serve_model)
        self.validation.variants.kept.connect(lambda: self.validation.variants.add(own_fields(self.params())))
        self.validation.variants.used.connect(self._use_variant)
        self.preset.activated.connect(lambda _n: self.use_recipe(self.preset.currentData()))
        self.use_recipe(next(iter(RECIPES)))
        self._quiet = False
        self._show_folded()

    def _serve_model(self) -> None:
        self.augment.serve(self.model_box.entry.representations)
        self.validation.search.serve(self.model_box.name)

    def _make_parts(self) -> None:
        self.preset, self.words, self.help = ElidedComboBox(), label("", wrap=True), label("", "muted", wrap=True)
        self.preset.setAccessibleName(self.tr("Recipe to begin from"))
        offer(self.preset, RECIPES)
        self.data, self.model_box, self.augment = DataBox(self._session), ModelBox(), AugmentBox()
        self.validation = ValidationBox()
        self.loss_box = ChoiceBox(self.tr("Loss"), LOSSES)
        self.schedule = ChoiceBox(self.tr("Learning rate over time"), SCHEDULES)
        self.forms = {
            "learning": OptionsForm(LEARNING),
            "seeds": OptionsForm(SEEDS),
            "targets": OptionsForm(TARGETS),
            "optimising": OptionsForm(OPTIMISING),
            "computing": OptionsForm(COMPUTING),
        }
        self.guard, self.guard_box = label("", "muted", wrap=True), GuardBox(self._session)
        self.why, self.trainings = label("", "problem", wrap=True), label("", "muted", wrap=True)
        self.trainings.setAccessibleName(self.tr("How many trainings it will be"))
        self.start_button = button(self.tr("Start training"), self._start, primary=True)
        self._parts = (
            self.data, self.validation, self.model_box, self.loss_box, self.augment, self.schedule, *self.forms.values(),
        )  # fmt: skip

    def _lay_out(self) -> None:
        inside, scroll = QWidget(), QScrollArea()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 8, 10, 8)
        column.setSpacing(6)
        column.addWidget(label(self.tr("Recipe"), "title"))
        for widget in (self.preset, self.help, self.words):
            column.addWidget(widget)
        self.more = QToolButton(text=self.tr("More"), checkable=True, autoRaise=True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setToolTip(
            self.tr("Windows, labels, optimiser, schedule, device: as usual, unless you say otherwise")
        )
        self.rest = QWidget()
        for title, widget in (
            (self.tr("Data"), self.data),
            (self.tr("Sides"), self.data.sides),
            (self.tr("Validation"), self.validation),
            ("", self.forms["seeds"]),
            (self.tr("Model"), self.model_box),
            (self.tr("Learning"), self.loss_box),
            ("", self.forms["learning"]),
            (self.tr("Variation of training events"), self.augment),
        ):
            if title:
                column.addWidget(heading(title))
            column.addWidget(widget)
        self.folded, inner = QWidget(), QVBoxLayout()
        inner.setContentsMargins(0, 0, 0, 0)
        self.folded.setLayout(inner)
        for title, part in (
            (self.tr("Search"), self.validation.search),
            (self.tr("Variants"), self.validation.variants),
        ):
            inner.addWidget(heading(title))
            inner.addWidget(part)
        column.addWidget(self.folded)
        below = QVBoxLayout(self.rest)
        below.setContentsMargins(0, 0, 0, 0)
        for title, widget in (
            (self.tr("Labels"), self.forms["targets"]),
            (self.tr("Windows"), self.data.window_form),
            (self.tr("Steps"), self.forms["optimising"]),
            ("", self.schedule),
            (self.tr("Computing"), self.forms["computing"]),
        ):
            if title:
                below.addWidget(heading(title))
            below.addWidget(widget)
        column.addWidget(self.more)
        column.addWidget(self.rest)
        column.addStretch(1)
        self.more.toggled.connect(self._fold)
        self._fold(False)
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self._ending())

    def _ending(self) -> QWidget:
        """Return what stays in sight: what the split is, what leaks, what is wrong, Start."""
        said, ending, scroll = QWidget(), QWidget(), QScrollArea()
        inside = QVBoxLayout(said)
        inside.setContentsMargins(0, 0, 6, 0)
        for widget in (self.guard, self.guard_box):
            inside.addWidget(widget)
        inside.addStretch(1)
        scroll.setWidget(said)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFixedHeight(158)
        column = QVBoxLayout(ending)
        column.setContentsMargins(12, 4, 10, 8)
        for widget in (scroll, self.guard_box.accept, self.why, self.trainings, self.start_button):
            column.addWidget(widget)
        return ending

    def _fold(self, out: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if out else Qt.ArrowType.RightArrow)
        self.rest.setVisible(out)

    # What others ask for

    @property
    def kind(self) -> QComboBox:
        """Which kind of events."""
        return self.data.kind

    @property
    def classes(self) -> QListWidget:
        """Which classes."""
        return self.data.classes

    @property
    def model(self) -> QComboBox:
        """Which model."""
        return self.model_box.model

    @property
    def size(self) -> QComboBox:
        """Which of its presets."""
        return self.model_box.size

    @property
    def loss(self) -> QComboBox:
        """Which loss."""
        return self.loss_box.box

    @property
    def chosen_classes(self) -> list[str]:
        """The ticked classes."""
        return self.data.chosen_classes

    @property
    def seed(self) -> int:
        """The first seed."""
        return int(self.forms["seeds"].values()["seed"])

    def field(self, name: str) -> QAbstractSpinBox:
        """Return the field of an option, by its name in the specification."""
        return next(form.fields[name] for form in self.forms.values() if name in form.fields)

    def refresh(self) -> None:
        """Take the kinds and classes of the study, keeping what was chosen."""
        self._quiet = True
        self.data.refresh()
        self._quiet = False
        self._changed()

    # Filling in

    def use_recipe(self, key: str) -> None:
        """Begin from one of the recipes: everything but the data becomes as it says."""
        self.preset.setCurrentIndex(max(0, self.preset.findData(key)))
        self.help.setText(self.tr(RECIPES[key].help))
        self._fill(RECIPES[key].fields)

    def use_run(self, run: RunEntry) -> None:
        """Fill in what a run or an experiment was made with, data and seed included."""
        params, seeds, experiment = run.params, [run.seed], None
        if run.kind == "experiment":
            wanted = ExperimentSpec.from_json(run.params)
            params, seeds, experiment = wanted.base | next(iter(wanted.variants.values())), wanted.seeds, run.params
        self._quiet = True
        self.data.set_value(params)
        self.forms["seeds"].fill({"seed": run.seed, "n_seeds": len(seeds)})
        self.validation.set_value(experiment)
        self._quiet = False
        self._fill({"model": {"name": self.model.itemData(0)}, **params})
        self.help.setText(self.tr("As in “{}”").format(run.name))

    def _use_variant(self, fields: Mapping[str, Any]) -> None:
        self._fill(fields)
        self.help.setText(self.tr("As the variant “{}”").format(self.validation.variants.name_of(dict(fields))))

    def _fill(self, fields: Mapping[str, Any]) -> None:
        before, self._quiet = self._quiet, True
        self.model_box.set_value(fields)
        self.loss_box.set_value(fields.get("loss", {"name": next(iter(LOSSES))}))
        rate = {"name": fields.get("schedule", next(iter(SCHEDULES))), **fields.get("schedule_options", {})}
        self.schedule.set_value(rate)
        self._serve_model()
        self.augment.set_value(fields.get("augment", []))
        for name, form in self.forms.items():
            if name != "seeds":
                form.fill(usual(form.options) | {k: v for k, v in fields.items() if k in form.options})
        self._quiet = before
        self._changed()

    def _take_window(self, window: Any, channels: Any) -> None:
        self._quiet = True
        self.data.take_window(window, channels)
        self._quiet = False

    def params(self) -> dict[str, Any]:
        """Return the parameters of the training job; what is as usual is left out."""
        schedule = self.schedule.value()
        given = {
            "guidance": self.model_box.guiding(),
            "augment": self.augment.value(),
            "schedule": schedule.pop("name") if schedule["name"] != next(iter(SCHEDULES)) else None,
            "schedule_options": {k: v for k, v in schedule.items() if k != "name"},
            "accept_leaks": self.guard_box.accepted and bool(self.guard_box.review),
        }
        learnt = {
            k: v for name, form in self.forms.items() if name != "seeds" for k, v in self._changed_of(form).items()
        }
        return {
            **self.data.value(),
            "representation": self.model_box.representation(iq=self.data.iq),
            "model": self.model_box.value(),
            "loss": self.loss_box.value(),
            **learnt,
            **{name: value for name, value in given.items() if value},
        }

    @property
    def seeds(self) -> list[int]:
        """The seeds, one after the other."""
        values = self.forms["seeds"].values()
        return list(range(values["seed"], values["seed"] + values["n_seeds"]))

    def experiment(self) -> dict[str, Any] | None:
        """Return the parameters of the experiment job; None where one split, hence a run, is meant."""
        return self.validation.experiment(self.params(), self.seeds)

    @staticmethod
    def _changed_of(form: OptionsForm) -> dict[str, Any]:
        return changed(form.options, form.values())

    # Before the start

    def _changed(self) -> None:
        if not self._quiet:
            self._show_folded()
            self._say_of_sides()
            self._look()
            self._say()

    def _show_folded(self) -> None:
        """Show what is asked for of an experiment, where one is meant; folds leave no share of the test to ask for."""
        folded = self.validation.folded
        self.folded.setVisible(folded)
        self.data.sides.show_rows([name for name in SIDES if name != "test" or self.validation.name != "kfold"])
        self.start_button.setText(self.tr("Start the experiment") if folded else self.tr("Start training"))

    def _look(self) -> None:
        """Look at the split, where there can be one."""
        wrong = self.data.problems() or self.forms["seeds"].problems() or self.validation.form.problems()
        if wrong or self._session.study is None:
            self.guard_box.forget()
            return
        self.guard_box.look(self.data.value(), self.seed, self.data.events(), self.validation.protocol())

    def _say_of_sides(self) -> None:
        """Say at once how the sides will be kept apart, and what cannot score."""
        events = self.data.events()
        recordings = set(events.recording.tolist())
        entries = [r for r in self._session.recordings if r.id in recordings]
        subjects = [r.subject or "" for r in entries]
        unit = best_unit(subjects, [r.id for r in entries])
        asked = self.data.sides.values()["split_by"]
        unit = unit if asked == "auto" else asked
        if unit == "subject":
            how = self.tr("Split by subject: {} subjects, nobody on two sides.").format(len(set(subjects)))
        elif unit == "recording":
            how = self.tr("Split by recording: not all subjects are known, so one person may be on both sides.")
        else:
            n = len(recordings)
            where = self.tr("one recording") if n == 1 else self.tr("{} recordings").format(number(n))
            how = self.tr("Split by blocks of time within {}: the figures will say little about new patients.").format(
                where
            )
        propagated = int((events.label_source == "propagated").sum())
        if propagated:
            how += " " + self.tr("{} propagated labels train the model but never score it.").format(number(propagated))
        if any(r.simulated for r in entries):
            how += " " + self.tr("Some recordings are simulated.")
        self.guard.setText(how)

    def problem(self) -> str:
        """Return why nothing can be started; empty if nothing speaks against it."""
        if not self._session.writable:
            return self.tr("The study is open read-only: nothing can be started.")
        if wrong := self._wrong():
            return wrong
        if self.guard_box.pending:
            return self.tr("The split is being looked at…")
        if said := self.guard_box.problem():
            return said
        try:
            TrainingSpec.from_json(self.params())
            if (wanted := self.experiment()) is not None:
                ExperimentSpec.from_json(wanted)
        except HitscopeError as error:
            return str(error)
        return ""

    def _wrong(self) -> str:
        """Mark the fields with what is wrong; return the first in words."""
        found: list[str] = []
        for part in self._parts:
            problems = part.problems()
            part.say(problems)
            found += [f"{part.title_of(name)}: {said}." for name, said in problems.items()]
        return found[0] if found else ""

    def _say(self) -> None:
        if self._quiet:
            return
        problem = self.problem()
        waiting = self.guard_box.pending
        give_role(self.why, "muted" if waiting else "problem")
        self.why.setText(problem)
        self.why.setVisible(bool(problem))
        self.start_button.setEnabled(not problem)
        self.start_button.setToolTip(
            problem or self.tr("Ctrl+Return; while another run is at work, this one waits for it")
        )
        self.start_button.setAccessibleDescription(problem)
        if not self._wrong() and self.kind.count():
            self._say_in_words()

    def _say_in_words(self) -> None:
        params, wanted = self.params(), self.experiment()
        tested = splits_in_words(self.validation.protocol(), self.seeds)
        self.words.setText(run_in_words(params, self.data.events(), tested))
        self.validation.variants.tell(own_fields(params))
        self.trainings.setVisible(wanted is not None)
        if wanted is not None:
            with suppress(HitscopeError):  # it is said above
                self.trainings.setText(trainings_in_words(ExperimentSpec.from_json(wanted)))

    def _start(self) -> None:
        if self.problem():
            return
        params, wanted = self.params(), self.experiment()
        if wanted is not None:
            name = name_of_experiment(ExperimentSpec.from_json(wanted))
            self.start_experiment.emit(wanted, name, self.seed)
            return
        for seed in self.seeds:
            self.start.emit(params, name_of(params), seed)
