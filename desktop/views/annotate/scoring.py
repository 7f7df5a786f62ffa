"""Silhouettes of the maps by the labels as they are now, and whether another map is the best by them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout
from shiboken6 import isValid

from core.features import class_numbers
from core.projection import Map, ProjectionSet, Rescored, rescore
from core.study import EventTable
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.annotate.choosing import Choosing
from desktop.views.annotate.newest import Newest
from desktop.widgets.parts import button, label, number


def rescored(
    maps: ProjectionSet, events: EventTable, classes: list[str], metric: str, report: TaskReporter
) -> Rescored:
    """Score maps by the labels that people gave (in a task)."""
    return rescore(maps, class_numbers(maps.ids, events, classes), metric, stop=report.check)


class BestBar(QFrame):
    """Says that another map is the best now, and offers it: nobody's map is changed under their hands."""

    show_best = Signal()
    keep = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        self.text = label("", wrap=True)
        row.addWidget(self.text, 1)
        self.show_button = button(self.tr("Show it"), self.show_best.emit, primary=True)
        row.addWidget(self.show_button)
        row.addWidget(button(self.tr("Keep this one"), self.keep.emit))
        self.hide()

    def say(self, best: Map, shown: Map) -> None:
        """Say which is the best now."""
        said = self.tr("Another map is the best now: {}; this one: {}.").format(self._score(best), self._score(shown))
        self.text.setText(said)
        self.show()

    def _score(self, made: Map) -> str:
        if made.silhouette is None:
            return self.tr("mean quality {}").format(number(made.scores.get("mean_quality", float("nan")), 2))
        said = self.tr("silhouette {}, n = {}")
        return said.format(number(made.silhouette, 2), number(made.n_scored or 0))


class Scoring(QObject):
    """Scores the maps anew whenever labels change; `rescored` when the scores are others."""

    rescored = Signal()

    def __init__(self, session: Session, choosing: Choosing, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._choosing = session, choosing
        self._newest = Newest()
        self._of: tuple[str, int] | None = None  # run and place of the map that is shown
        self._was_best = False  # whether it was the best, and nobody has decided to stay on it since
        self.last: Rescored | None = None
        self.bar = BestBar()
        self.bar.show_best.connect(self._show_best)
        self.bar.keep.connect(self._keep)

    def forget(self) -> None:
        """Forget the scores: another study is open."""
        self._of, self._was_best, self.last = None, False, None
        self.bar.hide()

    def shown(self) -> None:
        """Another map is shown, or the same one of maps that were read again."""
        choosing = self._choosing
        assert choosing.maps is not None
        now = choosing.maps_of, choosing.which
        if now != self._of:
            self._of, self._was_best = now, choosing.which == choosing.maps.best
            self.bar.hide()
        if self.last is not None and self.last.maps is not choosing.maps:
            self.last = None

    def said(self, shown: Map) -> str:
        """Return what a caption says of the score of a map, after its number of events; nothing where it has none."""
        if shown.silhouette is None:
            return ""
        said = self.tr(", s = {}").format(number(shown.silhouette, 2))
        if shown.n_scored is not None:
            said = self.tr(", {} labelled").format(number(shown.n_scored)) + said
        if self.last is not None and self.last.n < self.last.n_labelled:
            said += self.tr(" of {} drawn of {} labelled (seed {})").format(
                number(self.last.n), number(self.last.n_labelled), self.last.seed
            )
        return said

    def refresh(self) -> None:
        """Score the maps that are shown by the labels as they are now."""
        maps, study = self._choosing.maps, self._session.study
        if maps is None or study is None:
            return
        metric = study.run(self._choosing.maps_of).params.get("metric", "euclidean")
        classes = [c.key for c in self._session.classes]
        self._session.tasks.submit(
            "annotate silhouettes", rescored, maps, self._session.events, classes, metric, self._newest.report(),
            done=lambda made: self._scored(made, maps), failed=self._session.failed.emit,
        )  # fmt: skip

    def _scored(self, made: Rescored, of: ProjectionSet) -> None:
        if not isValid(self.bar) or self._choosing.maps is not of:  # others are shown meanwhile
            return
        self._choosing.rank(made.maps)
        self.last = made
        best, which = made.maps.best, self._choosing.which
        self._was_best |= which == best
        if self._was_best and which != best and made.is_better(best, which):
            self.bar.say(made.maps.maps[best], made.maps.maps[which])
        else:
            self.bar.hide()
        self.rescored.emit()

    def _show_best(self) -> None:
        if self._choosing.maps is not None:
            self._choosing.choose_map(self._choosing.maps.best)

    def _keep(self) -> None:
        self._was_best = False
        self.bar.hide()
