"""Train: a recipe, live curves, figures that can be believed, errors to look at, runs to compare."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSplitter, QTabWidget, QVBoxLayout, QWidget

from core.errors import JobError
from core.study import RunEntry
from desktop.actions.registry import Action
from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.views.train.actions import actions
from desktop.views.train.compare_page import ComparePage
from desktop.views.train.decision_page import DecisionPage
from desktop.views.train.errors_page import ErrorsPage
from desktop.views.train.figures_page import FiguresPage
from desktop.views.train.folds_page import FoldsPage
from desktop.views.train.looking import Looking
from desktop.views.train.overview import Overview, RunHead
from desktop.views.train.queueing import TRAINED, Queue, Waiting
from desktop.views.train.recipe import Recipe
from desktop.views.train.runs_panel import RunsPanel
from desktop.views.train.showing import Showing
from desktop.views.train.trust_page import TrustPage
from desktop.widgets.parts import EmptyState
from desktop.widgets.workspace import Workspace


class TrainView(Workspace):
    """Recipe left, the chosen run in the middle, runs right."""

    id = "train"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.showing, self.queue, self.looking = Showing(session, self), Queue(session, self), Looking(session, self)
        self.recipe, self.head, self.overview = Recipe(session), RunHead(), Overview()
        self.figures, self.decision, self.trust = FiguresPage(session), DecisionPage(session), TrustPage(session)
        self.errors, self.compare, self.runs = ErrorsPage(session), ComparePage(session), RunsPanel(self.queue)
        self.folds = FoldsPage(session)
        self.gestures = [
            (
                self.tr("Click on a cell of the confusion matrix"),
                self.tr("Select its events, and list them under Errors"),
            ),
            (self.tr("Ctrl+click, Shift+click on runs"), self.tr("Compare them")),
            (self.tr("Click on a subject"), self.tr("Select its test events")),
            (self.tr("Double click on a training under Folds"), self.tr("Open it as a run")),
        ]
        self.set_content(self._build())
        self._connect()
        self._refresh()
        self._list_runs()

    def _build(self) -> QWidget:
        self.pages = QTabWidget()
        for page, title in (
            (self.folds, self.tr("Folds")),
            (self.overview, self.tr("Run")),
            (self.figures, self.tr("Figures")),
            (self.decision, self.tr("ROC")),
            (self.errors, self.tr("Errors")),
            (self.trust, self.tr("Trust")),
            (self.compare, self.tr("Compare")),
        ):
            self.pages.addTab(page, title)
        for page in (self.folds, self.trust):  # experiments have the one, late fusion the other
            self.pages.setTabVisible(self.pages.indexOf(page), False)
        self.look = QCheckBox(self.tr("What it looked at"))
        self.look.setToolTip(
            self.tr("Colour trace and spectrogram of the selected event by what spoke for its class (L)")
        )
        self.look.setAccessibleName(self.tr("What the model looked at"))
        top = QHBoxLayout()
        top.addWidget(self.head, 1)
        top.addWidget(self.look)
        middle = QWidget()
        middle.setMinimumWidth(350)
        layout = QVBoxLayout(middle)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)
        split = QSplitter()
        for part in (self.recipe, middle, self.runs):
            split.addWidget(part)
        split.setSizes([330, 640, 260])
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        self.remember_splitters(columns=split)
        return split

    def _connect(self) -> None:
        session, showing, runs = self.session, self.showing, self.runs
        self.recipe.start.connect(self.start)
        self.recipe.start_experiment.connect(
            lambda params, name, seed: self.queue.add(Waiting(name, params, seed, kind="experiment"))
        )
        self.folds.opened.connect(showing.choose_cell)
        self.folds.variant.connect(showing.choose_variant)
        showing.opened.connect(lambda: self.pages.setCurrentWidget(self.overview))
        self.queue.begun.connect(self._begun)
        self.overview.confusion.chosen.connect(self.select_cell)
        self.figures.subject.connect(self.select_subject)
        self.look.toggled.connect(self.looking.switch)
        self.head.cancel.clicked.connect(self.stop)
        self.head.resume.clicked.connect(self.resume_run)
        showing.shown.connect(self._show)
        showing.read.connect(self._show_result)
        showing.epochs.connect(self.overview.curves.show_history)
        runs.chosen.connect(showing.choose)
        runs.compared.connect(self._compare)
        runs.reused.connect(self.recipe.use_run)
        runs.compress.connect(lambda run: self.hand_over.emit("compress", run.id))
        session.study_changed.connect(self._study_changed)
        self.follow(session.labels_changed, self._refresh)
        self.follow(session.events_changed, self._refresh)
        self.follow(session.runs_changed, self._list_runs)
        self.follow(session.jobs.changed, self._job_changed)
        session.jobs.finished.connect(self._job_ended)

    # What others ask for

    @property
    def run(self) -> RunEntry | None:
        """The run that is shown."""
        return self.showing.run

    @property
    def curves(self) -> Any:
        """Its curves."""
        return self.overview.curves

    @property
    def confusion(self) -> Any:
        """Its confusion matrix."""
        return self.overview.confusion

    @property
    def to_compress(self) -> QPushButton:
        """The button that hands it on."""
        return self.runs.to_compress

    def remember(self) -> dict[str, Any]:
        run = {"run": self.showing.listed.id} if self.showing.listed is not None else {}
        return run | ({"waiting": self.queue.remember()} if self.queue.waiting else {})

    def restore(self, state: dict[str, Any]) -> None:
        self.showing.run = next((run for run in self._trained() if run.id == state.get("run")), None)
        self.queue.restore(state.get("waiting", []))
        self._list_runs()

    def activate(self) -> None:
        self._refresh()
        self._list_runs()
        self.looking.refresh()

    def actions_of_room(self) -> list[Action]:
        return actions(self)

    def label_here(self, key: str) -> bool:
        return self.errors.confirmed(key)

    # Runs

    def _trained(self) -> list[RunEntry]:
        """Return the runs and experiments, oldest first."""
        study = self.session.study
        runs = [run for kind in TRAINED for run in study.runs(kind)] if study is not None else []
        return sorted(runs, key=lambda run: (run.created, run.id))

    def _study_changed(self) -> None:
        listed = self.showing.listed
        if listed is not None and listed.id not in [run.id for run in self._trained()]:
            self.showing.forget()
            self.folds.show_run(None)
            self.pages.setTabVisible(self.pages.indexOf(self.folds), False)
            self.compare.clear()
        self._refresh()

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
        runs, listed = self._trained(), self.showing.listed
        self.runs.show_runs(runs)
        known = {run.id: run for run in runs}
        if listed is not None and listed.id in known:
            self._take_up(known[listed.id])
        elif runs:
            self.choose(runs[-1])
        else:
            self._state()
            self.runs.show_run(None)

    def _take_up(self, run: RunEntry) -> None:
        """Show what has become of a run; of an experiment of which a training is looked at, only its page."""
        if self.showing.of_experiment:
            self.showing.experiment = run
            self.folds.show_run(run)
            self._state()
        else:
            self.choose(run)

    def start(self, params: dict[str, Any], name: str, seed: int) -> None:
        """Start a training job, or let it wait for those before it."""
        self.queue.add(Waiting(name, params, seed))

    def _begun(self, run: RunEntry) -> None:
        self.choose(run)

    def choose(self, run: RunEntry) -> None:
        """Show a run: its curves, and its figures once there are any."""
        self.showing.choose(run)

    def _show(self, run: RunEntry) -> None:
        experiment = self.showing.experiment
        self.head.name.setText(run.name)
        self.head.simulated.setVisible(bool(run.summary.get("data", {}).get("simulated")))
        self._show_pages(run)
        self.folds.show_run(experiment)
        self.overview.show_run(run)
        self.runs.show_run(run, experiment)
        self.looking.show_run(run if run.kind == "training" else None)
        self.look.setEnabled(run.status == "done" and run.kind == "training")
        self._state()

    def _show_pages(self, run: RunEntry) -> None:
        """Show the pages that a run has: of an experiment its folds, and over all of them figures and curves."""
        whole = run.kind == "experiment"
        first = not self.pages.isTabVisible(self.pages.indexOf(self.folds)) and whole
        for page, there in (
            (self.folds, self.showing.experiment is not None),
            (self.overview, not whole or run.status == "running"),
            (self.figures, not whole or run.status == "done"),
            (self.decision, not whole or run.status == "done"),
            (self.errors, not whole),
        ):
            self.pages.setTabVisible(self.pages.indexOf(page), there)
        if first:
            self.pages.setCurrentWidget(self.folds)

    def _show_result(self, result: Any) -> None:
        for page in (self.figures, self.decision, self.trust, self.errors):
            page.show_result(result)
        self.pages.setTabVisible(self.pages.indexOf(self.trust), result is not None and result.trust is not None)

    def _compare(self, runs: list[RunEntry]) -> None:
        self.compare.show_runs(runs)
        self.pages.setCurrentWidget(self.compare)

    # What is selected

    def select_cell(self, true: int, predicted: int) -> None:
        """Select the test events of a cell of the confusion matrix."""
        result = self.showing.result
        if result is not None:
            self.errors.show_cell((true, predicted))
            rows = np.sort(result.wrong("test", (true, predicted)))
            self.session.selection.set(result.ids[rows].tolist(), self)

    def select_subject(self, name: str) -> None:
        """Select the test events of a subject."""
        result = self.showing.result
        if result is not None:
            rows = result.rows("test")
            self.session.selection.set(np.unique(result.ids[rows[result.subject[rows] == name]]).tolist(), self)

    def show_page(self, n: int) -> None:
        """Show one of the pages of the run."""
        if self.pages.isTabVisible(n):
            self.pages.setCurrentIndex(n)

    def review_errors(self) -> None:
        """Go to the errors and look at the first."""
        self.pages.setCurrentWidget(self.errors)
        self.errors.begin()

    # Jobs

    def _job_changed(self) -> None:
        job = self.showing.job
        if job is None:
            return
        if job.running and (epochs := self.showing.new_epochs(job)) is not None:
            self.curves.show_history(epochs)
        if job.running and self.showing.experiment is not None:
            self.folds.show_job(job)
        self._state()

    def _job_ended(self, job: Job) -> None:
        """Say what a run failed at: nobody looks for it in a log."""
        if job.run.kind in TRAINED and job.status == "failed":
            what = self.tr("“{}” failed: {}").format(job.run.name, job.error or job.message)
            self.session.failed.emit(JobError(what, kept=self.tr("Everything else is as it was")))

    def _state(self) -> None:
        experiment = self.showing.experiment
        run = self.run if experiment is None or experiment.status == "done" else experiment
        variant = self.showing.variant
        note = self.tr("Figures and ROC are of “{}”").format(variant) if variant else ""
        self.head.show_state(run, self.showing.job, writable=self.session.writable, note=note)

    def stop(self) -> None:
        """Stop the run at its next checkpoint."""
        if (job := self.showing.job) is not None:
            job.cancel()

    def resume_run(self) -> None:
        """Let a run that was stopped go on, after those that wait."""
        run = self.showing.listed
        if run is not None and self.head.resume.isVisibleTo(self):
            self.queue.add(Waiting(run.name, run.params, run.seed, run.id, run.kind))
