"""Which run and which of its maps is shown; maps of a run that is being made appear as they come."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from core.projection import ProjectionSet
from core.study import RunEntry, Study
from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.views.annotate import data


class Choosing(QObject):
    """Signals: `listed` when there are other runs; `shown` when another map is to be seen; `forgotten` with another study."""

    listed = Signal()
    shown = Signal()
    forgotten = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._study: Study | None = None
        self._newest = ""
        self.run_id: str | None = None
        self.maps: ProjectionSet | None = None
        self.maps_of = ""  # the run that `maps` are of; another than `run_id` while that is being read
        self.which = 0
        self._best = 0  # as the run says; another may be the best by the labels as they are now
        session.jobs.added.connect(self._watch)

    @property
    def map(self) -> data.Shown | None:
        """The map that is shown."""
        if self.maps is None:
            return None
        return data.Shown(self.maps_of, self.which, self.maps.ids, self.maps.maps[self.which])

    def features(self) -> list[RunEntry]:
        """Return the finished feature spaces, oldest first."""
        study = self._session.study
        return [run for run in study.runs("features") if run.status == "done"] if study is not None else []

    def projections(self) -> list[RunEntry]:
        """Return the runs that have a map: those that are done, and those of which the first map is there."""
        study = self._session.study
        runs = study.runs("projection") if study is not None else []
        return [run for run in runs if run.status == "done" or any(run.folder.glob("map_*.json"))]

    def take_up_study(self) -> None:
        """Forget the maps of another study: their ids mean other events here."""
        if self._session.study is not self._study:
            self._study = self._session.study
            self.run_id, self.maps, self.maps_of, self._newest, self.which = None, None, "", "", 0
            self.forgotten.emit()

    def refresh(self) -> None:
        """Show the newest run, if it is new."""
        runs = [run.id for run in self.projections()]
        if runs and (self.run_id not in runs or runs[-1] != self._newest):
            self._newest = runs[-1]
            self.choose_run(runs[-1])
        self.listed.emit()

    def restore(self, state: dict[str, Any]) -> None:
        """Show the map that was shown when the study was open last."""
        self.take_up_study()
        runs = [run.id for run in self.projections()]
        if state.get("run") in runs:
            self._newest = runs[-1]
            self.choose_run(state["run"], state.get("map"))
            self.listed.emit()

    def choose_run(self, run_id: str, which: int | None = None) -> None:
        """Show the maps of a projection run, one of them large; by default the best."""
        study = self._session.study
        assert study is not None
        self.run_id = run_id
        self._session.tasks.submit(
            "annotate maps", data.read_maps, study.run(run_id),
            done=lambda maps: self._read(maps, run_id, which), failed=self._session.failed.emit,
        )  # fmt: skip

    def choose_map(self, which: int) -> None:
        """Show one of the maps."""
        if self.maps is not None:
            self.which = which
            self.shown.emit()

    def rank(self, maps: ProjectionSet) -> None:
        """Take the same maps with other scores; the one that is shown stays."""
        self.maps = maps

    def _read(self, maps: ProjectionSet, run_id: str, which: int | None) -> None:
        self.maps, self.maps_of, self._best = maps, run_id, maps.best
        there = isinstance(which, int) and 0 <= which < len(maps.maps)
        self.choose_map(which if there else maps.best)
        self.listed.emit()

    def _watch(self, job: Job) -> None:
        if job.run.kind == "projection":
            job.metrics.connect(lambda _step, _values: self._map_came(job.run.id))

    def _map_came(self, run_id: str) -> None:
        """A run has one map more: who looks at its best map goes on doing so."""
        maps = self.maps if self.maps_of == run_id else None
        if maps is None:
            self.refresh()
        else:
            stay = None if self.which == self._best else self.which
            self.choose_run(run_id, stay)
