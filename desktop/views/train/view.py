"""Train: a recipe, live curves, figures that can be believed."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QTableView, QVBoxLayout, QWidget

from core.jobs import logged_metrics
from core.study import RunEntry
from desktop.actions.registry import Action
from desktop.models.run_model import RunModel, show_runs, validation_mcc, validation_value
from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.views.train.recipe import Recipe
from desktop.widgets.charts import ConfusionTable, CurvesChart
from desktop.widgets.parts import EmptyState, badge, button, card, label, line, number
from desktop.widgets.workspace import Workspace


def figures_of_test(run: RunEntry) -> dict[str, Any] | None:
    """Return the test figures of a finished run."""
    figures: dict[str, Any] | None = run.summary.get("metrics", {}).get("test")
    return figures


# Runs are compared by validation events; test events speak of the chosen one only, or they would choose it.
COLUMNS = (
    ("Run", lambda r: r.name, lambda r: r.name),
    ("Validation MCC", validation_mcc, validation_value),
)


class TrainView(Workspace):
    """Recipe left, curves and figures in the middle, runs right."""

    id = "train"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.run: RunEntry | None = None
        self._predictions: dict[str, np.ndarray] = {}
        self.recipe, self.curves, self.confusion = Recipe(session), CurvesChart(), ConfusionTable()
        self.model = RunModel([(self.tr(title), text, key) for title, text, key in COLUMNS])
        self.set_content(self._build())
        self.recipe.start.connect(self.start)
        self.confusion.chosen.connect(self.select_cell)
        session.study_changed.connect(self._refresh)
        self.follow(session.labels_changed, self._refresh)
        self.follow(session.events_changed, self._refresh)
        self.follow(session.runs_changed, self._list_runs)
        self.follow(session.jobs.changed, self._job_changed)
        self._refresh()
        self._list_runs()

    def _build(self) -> QWidget:
        split = QSplitter()
        split.addWidget(self.recipe)
        middle = QWidget()
        middle.setMinimumWidth(350)
        layout = QVBoxLayout(middle)
        head = QHBoxLayout()
        self.name, self.simulated = line(self.tr("No run chosen"), "title"), badge(self.tr("simulated"))
        self.simulated.hide()
        self.cancel = button(
            self.tr("Stop"), self._cancel, tip=self.tr("Stops at the next checkpoint; it can be resumed")
        )
        self.resume = button(self.tr("Resume"), self._resume, primary=True)
        head.addWidget(self.name)
        head.addWidget(self.simulated)
        head.addStretch(1)
        head.addWidget(self.cancel)
        head.addWidget(self.resume)
        layout.addLayout(head)
        self.state = label("", "muted", wrap=True)
        layout.addWidget(self.state)
        layout.addWidget(self.curves, 3)
        below = QWidget()
        below.setMinimumHeight(240)
        lower = QHBoxLayout(below)
        lower.setContentsMargins(0, 0, 0, 0)
        figures, inner = card(self.tr("Test events"))
        self.mcc, self.facts = label("", "figure"), label("", "muted", wrap=True)
        inner.addWidget(self.mcc)
        self.facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        facts = QScrollArea()  # warnings must never be cut off
        facts.setWidget(self.facts)
        facts.setWidgetResizable(True)
        facts.setFrameShape(QFrame.Shape.NoFrame)
        facts.viewport().setAutoFillBackground(False)
        self.facts.setAutoFillBackground(False)
        inner.addWidget(facts, 1)
        lower.addWidget(figures, 2)
        matrix, inner = card(self.tr("Confusion"))
        inner.addWidget(label(self.tr("A cell selects its events."), "muted"))
        inner.addWidget(self.confusion)
        lower.addWidget(matrix, 3)
        layout.addWidget(below, 3)
        split.addWidget(middle)
        side = QWidget()
        right = QVBoxLayout(side)
        right.addWidget(label(self.tr("Runs"), "title"))
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Training runs"))
        show_runs(self.table, self.model)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._row_chosen())
        right.addWidget(self.table, 1)
        self.to_compress = button(self.tr("Compress this model"), self._to_compress, primary=True)
        right.addWidget(self.to_compress)
        split.addWidget(side)
        split.setSizes([310, 620, 300])
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        return split

    def remember(self) -> dict[str, Any]:
        return {"run": self.run.id} if self.run is not None else {}

    def restore(self, state: dict[str, Any]) -> None:
        study = self.session.study
        runs = study.runs("training") if study is not None else []
        self.run = next((run for run in runs if run.id == state.get("run")), None)
        self._list_runs()

    # Runs

    def _refresh(self) -> None:
        events = self.session.events
        if not (events.label != "").any():
            text = self.tr(
                "Here you train classifiers on labelled events. First, label some: on the map, or in Review."
            )
            go = lambda: self.go.emit("annotate")  # noqa: E731
            self.show_empty(
                EmptyState(self.tr("Nothing is labelled yet"), text, self.tr("Label events on the map"), go)
            )
            return
        self.show_empty(None)
        self.recipe.refresh()

    def _list_runs(self) -> None:
        if self.session.study is None:
            return
        runs = self.session.study.runs("training")
        self.model.show(runs)
        known = {run.id: run for run in runs}
        if self.run is not None and self.run.id in known:
            self.choose(known[self.run.id])
        elif runs:
            self.choose(runs[-1])
        else:
            self._buttons()

    def _row_chosen(self) -> None:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        if rows:
            self.choose(self.model.runs[min(rows)])

    def start(self, params: dict[str, Any], name: str, seed: int) -> None:
        """Start a training job."""
        job = self.session.start_job("training", name, params, seed=seed)
        if job is not None:
            self.choose(job.run)

    def _to_compress(self) -> None:
        if self.run is not None:
            self.hand_over.emit("compress", self.run.id)

    def choose(self, run: RunEntry) -> None:
        """Show a run: its curves, and its figures once there are any."""
        self.run, self._predictions = run, {}
        self.name.setText(run.name)
        job = self.session.jobs.of(run.id)
        self.curves.show_history(run.summary.get("history") or (job.history if job else []))
        if not run.summary.get("history") and run.status != "running":  # stopped: its log knows the epochs
            self.session.tasks.submit("train history", logged_metrics, run.folder, done=lambda h: self._logged(run, h))
        test = figures_of_test(run)
        data = run.summary.get("data", {})
        self.simulated.setVisible(bool(data.get("simulated")))
        self._buttons()
        if test is None:
            self.mcc.setText("–")
            ended = run.status not in ("running", "done")
            waiting = self.tr("The figures come when the run is done.")
            self.facts.setText(run.summary.get("message") or run.status if ended else waiting)
            self.confusion.setRowCount(0)
            return
        low, high = test["mcc_interval"]
        self.mcc.setText(self.tr("MCC {}").format(number(test["mcc"], 3)))
        f1 = ", ".join(f"{name} {number(test['f1'][name], 2)}" for name in test["classes"])
        split = run.summary["split"]
        sides = self.tr("{} train, {} validation, {} test").format(
            *(number(split[s]) for s in ("train", "validation", "test"))
        )
        lines = [
            self.tr("95 % interval {} to {} over {}, n = {}").format(
                number(low, 3), number(high, 3), test["interval_over"], number(test["n"])
            ),
            self.tr("F1 by class: {}").format(f1),
            self.tr("{} weights").format(number(run.summary["parameters"])),
            self.tr("Split by {}: {}").format(split["unit"], sides),
            *run.summary.get("warnings", []),
        ]
        self.facts.setText("\n".join(lines))
        self.confusion.show_counts(test["confusion"], test["classes"])
        self.session.tasks.submit(
            "train predictions", _read_predictions, run, done=lambda arrays: self._predictions_read(run, arrays)
        )

    def _logged(self, run: RunEntry, history: list[dict[str, float]]) -> None:
        if self.run is not None and self.run.id == run.id and self.session.jobs.of(run.id) is None:
            self.curves.show_history(history)

    def _predictions_read(self, run: RunEntry, arrays: dict[str, np.ndarray]) -> None:
        if self.run is not None and self.run.id == run.id:
            self._predictions = arrays

    def select_cell(self, true: int, predicted: int) -> None:
        """Select the test events of a cell of the confusion matrix."""
        arrays = self._predictions
        if arrays:
            inside = (arrays["split"] == "test") & (arrays["y_true"] == true)
            inside &= arrays["probabilities"].argmax(axis=1) == predicted
            self.session.selection.set(arrays["ids"][inside].tolist(), self)

    # Jobs

    def _job(self) -> Job | None:
        return self.session.jobs.of(self.run.id) if self.run is not None else None

    def _job_changed(self) -> None:
        job = self._job()
        if job is None:
            return
        if job.running and len(job.history) > self.curves.n_epochs:  # not at each batch: drawing takes time
            self.curves.show_history(job.history)
        self._buttons()

    def _buttons(self) -> None:
        job, run = self._job(), self.run
        running = job is not None and job.running
        self.cancel.setVisible(running)
        stopped = run is not None and run.status in ("cancelled", "failed", "interrupted")
        self.resume.setVisible(stopped and not running and self.session.writable)
        self.to_compress.setEnabled(run is not None and run.status == "done")
        if job is not None and (running or run is None or run.status != "done"):
            self.state.setText(f"{job.message} · {number(100 * job.fraction)} %" if running else job.message)
        else:
            self.state.setText("" if run is None else self._made(run))

    def _made(self, run: RunEntry) -> str:
        if run.status != "done":
            return run.status
        best, epochs, seconds = run.summary["best_epoch"], run.summary["epochs"], run.summary["seconds"]
        return self.tr("best epoch {} of {}, {} s, seed {}").format(best, epochs, number(seconds), run.seed)

    def _cancel(self) -> None:
        if (job := self._job()) is not None:
            job.cancel()

    def _resume(self) -> None:
        if self.run is not None:
            self.session.resume(self.run.id)

    def activate(self) -> None:
        self._refresh()
        self._list_runs()

    def actions_of_room(self) -> list[Action]:
        menu = self.tr("Train")
        start = self.recipe.start_button.click
        return [
            Action("train.start", self.tr("Start training"), start, menu, "Ctrl+Return"),
            Action("train.stop", self.tr("Stop the run"), self._cancel, menu, "Ctrl+."),
            Action("train.resume", self.tr("Resume the run"), self._resume, menu),
        ]


def _read_predictions(run: RunEntry) -> dict[str, np.ndarray]:
    path = run.folder / "predictions.npz"
    if not path.exists():
        return {}
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        return {name: file[name] for name in file}
