"""Making features and maps: what the room asks for before it can show one, and the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import JobError
from core.pretraining import OBJECTIVES
from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.views.annotate.features_dialog import FeaturesDialog
from desktop.views.annotate.maps_dialog import MapsDialog
from desktop.widgets.parts import EmptyState

if TYPE_CHECKING:
    from desktop.views.annotate.view import AnnotateView


class Making:
    """Asks how features and maps are to be made, and starts their jobs."""

    def __init__(self, session: Session, room: AnnotateView) -> None:
        self._session, self._room = session, room
        session.jobs.finished.connect(self._job_ended)

    def _job_ended(self, job: Job) -> None:
        """Say what a job of this room failed at, or what should be known of what it made: nobody looks for it in a log."""
        study = self._session.study
        runs = study.runs(job.run.kind) if study is not None and job.run.kind in ("features", "projection") else []
        run = next((run for run in runs if run.id == job.run.id), None)
        if run is None:
            return
        if job.status == "failed":
            what = self._room.tr("“{}” failed: {}").format(run.name, job.error or job.message)
            self._session.failed.emit(JobError(what, kept=self._room.tr("Everything else is as it was")))
        failed = [f"{one['params']['method']}: {one['failed']}" for one in run.summary.get("failed", [])]
        notes = [*run.summary.get("warnings", []), *failed]
        if job.status == "done" and notes:
            self._session.noted.emit(f"{run.name}: {' '.join(notes)}")

    def missing(self, features: bool) -> EmptyState:
        """Return what the room shows while there is no map: the one next step."""
        tr, session = self._room.tr, self._session
        what = tr("Here you label events on a map where similar ones lie together, and let labels spread over it.")
        running = {job.run.kind for job in session.jobs.running}
        if not len(session.events):
            title, step = tr("No events yet"), tr("First, the study needs events.")
            button, run = tr("Find events in Review"), lambda: self._room.go.emit("review")
        elif not features:
            title, button, run = tr("No features yet"), tr("Learn features…"), self.learn
            waiting = tr("Features are being learnt; see the jobs.")
            step = waiting if "features" in running else tr("First, learn features.")
        else:
            title, button, run = tr("No map yet"), tr("Make maps…"), self.project
            waiting = tr("Maps are being made; see the jobs. The first is shown as soon as it is there.")
            step = waiting if "projection" in running else tr("Features are there; now make maps of them.")
        return EmptyState(title, f"{what} {step}", button, run)

    def learn(self) -> None:
        """Ask which features are to be learnt of which events."""
        if len(self._session.events):
            dialog = FeaturesDialog(self._session, self._room)
            dialog.wanted.connect(self.start_features)
            dialog.open()

    def start_features(self, kind: str, params: dict[str, Any] | None = None, seed: int = 0) -> None:
        """Start the job that learns features of a kind of events."""
        params = params or {"kinds": [kind], "objective": "autoencoder", "n_latent": 16, "epochs": 12}
        entry = OBJECTIVES[params["objective"]]
        name, run = self._room.tr("{} of {}").format(entry.title, kind), params.get("run") if entry.from_run else None
        self._session.start_job("features", name, params, parent=run, seed=seed)

    def project(self) -> None:
        """Ask which maps are to be made of the chosen feature space."""
        if self._room.choosing.features():
            dialog = MapsDialog(self._session, self._room.choosing.features(), self._chosen(), self._room)
            dialog.wanted.connect(self.start_maps)
            dialog.open()

    def _chosen(self) -> str:
        return str(self._room.strip.features.currentData() or self._room.choosing.features()[-1].id)

    def start_maps(self, features: str = "", params: dict[str, Any] | None = None, seed: int = 0) -> None:
        """Start the job that makes maps of a feature space."""
        features = features or self._chosen()
        run = next(run for run in self._room.choosing.features() if run.id == features)
        params = params or {"perplexities": [30, 100], "exaggerations": [12], "iterations": 400}
        name = self._room.tr("maps of {}").format(run.name)
        self._session.start_job("projection", name, {"features": run.id, **params}, parent=run.id, seed=seed)
