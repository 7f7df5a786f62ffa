"""Asks which features are to be learnt, of which events, and says before it is started what will be made."""

from __future__ import annotations

from collections import Counter
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from core.options import whole_number
from core.pretraining import (
    OBJECTIVES,
    EarlierEncoder,
    Material,
    Plan,
    earlier_encoders,
    job_parameters,
    plan_features,
)
from core.study import EventTable
from desktop.services.guard import while_alive
from desktop.services.session import Session
from desktop.views.annotate.held_out_box import HeldOutBox
from desktop.views.annotate.objective_box import RUN, ObjectiveBox
from desktop.views.annotate.window_box import WindowBox
from desktop.widgets.choices import offer
from desktop.widgets.options_form import FormRow, OptionsForm, form_grid, heading
from desktop.widgets.parts import number
from desktop.widgets.start_dialog import StartDialog

SEED = whole_number("Seed", 0, 0, help="The same seed gives the same features")
READ = "features material"  # the task that reads what the dialog has to know
SEVERAL = 2  # problems from which on they are counted


def read_material(session: Session, events: EventTable) -> tuple[Material, list[EarlierEncoder]]:
    """Open the recordings of events, and find the encoders that fit them (in a task)."""
    assert session.study is not None
    recordings = {number: session.recording(number) for number in sorted(set(events.recording.tolist()))}
    material = Material.of(events, recordings, session.recordings)
    return material, earlier_encoders(session.study, list(recordings.values()))


class FeaturesDialog(StartDialog):
    """Tells what is `wanted`: a kind of events, the parameters of the job, and its seed."""

    wanted = Signal(str, object, int)

    def __init__(self, session: Session, parent: QWidget) -> None:
        text = self.tr("Features say what each event looks like, in a few numbers. Labels play no part.")
        super().__init__(self.tr("Learn features"), text, self.tr("Learn features"), parent)
        self._session = session
        self._material: Material | None = None
        self._why_none = ""  # the error by which there is no material
        self._earlier: dict[str, EarlierEncoder] = {}
        self._ask_what()
        self.windows, self.held_out, self.seed = WindowBox(), HeldOutBox(), OptionsForm({"seed": SEED})
        for title, box in ((self.tr("Windows"), self.windows), (self.tr("Test subjects"), self.held_out)):
            self.content.addWidget(heading(title))
            self.content.addWidget(box)
        self.content.addWidget(self.seed)
        self.content.addStretch(1)
        self.kind.setFocus()
        self.kind.currentIndexChanged.connect(lambda _n: self._read())
        self.objective.currentIndexChanged.connect(lambda _n: self._objective_chosen())
        for form in (*self.boxes.values(), self.windows, self.held_out, self.seed):
            form.changed.connect(self._say)
        self._objective_chosen()
        self._read()

    def _ask_what(self) -> None:
        """Ask for events and objective."""
        self.kind, self.objective, head = QComboBox(), QComboBox(), QWidget()
        for kind, n in sorted(Counter(self._session.events.kind.tolist()).items()):
            self.kind.addItem(self.tr("{} ({} events)").format(kind, number(n)), kind)
        offer(self.objective, OBJECTIVES)
        grid = form_grid(head)
        self._kind_row = FormRow(grid, 0, self.tr("Events"), self.kind)
        FormRow(grid, 1, self.tr("Objective"), self.objective)
        self.content.addWidget(head)
        # All are made now and one is shown: the keyboard's way through is that of the eye, and what was typed is kept.
        self.boxes = {key: ObjectiveBox(entry) for key, entry in OBJECTIVES.items()}
        for box in self.boxes.values():
            self.content.addWidget(box)

    # What is chosen

    @property
    def box(self) -> ObjectiveBox:
        """The options of the objective that is chosen."""
        return self.boxes[self.objective.currentData()]

    @property
    def options(self) -> dict[str, Any]:
        """Their fields."""
        return self.box.form.fields

    def params(self) -> dict[str, Any]:
        """Return the parameters of the job."""
        return job_parameters(
            [self.kind.currentData()],
            self.objective.currentData(),
            self.box.values(),
            preset=self.box.preset.currentData(),
            window=self.windows.window_spec(),
            representation=self.windows.representation(),
            held_out=self.held_out.held_out(),
            transductive=self.held_out.is_transductive,
        )

    def _objective_chosen(self) -> None:
        for box in self.boxes.values():
            box.setVisible(box is self.box)
        self.windows.serve(raw=self.box.entry.raw, from_run=self.box.entry.from_run)
        self._say()

    def _read(self) -> None:
        """Read what there is of the kind that is chosen; until then nothing can be started."""
        self._material, self._why_none = None, ""
        events = self._session.events.take(self._session.events.kind == self.kind.currentData())
        done, failed = while_alive(self, self._take), while_alive(self, self._fail)
        self._session.tasks.submit(READ, read_material, self._session, events, done=done, failed=failed)
        self._say()

    def _take(self, read: tuple[Material, list[EarlierEncoder]]) -> None:
        self._material, earlier = read
        self._earlier = {one.run.id: one for one in earlier}
        for box in self.boxes.values():
            box.offer_runs(earlier)
        self.windows.take(self._material)
        self.held_out.take(self._material)
        self._say()

    def _fail(self, error: Exception) -> None:
        self._why_none = str(error)
        self._say()

    # What will be made

    def _say(self) -> None:
        """Say what will be made, or what is wrong, beside the field and below."""
        if self._material is None:
            self.tell("", self._why_none or self.tr("The recordings are being read…"))
            return
        box, windows, held, seed = (part.problems() for part in (self.box, self.windows, self.held_out, self.seed))
        plan = Plan()
        if not (box or windows or held or seed):
            plan = self._plan(self._material)
        self.box.form.say(plan.problems | box)
        self.windows.say(plan.problems | windows)
        self.held_out.say(plan.problems | held)
        self.seed.say(seed)
        self._kind_row.say(plan.problems.get("kinds", ""))
        said = [*self._titled(box, windows, held, seed), *plan.problems.values()]
        more = self.tr(" And {} more.").format(number(len(said) - 1)) if len(said) >= SEVERAL else ""
        self.tell("" if said else self._sentence(plan), said[0] + more if said else "")

    def _titled(self, *problems: dict[str, str]) -> list[str]:
        """Return problems of fields with what the fields are called."""
        forms = (self.box.form, self.windows.window_form, self.windows.seen, self.held_out.form, self.seed)
        rows = {name: form.rows[name] for form in reversed(forms) for name in form.rows}
        return [f"{rows[name].title.text()}: {said}." for some in problems for name, said in some.items()]

    def _plan(self, material: Material) -> Plan:
        earlier = self._earlier.get(self.box.values().get(RUN, ""))
        return plan_features(self.params(), material, self.seed.values()["seed"], earlier)

    def _sentence(self, plan: Plan) -> str:
        assert plan.window is not None
        size = (plan.n_chans, plan.window.n_times)
        parts = [
            self.tr("{} events").format(number(plan.n)),
            self.tr("window {} s").format(number(plan.window.n_times / plan.fs, 2)),
            self.tr("{} samples").format(" × ".join(map(number, size))),
        ]
        if plan.shape != size:
            parts.append(self.tr("as pictures of {}").format(" × ".join(map(number, plan.shape))))
        said = ", ".join(parts) + "; "
        said += (
            self.tr("{} features").format(number(plan.width))
            if plan.width
            else self.tr("as many features as come of them")
        )
        if plan.n_test:
            said += self.tr("; {} of the events are for testing").format(number(plan.n_test))
        epochs = self.box.values().get("epochs")
        if epochs is not None:
            said += self.tr("; at most {} passes over them, the first says how long it takes").format(number(epochs))
        return " ".join([said + ".", *plan.notes])

    def emit_wanted(self) -> None:
        self.wanted.emit(self.kind.currentData(), self.params(), self.seed.values()["seed"])
