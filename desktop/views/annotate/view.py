"""Annotate: label events on a map of learnt features, and propagate labels where the map can be trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from core.projection import ProjectionSet
from core.study import UNSURE
from desktop.actions.registry import Action
from desktop.models.annotate_model import Facts
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.annotate import data
from desktop.views.annotate.actions import actions
from desktop.views.annotate.agreement_panel import AgreementPanel
from desktop.views.annotate.asking import Asking
from desktop.views.annotate.choosing import Choosing
from desktop.views.annotate.colouring import COLOURS, Scene, Scenes
from desktop.views.annotate.exporting import Exporting
from desktop.views.annotate.knowing import Knowing
from desktop.views.annotate.lineage import Lineage
from desktop.views.annotate.making import Making
from desktop.views.annotate.pictures import Pictures
from desktop.views.annotate.pointing import Pointing
from desktop.views.annotate.propagation_bar import PropagationBar
from desktop.views.annotate.proposing import Proposing
from desktop.views.annotate.queue import LabelNext
from desktop.views.annotate.scoring import Scoring
from desktop.views.annotate.strips import ClassesStrip, MapsStrip
from desktop.views.annotate.table import MapTable
from desktop.views.annotate.tools_bar import ToolsBar
from desktop.widgets.map import Mark, class_codes, class_palette, join
from desktop.widgets.parts import badge, line, number
from desktop.widgets.workspace import Workspace

RIGHT_PX = 190  # of the classes and where a label is from


class AnnotateView(Workspace):
    """The map fills the room; maps left, classes right, and below what is done with it."""

    id = "annotate"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._scenes = Scenes()
        self.strip, self.classes, self.bar = MapsStrip(), ClassesStrip(), PropagationBar()
        self.tools, self.views = ToolsBar(), Pictures(session.tasks)
        self.canvas, self.several = self.views.canvas, self.views.several
        self.knowing, self.choosing = Knowing(session, self), Choosing(session, self)
        self.scoring = Scoring(session, self.choosing, self)
        self.proposing = Proposing(session, self.bar, self)
        self.making, self.exporting = Making(session, self), Exporting(session, self)
        self.lineage, self.table, self.queue = Lineage(session), MapTable(session), LabelNext(session)
        self.asking, self.agreement = Asking(session, self), AgreementPanel(session)
        self.pointing = Pointing(session, self)
        self.gestures = [
            (self.tr("Drag, wheel"), self.tr("Move the map, zoom")),
            (self.tr("Click"), self.tr("Select an event")),
            (self.tr("Lasso drag"), self.tr("Select the events inside")),
            (
                self.tr("Shift or Alt+lasso"),
                self.tr("Add them to the selection, or take them away; both: keep only them"),
            ),
            (self.tr("Click on the trade-off"), self.tr("Use its k and τ, or its share of the surest")),
        ]
        self.set_content(self._build())
        self._connect()
        self._runs_changed()  # takes up the study first

    def _build(self) -> QWidget:
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.caption, self.simulated = line("", "title"), badge(self.tr("simulated"))
        head, tools = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.caption, 1)
        head.addWidget(self.simulated)
        for look in self.tools.looks:
            head.addWidget(look)
        tools.addWidget(self.tools)
        tools.addWidget(self.pointing.text, 1)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 10, 0, 0)
        for line_of in (head, tools):
            column.addLayout(line_of)
        for bar in (self.lineage.bar, self.scoring.bar):
            column.addWidget(bar)
        column.addWidget(self.views, 1)
        self.below = QTabWidget()
        for page, title in (
            (self.bar, self.tr("Propagate")),
            (self.table, self.tr("Events")),
            (self.queue, self.tr("Label next")),
            (self.agreement, self.tr("Agreement")),
        ):
            self.below.addTab(page, title)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(above)
        self.split.addWidget(self.below)
        for place, share in enumerate((3, 1)):
            self.split.setStretchFactor(place, share)
        self.split.setChildrenCollapsible(False)
        self.split.setSizes([560, 230])
        self.remember_splitters(below=self.split)
        right = QWidget()
        right.setFixedWidth(RIGHT_PX)
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(self.classes, 1)
        side.addWidget(self.lineage)
        row.addWidget(self.strip)
        row.addWidget(self.split, 1)
        row.addWidget(right)
        return content

    def _connect(self) -> None:
        session, choosing = self.session, self.choosing
        choosing.shown.connect(self._show_map)
        self.scoring.rescored.connect(self._rescored)
        choosing.listed.connect(self._list_runs)
        choosing.forgotten.connect(self._forget)
        self.strip.run_chosen.connect(choosing.choose_run)
        self.strip.map_chosen.connect(choosing.choose_map)
        self.strip.colour_chosen.connect(lambda _name: self._recolour())
        self.strip.learn.connect(self.making.learn)
        self.strip.project.connect(self.making.project)
        self.classes.chosen.connect(self._label)
        self.classes.add.connect(lambda: self._do("edit.add_class"))
        self.proposing.changed.connect(self._proposal_changed)
        self.views.selected.connect(self._select)
        self.views.hovered.connect(self.pointing.hover)
        self.views.large.connect(self._see_large)
        self.tools.tool.connect(self.views.set_tool)
        self.tools.mode.connect(self.views.set_mode)
        self.tools.density.connect(self.views.show_density)
        self.tools.several.connect(self._show_several)
        self.knowing.predicted.connect(self._predicted)
        self.knowing.annotated.connect(self._annotated)
        self.lineage.path.connect(self.pointing.show_path)
        self.lineage.chosen.connect(self.pointing.go_to)
        self.queue.went.connect(self.canvas.reveal)
        self.below.currentChanged.connect(lambda _n: self._refresh_below())
        session.selection.changed.connect(lambda ids, _origin: self._show_selection(ids))
        session.labels_changed.connect(lambda _ids: self._data_changed())
        session.events_changed.connect(lambda _ids: self._data_changed())
        theme.changed.connect(self._theme_changed)
        session.runs_changed.connect(self._runs_changed)
        session.study_changed.connect(self._runs_changed)

    # What others ask for

    @property
    def maps(self) -> ProjectionSet | None:
        """The maps of the run that is shown."""
        return self.choosing.maps

    @property
    def run_id(self) -> str | None:
        """The run that is shown."""
        return self.choosing.run_id

    @property
    def which(self) -> int:
        """The place of the map that is shown among them."""
        return self.choosing.which

    @property
    def proposal(self) -> data.Preview | None:
        """The labels that are proposed."""
        return self.proposing.proposal

    def remember(self) -> dict[str, Any]:
        return {"run": self.run_id, "map": self.which} if self.run_id is not None else {}

    def restore(self, state: dict[str, Any]) -> None:
        self.choosing.restore(state)

    def activate(self) -> None:
        self._runs_changed()

    def actions_of_room(self) -> list[Action]:
        return actions(self)

    # Runs and maps

    def _runs_changed(self) -> None:
        self.choosing.take_up_study()
        if self.session.study is None:
            return
        self.knowing.read_predictions()
        if not self.choosing.projections():
            self.show_empty(self.making.missing(bool(self.choosing.features())))
            return
        self.show_empty(None)
        self.choosing.refresh()

    def _list_runs(self) -> None:
        self.show_empty(None)
        self.strip.show_runs(self.choosing.features(), self.choosing.projections(), self.run_id)

    def _forget(self) -> None:
        """Nothing of another study stays: its ids mean other events here."""
        for part in (self.knowing, self.scoring, self.proposing):
            part.forget()
        for part in (self.queue, self.strip, self.views):
            part.clear()
        self.table.show_facts(Facts())
        self.caption.setText("")
        self.pointing.hover(None)
        self.simulated.hide()

    def _predicted(self) -> None:
        self._recolour()
        self._refresh_below()

    def _annotated(self) -> None:
        if self.strip.colour.currentData() == "annotator":
            self._recolour()

    def _show_map(self) -> None:
        shown = self.choosing.map
        assert shown is not None
        self.strip.show_maps(self.choosing.maps, *self._label_colours())
        self.canvas.show_points(shown.ids, shown.made.points)  # first: colours are of as many points
        self.proposing.take(shown)
        self.queue.clear()
        self.scoring.shown()
        self._say_caption()
        if self.tools.three.isChecked():
            self._show_several(True)
        self.proposing.labels_changed()
        self._labels_changed()
        self.scoring.refresh()

    def _rescored(self) -> None:
        """The maps have other silhouettes, and others may be best, middle and worst."""
        maps = self.maps
        assert maps is not None
        if not self.strip.show_scores(maps, *self._label_colours()):
            self.strip.show_maps(maps, *self._label_colours())
            if self.tools.three.isChecked():
                self._show_several(True)
        self._say_caption()

    def _say_caption(self) -> None:
        """Say which map it is; short, since a line of a small window is."""
        shown = self.choosing.map
        assert shown is not None
        n, said = number(len(shown.ids)), self.scoring.said(shown.made)
        self.caption.setText(self.tr("{} map, {} events{}").format(shown.made.params["method"], n, said))
        self.caption.setProperty(
            "tip",
            self.tr(
                "s: mean silhouette of the events that people labelled, as they are now; of classes of 5 labels or more"
            ),
        )

    def _show_several(self, on: bool) -> None:
        """Show best, middle and worst side by side, or the one."""
        if not on or self.maps is None:
            self.views.show_one()
            return
        self.views.show_beside(self.maps)
        self._recolour()
        self._show_selection(self.session.selection.ids)

    def _see_large(self, which: int) -> None:
        self.tools.three.setChecked(False)
        self.choosing.choose_map(which)

    # Colours and counts

    def _theme_changed(self) -> None:
        if self.maps is not None:
            self.strip.show_maps(self.maps, *self._label_colours())
            self._labels_changed()

    def scene(self) -> Scene | None:
        """Return the map with what is known of its events."""
        shown = self.choosing.map
        if shown is None:
            return None
        names = {r.id: r.name for r in self.session.recordings}
        known, events = self.knowing, self.session.events
        return self._scenes.of(Scene(shown, events, self._positions(), names, known.predictions, known.annotators))

    def _label_colours(self) -> tuple[np.ndarray, np.ndarray]:
        scene = self.scene()
        assert scene is not None
        painted = COLOURS["label"].paint(scene)
        return painted.codes, painted.palette

    def _positions(self) -> dict[str, int]:
        return {c.key: c.position for c in self.session.classes} | {UNSURE: 0}

    def _recolour(self) -> None:
        scene, by = self.scene(), self.strip.colour.currentData()
        if scene is None:
            return
        if by == "annotator":
            self.knowing.read_annotators(scene.shown.ids)
        painted, marks = COLOURS[by].paint(scene), {}
        if by == "label":
            marks["question"] = Mark(scene.labelled(UNSURE))
        if self.proposal is not None:
            made, colours = self.proposal, class_palette()[class_codes(self.proposal.classes, self._positions())]
            marks["hollow"] = Mark(made.proposal.ids, colours[made.proposal.labels])
        self.strip.show_names(painted.names)
        self.views.show_codes(painted.codes, painted.palette)
        self.views.show_marks(marks)

    def _labels_changed(self) -> None:
        scene = self.scene()
        if scene is None:
            return
        self.classes.show_classes(self.session.classes, scene.labels.counts, scene.unlabelled)
        self.simulated.setVisible(any(r.simulated and r.id in scene.recording_ids for r in self.session.recordings))
        self._recolour()
        self._refresh_below()

    def _refresh_below(self) -> None:
        """Bring the page below the map up to date, if it is the one that is seen."""
        scene, page = self.scene(), self.below.currentWidget()
        if scene is None:
            return
        if page is self.table:
            self.table.show_facts(scene.facts())
        elif page is self.agreement:
            self.agreement.refresh(scene.shown.ids.tolist())

    def _data_changed(self) -> None:
        self._labels_changed()  # first: what is computed in the background then would hold up the colours
        self.proposing.labels_changed()
        self.scoring.refresh()

    def _proposal_changed(self) -> None:
        self.lineage.refresh()
        self._show_selection(self.session.selection.ids)
        self._recolour()

    # Selecting and labelling

    def _select(self, ids: np.ndarray, mode: str) -> None:
        self.session.selection.set(join(self.session.selection.array, ids, mode), self.canvas)

    def _label(self, key: str) -> None:
        if key == UNSURE:
            self._do("label.0")
        else:
            self.session.label(self.session.selection.ids, key)

    def _show_selection(self, ids: tuple[int, ...]) -> None:
        # A preview has rings of its own, which those of a selection would hide.
        self.views.show_selection(ids if self.proposal is None else ())
        one, more = self.tr("1 event selected."), self.tr("{} events selected.").format(number(len(ids)))
        hint = self.tr("Press a class key.")
        self.classes.selection.setText(f"{one if len(ids) == 1 else more} {hint}" if ids else "")
        self.classes.say_test(len(ids), self._n_test())

    def _n_test(self) -> int:
        """Return how many of the selected events are of test subjects."""
        chosen = self.session.selection.array
        if self.maps is None or not len(chosen) or not self.maps.events.test.any():
            return 0
        return int(np.isin(self.maps.ids[self.maps.events.test], chosen).sum())

    def show_queue(self) -> None:
        """Go to the queue of what to label next, and ask for one."""
        self.below.setCurrentWidget(self.queue)
        self.queue.ask()
        self.queue.list.setFocus()

    def show_table(self) -> None:
        """Go to the table of the map's events."""
        self.below.setCurrentWidget(self.table)
        self.table.setFocus()

    def _do(self, action: str) -> None:
        """Do what an action of the window does, so that button, menu and key are one."""
        made = self.window().findChild(QAction, action)
        if made is not None:
            made.trigger()

    def select_all(self) -> None:
        """Select all events of the map."""
        if self.maps is not None:
            self.session.selection.set(self.maps.ids, self)

    def step(self, direction: int) -> None:
        """Select the next or previous event of the map."""
        if self.maps is None or not len(self.maps.ids):
            return
        ids = self.maps.ids
        here = np.flatnonzero(np.isin(ids, self.session.selection.array[:1]))
        place = int(here[0]) + direction if len(here) else 0
        self.session.selection.set(ids[[place % len(ids)]], self)
