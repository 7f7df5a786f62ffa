"""The leak guard: who is on which side, and what passes between them, said before Start; a link selects the events."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.errors import HitscopeError
from core.features import WindowSpec, default_window
from core.study import EventTable
from core.training import Fold, Protocol, SplitReview, TrainingSpec, review_folds, review_split
from desktop.services.guard import while_alive
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.train.guard_folds import merged, sides_of
from desktop.widgets.parts import give_role, label, number

READ = "train split"  # the task
# What the split depends on; another model or loss leaves it as it is.
FIELDS = ("kinds", "classes", "recordings", "window", "split_by", "validation", "test", "annotator")
NAMED = 3  # people of a side that are named; the others are counted
Usual = tuple[WindowSpec, dict[str, str]]


def look_at_split(
    session: Session, fields: dict[str, Any], seed: int, protocol: Protocol | None, first: int, report: TaskReporter
) -> tuple[Usual, SplitReview | list[Fold] | HitscopeError]:
    """Return the usual window of the `first` recording, and what split or folds would be or why there are none (in a task)."""
    study = session.study
    assert study is not None
    recording = session.recording(first)
    usual = default_window(recording), {c.name: f"{c.name} ({c.fs:g} Hz)" for c in recording.channels}
    try:
        spec = TrainingSpec.from_json(fields)
        if protocol is not None:
            return usual, review_folds(study, spec, protocol, seed, report)
        return usual, review_split(study, spec, seed, report)
    except HitscopeError as error:
        return usual, error


class GuardBox(QWidget):
    """`changed` when there is something else to say, or somebody accepts what leaks; `usual` tells the usual window."""

    changed = Signal()
    usual = Signal(object, object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._asked: tuple[Any, ...] | None = None
        self._report: TaskReporter | None = None
        self.review: SplitReview | None = None
        self.folds: list[Fold] = []  # of an experiment, of which `review` says what is to be said
        self.why_not = ""  # there is no such split
        self.sides, self.leaks = label("", wrap=True), label("", wrap=True)
        self.sides.setAccessibleName(self.tr("Sides of the split"))
        self.leaks.setAccessibleName(self.tr("What leaks between the sides; a link selects the events"))
        self.leaks.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.leaks.linkActivated.connect(self.select)
        self.accept = QCheckBox()
        self.accept.toggled.connect(lambda _on: self.changed.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.sides, self.leaks):  # `accept` stands beside Start, never scrolled away
            column.addWidget(widget)
        self._show()

    @property
    def pending(self) -> bool:
        """Whether the split is still being looked at."""
        return self._asked is not None and self.review is None and not self.why_not

    @property
    def accepted(self) -> bool:
        """Whether somebody said that a run is to be made although something leaks."""
        return self.accept.isChecked()

    def look(self, spec: Mapping[str, Any], seed: int, events: EventTable, protocol: Protocol | None = None) -> None:
        """Look at the split of a specification, or its folds, if they are not those that were looked at last."""
        fields = {name: spec[name] for name in FIELDS if name in spec}
        asked = (repr(sorted(fields.items())), seed, protocol, events.label_hash())
        if asked == self._asked or self._session.study is None:
            return
        self._asked, self.review, self.folds, self.why_not = asked, None, [], ""
        self.accept.setChecked(False)
        self._show()
        if self._report is not None and isValid(self._report):
            self._report.cancel()  # it would only keep others waiting
        self._report = report = TaskReporter()
        self._session.tasks.submit(
            READ, look_at_split, self._session, fields, seed, protocol, int(events.recording[0]), report,
            done=while_alive(self, lambda found: self._take(asked, found)), failed=while_alive(self, self._fail),
        )  # fmt: skip

    def forget(self) -> None:
        """Nothing can be looked at: what is asked for is not possible."""
        self._asked, self.review, self.folds, self.why_not = None, None, [], ""
        self._show()

    def _take(self, asked: tuple[Any, ...], found: tuple[Usual, SplitReview | list[Fold] | HitscopeError]) -> None:
        if asked != self._asked:
            return
        usual, seen = found
        if isinstance(seen, HitscopeError):
            self.why_not = str(seen)
        elif isinstance(seen, list):
            self.folds, self.review = seen, merged(seen)
            self.why_not = "" if self.review is not None else seen[0].why
        else:
            self.review = seen
        self.usual.emit(*usual)
        self._show()
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self.why_not = str(error)
        self._show()
        self.changed.emit()

    # What it says

    def problem(self) -> str:
        """Return why nothing should be started; empty if nothing speaks against it."""
        if self.why_not:
            return self.why_not
        grave = self.review.severity if self.review is not None else ""
        if grave in ("block", "ask") and not self.accepted:
            return self.tr("Something leaks between the sides: mend it, or accept it here.")
        return ""

    def select(self, link: str) -> None:
        """Select the events that a link means."""
        if self.review is not None:
            leak = self.review.leaks[int(link)]
            self._session.selection.set((*leak.events, *leak.partners), self)

    def _show(self) -> None:
        give_role(self.sides, "problem" if self.why_not else "")
        if self.why_not:
            self.sides.setText(self.why_not)
        elif self.review is None:
            self.sides.setText(self.tr("Looking at the sides…") if self._asked is not None else "")
        else:
            self.sides.setText("<br>".join(sides_of(self.folds) if self.folds else self._sides(self.review)))
        self.sides.setVisible(bool(self.sides.text()))
        self._show_leaks()

    def _sides(self, review: SplitReview) -> list[str]:
        titles = {"train": self.tr("Training"), "validation": self.tr("Validation"), "test": self.tr("Test")}
        told = []
        for side, title in titles.items():
            of = review.sides[side]
            who, n = list(of["subjects"]), number(of["n"])
            people = ", ".join(map(escape, who[:NAMED]))
            if len(who) > NAMED:
                people += self.tr(" and {} more").format(number(len(who) - NAMED))
            classes = ", ".join(f"{escape(name)} {number(count)}" for name, count in of["classes"].items())
            if len(who) > 1:
                people = self.tr("{} people ({})").format(number(len(who)), people)
            told.append(self.tr("<b>{}</b>: {} events of {}; {}").format(title, n, people, classes))
        return told

    def _show_leaks(self) -> None:
        review = self.review
        there = review is not None and bool(review.leaks or review.warnings)
        self.leaks.setVisible(there)
        grave = review.severity if review is not None else ""
        self.accept.setVisible(grave in ("block", "ask"))
        self.accept.setText(self.tr("Start all the same; the result says so"))
        if review is None:
            return
        nothing = self.tr("Nothing leaks between them.")
        lines = []
        for place, leak in enumerate(review.leaks):
            sign = "✖" if leak.severity == "block" else "⚠" if leak.severity == "ask" else "•"
            link = self.tr(' <a href="{}">Select the {}</a>').format(place, number(leak.n)) if leak.n else ""
            lines.append(f"{sign} {escape(leak.what)}{link}")
        lines += [f"• {escape(warning)}" for warning in review.warnings]
        self.leaks.setText("<br>".join(lines) or nothing)
        self.leaks.setVisible(True)
