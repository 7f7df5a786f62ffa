"""Annotate: label events on a map of learnt features, and propagate labels where the map can be trusted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QPushButton, QVBoxLayout, QWidget

from core.annotation import TradeOff
from core.projection import ProjectionSet
from core.study import UNSURE, RunEntry, Study
from desktop.actions.registry import Action
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.annotate import data
from desktop.views.annotate.strips import ClassesStrip, MapsStrip, PropagationBar
from desktop.widgets.map import MapCanvas, Mark, MiniMap, class_codes, class_palette, join, value_codes, value_palette
from desktop.widgets.parts import EmptyState, badge, line, number
from desktop.widgets.workspace import Workspace


class AnnotateView(Workspace):
    """The map fills the room; maps left, classes right, propagation below."""

    id = "annotate"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._study: Study | None = None
        self.run_id: str | None = None
        self.maps: ProjectionSet | None = None
        self.which = 0
        self.proposal: data.Preview | None = None
        self._stale = False  # the proposal was made from other labels, K or τ than the present ones
        self._wanted = False  # somebody asked for a preview and has not put it away
        self._maps_of = ""
        self._predicted: dict[int, str] = {}
        self._model = ""  # the run whose predictions they are
        self.strip, self.classes, self.bar = MapsStrip(), ClassesStrip(), PropagationBar()
        self.canvas = MapCanvas(session.tasks)
        self.minimap = MiniMap(self.canvas)
        self.gestures = [
            (self.tr("Drag, wheel"), self.tr("Move the map, zoom")),
            (self.tr("Click"), self.tr("Select an event")),
            (self.tr("Lasso drag"), self.tr("Select the events inside")),
            (
                self.tr("Shift or Alt+lasso"),
                self.tr("Add them to the selection, or take them away; both: keep only them"),
            ),
        ]
        self.set_content(self._build())
        self.strip.run_chosen.connect(self.choose_run)
        self.strip.map_chosen.connect(self.choose_map)
        self.strip.colour_chosen.connect(lambda _name: self._recolour())
        self.strip.learn.connect(self.learn_features)
        self.strip.project.connect(self.make_maps)
        self.classes.chosen.connect(self._label)
        self.classes.add.connect(lambda: self._do("edit.add_class"))
        self.bar.moved.connect(self._mark_stale)
        self.bar.changed.connect(self._sliders_moved)
        self.bar.preview.connect(self.preview)
        self.bar.accept.connect(self.accept)
        self.bar.discard.connect(self.discard)
        self.canvas.selected.connect(self._select)
        self.canvas.hovered.connect(self._hover)
        session.selection.changed.connect(lambda ids, _origin: self._show_selection(ids))
        session.labels_changed.connect(lambda _ids: self._data_changed())
        session.events_changed.connect(lambda _ids: self._data_changed())
        theme.changed.connect(self._theme_changed)
        session.runs_changed.connect(self._runs_changed)
        session.study_changed.connect(self._runs_changed)
        self._runs_changed()  # takes up the study first

    def _build(self) -> QWidget:
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.strip)
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 8, 0, 8)
        head = QHBoxLayout()
        self.caption, self.simulated, self.pointer = line("", "title"), badge(self.tr("simulated")), line("", "muted")
        self.lasso = QPushButton(self.tr("Lasso (L)"))
        self.lasso.setCheckable(True)
        self.lasso.setToolTip(self.tr("Draw round events to select them; Shift adds, Alt takes away (L)"))
        self.lasso.toggled.connect(self._lasso_toggled)
        for widget in (self.caption, self.simulated):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.pointer)
        head.addWidget(self.lasso)
        middle.addLayout(head)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.bar)
        row.addLayout(middle, 1)
        row.addWidget(self.classes)
        return content

    def remember(self) -> dict[str, Any]:
        return {"run": self.run_id, "map": self.which} if self.run_id is not None else {}

    def restore(self, state: dict[str, Any]) -> None:
        self._take_up_study()
        runs = self._runs("projection")
        if state.get("run") in [run.id for run in runs]:
            self._newest = runs[-1].id
            self.choose_run(state["run"], state.get("map"))
            self.strip.show_runs(self._runs("features"), runs, self.run_id)

    # Runs and maps

    def _runs(self, kind: str) -> list[RunEntry]:
        study = self.session.study
        return [run for run in study.runs(kind) if run.status == "done"] if study is not None else []

    def _take_up_study(self) -> None:
        """Forget maps, predictions and proposal of another study: their ids mean other events here."""
        if self.session.study is self._study:
            return
        self._study = self.session.study
        self.run_id, self.maps, self._maps_of, self._newest, self.which = None, None, "", "", 0
        self._predicted, self._model = {}, ""
        self.bar.resting.stop()
        self.discard()
        self.bar.show_curve([])
        self.canvas.show_points(np.empty(0, np.int64), np.empty((0, 2)))
        self.strip.clear()
        self.caption.setText("")
        self.pointer.setText("")
        self.simulated.hide()

    def _runs_changed(self) -> None:
        self._take_up_study()
        if self.session.study is None:
            return
        self._read_predictions()
        features, projections = self._runs("features"), self._runs("projection")
        known = [run.id for run in projections]
        if not projections:
            self._show_missing(features)
            return
        self.show_empty(None)
        if self.run_id not in known or known[-1] != self._newest:
            self._newest = known[-1]
            self.choose_run(known[-1])
        self.strip.show_runs(features, projections, self.run_id)

    _newest = ""

    def _show_missing(self, features: list[RunEntry]) -> None:
        what = self.tr("Here you label events on a map where similar ones lie together, and let labels spread over it.")
        running = {job.run.kind for job in self.session.jobs.running}
        if not len(self.session.events):
            title, step = self.tr("No events yet"), self.tr("First, the study needs events.")
            button, run = self.tr("Find events in Review"), lambda: self.go.emit("review")
        elif not features:
            title, button, run = self.tr("No features yet"), self.tr("Learn features…"), self.learn_features
            waiting = self.tr("Features are being learnt; see the jobs.")
            step = waiting if "features" in running else self.tr("First, learn features.")
        else:
            title, button, run = self.tr("No map yet"), self.tr("Make maps"), self.make_maps
            waiting = self.tr("Maps are being made; see the jobs.")
            step = waiting if "projection" in running else self.tr("Features are there; now make maps of them.")
        self.show_empty(EmptyState(title, f"{what} {step}", button, run))

    def learn_features(self) -> None:
        """Learn features of one kind of events by an autoencoder, in a job."""
        kinds = sorted(set(self.session.events.kind.tolist()))
        if not kinds:
            return
        kind = kinds[0]
        if len(kinds) > 1:
            title, question = self.tr("Learn features"), self.tr("Of which events?")
            counts = Counter(self.session.events.kind.tolist())
            names = [f"{k} ({number(counts[k])})" for k in kinds]
            chosen, good = QInputDialog.getItem(self, title, question, names, 0, False)
            if not good:
                return
            kind = kinds[names.index(chosen)]
        self.start_features(kind)

    def start_features(self, kind: str) -> None:
        """Start the job that learns features of a kind of events."""
        params = {"kinds": [kind], "objective": "autoencoder", "n_latent": 16, "epochs": 12}
        self.session.start_job("features", self.tr("autoencoder of {}").format(kind), params)

    def make_maps(self) -> None:
        """Make a grid of maps of the chosen feature space, in a job."""
        features = self._runs("features")
        if features:
            chosen = self.strip.features.currentData() or features[-1].id
            run = next(run for run in features if run.id == chosen)
            params = {"features": run.id, "perplexities": [30, 100], "exaggerations": [12], "iterations": 400}
            self.session.start_job("projection", self.tr("maps of {}").format(run.name), params, parent=run.id)

    def choose_run(self, run_id: str, which: int | None = None) -> None:
        """Show the maps of a projection run, one of them large; by default the best."""
        study = self.session.study
        assert study is not None
        self.run_id = run_id
        run = study.run(run_id)
        failed = self.session.failed.emit
        self.session.tasks.submit(
            "annotate maps", data.read_maps, run, done=lambda m: self._show_maps(m, run_id, which), failed=failed
        )

    def _read_predictions(self) -> None:
        """Read what the newest model says, if it is another than before."""
        study = self.session.study
        assert study is not None
        runs = data.models_by_age(study.runs("training") + study.runs("compression"))
        newest = runs[0].id if runs else ""
        if newest != self._model:
            self._model, done, failed = newest, self._predictions_read, self._no_predictions
            self.session.tasks.submit("annotate predictions", data.read_predictions, runs, done=done, failed=failed)

    def _no_predictions(self, error: Exception) -> None:
        self._predictions_read({})
        self.session.failed.emit(error)

    def _predictions_read(self, predicted: dict[int, str]) -> None:
        self._predicted = predicted
        self._recolour()

    def _show_maps(self, maps: ProjectionSet, run_id: str, which: int | None) -> None:
        self.maps, self._maps_of = maps, run_id
        self.strip.show_maps(maps, self._label_codes(), class_palette())
        there = isinstance(which, int) and 0 <= which < len(maps.maps)
        self.choose_map(which if there else maps.best)

    def choose_map(self, which: int) -> None:
        """Show one of the maps."""
        if self.maps is None:
            return
        self.which = which
        made = self.maps.maps[which]
        self.canvas.show_points(self.maps.ids, made.points)  # first: colours are of as many points
        self.discard()
        score = "" if made.silhouette is None else self.tr(", silhouette {}").format(number(made.silhouette, 2))
        self.caption.setText(
            self.tr("{} map of {} events{}").format(made.params["method"], number(len(self.maps.ids)), score)
        )
        self._labels_changed()

    # Colours and counts

    def _theme_changed(self) -> None:
        if self.maps is not None:
            self.strip.show_maps(self.maps, self._label_codes(), class_palette())
            self._labels_changed()

    def _events_on_map(self):
        events = self.session.events
        assert self.maps is not None
        there = np.isin(self.maps.ids, events.id)
        return events.take(events.row_of(self.maps.ids[there])), there

    def _labels(self) -> np.ndarray:
        """The label of each point, an object array of str."""
        events, there = self._events_on_map()
        labels = np.full(len(there), "", object)
        labels[there] = events.label
        return labels

    def _label_codes(self) -> np.ndarray:
        return class_codes(self._labels(), self._positions())

    def _codes(self) -> tuple[np.ndarray, np.ndarray]:
        """A colour code for each point, and the palette they are of."""
        assert self.maps is not None
        by = self.strip.colour.currentData()
        if by == "local quality":
            return value_codes(self.maps.maps[self.which].quality), value_palette()
        if by in ("recording", "kind"):
            events, there = self._events_on_map()
            values = np.full(len(there), "", object)
            values[there] = getattr(events, by).astype(str)
            names = sorted(set(values[there].tolist()))
            return class_codes(values, {name: place for place, name in enumerate(names, 1)}), class_palette()
        if by == "prediction":
            keys = np.array([self._predicted.get(event, "") for event in self.maps.ids.tolist()], object)
            return class_codes(keys, self._positions()), class_palette()
        return self._label_codes(), class_palette()

    def _positions(self) -> dict[str, int]:
        return {c.key: c.position for c in self.session.classes} | {UNSURE: 0}

    def _recolour(self) -> None:
        if self.maps is None:
            return
        codes, palette = self._codes()
        marks = {}
        if self.strip.colour.currentData() == "label":
            marks["question"] = Mark(self.maps.ids[self._labels() == UNSURE])
        if self.proposal is not None:
            proposed = class_palette()[class_codes(self.proposal.keys, self._positions())]
            marks["hollow"] = Mark(self.proposal.proposal.ids, proposed)
        self.canvas.show_codes(codes, palette)
        self.canvas.show_marks(marks)

    def _labels_changed(self) -> None:
        if self.maps is None:
            return
        events, _ = self._events_on_map()
        counts = Counter(text for text in events.label.tolist() if text)
        self.classes.show_classes(self.session.classes, counts, int((events.label == "").sum()))
        simulated = {r.id for r in self.session.recordings if r.simulated}
        self.simulated.setVisible(bool(simulated & set(events.recording.tolist())))
        self._recolour()
        self._read_curve()

    def _read_curve(self) -> None:
        assert self.maps is not None
        made, k = self.maps.maps[self.which], self.bar.values[0]
        classes = [c.key for c in self.session.classes]
        arguments = (self.maps.ids, made.points, made.quality, self.session.events, classes, k)
        self.session.tasks.submit("annotate curve", data.curve, *arguments, done=self._show_curve)

    def _show_curve(self, curve: list[TradeOff]) -> None:
        self._curve = curve
        self.bar.show_curve(curve)

    _curve: list[TradeOff] = []  # noqa: RUF012 - replaced, never changed in place

    # Selecting and labelling

    def _select(self, ids: np.ndarray, mode: str) -> None:
        self.session.selection.set(join(self.session.selection.ids, ids, mode).tolist(), self.canvas)

    def _label(self, key: str) -> None:
        if key == UNSURE:
            self._do("label.0")
        else:
            self.session.label(self.session.selection.ids, key)

    def _show_selection(self, ids: tuple[int, ...]) -> None:
        # A preview has rings of its own, which those of a selection would hide.
        self.canvas.show_selection(ids if self.proposal is None else ())
        one, more = self.tr("1 event selected."), self.tr("{} events selected.").format(number(len(ids)))
        hint = self.tr("Press a class key.")
        self.classes.selection.setText(f"{one if len(ids) == 1 else more} {hint}" if ids else "")

    def _hover(self, event_id: int | None) -> None:
        if event_id is None or self.maps is None:
            self.pointer.setText("")
            return
        row = int(np.flatnonzero(self.maps.ids == event_id)[0])
        quality = self.maps.maps[self.which].quality[row]
        events = self.session.events
        at = np.flatnonzero(events.id == event_id)
        text = (events.label[at[0]] or self.tr("unlabelled")) if len(at) else ""
        self.pointer.setText(self.tr("event {} · {} · LQ {}").format(event_id, text, number(quality, 2)))

    def _lasso_toggled(self, on: bool) -> None:
        self.canvas.set_tool("lasso" if on else "pan")

    def _do(self, action: str) -> None:
        """Do what an action of the window does, so that button, menu and key are one."""
        made = self.window().findChild(QAction, action)
        if made is not None:
            made.trigger()

    def step(self, direction: int) -> None:
        """Select the next or previous event of the map."""
        if self.maps is None or not len(self.maps.ids):
            return
        ids = self.maps.ids.tolist()
        current = self.session.selection.ids[0] if self.session.selection.ids else None
        place = ids.index(current) + direction if current in ids else 0
        self.session.selection.set((ids[place % len(ids)],), self)

    # Propagation

    def _data_changed(self) -> None:
        self._mark_stale()
        self._labels_changed()
        if self._wanted:
            self.preview()

    def _sliders_moved(self) -> None:
        if self.maps is not None:
            self._read_curve()
        if self._wanted:
            self.preview()

    def _mark_stale(self) -> None:
        """Say that the preview shown is of other labels, K or τ; it stays until the new one is there."""
        self._stale = True
        if self.proposal is not None:
            self.bar.show_preview(len(self.proposal.keys), stale=True)

    def preview(self) -> None:
        """Propose labels with the present K and τ; nothing is changed yet."""
        study = self.session.study
        if self.maps is None or study is None:
            return
        self._wanted = True
        made = self.maps.maps[self.which]
        classes = [c.key for c in self.session.classes]
        source = data.Source(self._maps_of, self.which, *self.bar.values)
        arguments = (study, self.maps.ids, made, self.session.events, classes, source)
        self.session.tasks.submit(
            "annotate preview", data.preview, *arguments, done=self._previewed, failed=self._preview_failed
        )

    def _previewed(self, proposal: data.Preview) -> None:
        # Put away meanwhile, or another one follows when the slider rests.
        if not self._wanted or self.bar.resting.isActive():
            return
        self.proposal, self._stale = proposal, False
        self._show_selection(self.session.selection.ids)
        self.bar.show_preview(len(proposal.keys))
        self._recolour()

    def _preview_failed(self, error: Exception) -> None:
        self.discard()
        self.session.failed.emit(error)

    def accept(self) -> None:
        """Accept the proposal: one step of undo. Labels that somebody gave meanwhile are kept."""
        proposal = self.proposal
        if proposal is None or not proposal.keys:
            return
        if proposal.study is not self.session.study:  # its ids mean other events here
            self.discard()
            return
        if self._stale:
            self.session.told.emit(self.tr("The preview is out of date; a new one follows. Accept that one."))
            return
        self.discard()
        self.session.edit(proposal.changeset, proposal.source.reason)

    def discard(self) -> None:
        """Put the proposal away."""
        self.proposal, self._wanted = None, False
        self._show_selection(self.session.selection.ids)
        self.bar.show_preview(None)
        self._recolour()

    def activate(self) -> None:
        self._runs_changed()

    def actions_of_room(self) -> list[Action]:
        menu = self.tr("Annotate")
        every = lambda: self.session.selection.set(self.maps.ids.tolist(), self) if self.maps is not None else None  # noqa: E731
        return [
            Action("annotate.lasso", self.tr("Lasso"), self.lasso.toggle, menu, "L"),
            Action("annotate.all", self.tr("Select all events of the map"), every, menu, "Ctrl+A"),
            Action("annotate.next", self.tr("Next event"), lambda: self.step(1), menu, "N"),
            Action("annotate.previous", self.tr("Previous event"), lambda: self.step(-1), menu, "P"),
            Action("annotate.preview", self.tr("Preview propagated labels"), self.preview, menu, "Ctrl+Return"),
            Action("annotate.accept", self.tr("Accept the preview"), self.accept, menu, "Ctrl+Shift+Return"),
            Action("annotate.discard", self.tr("Discard the preview"), self.discard, menu, "Esc"),
            Action("annotate.learn", self.tr("Learn features…"), self.learn_features, menu),
            Action("annotate.maps", self.tr("Make maps"), self.make_maps, menu),
        ]
