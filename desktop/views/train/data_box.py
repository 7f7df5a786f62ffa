"""Asks which events are learnt from: kind, classes, recordings, windows, and how they are split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.features import WindowSpec
from core.options import some_of
from core.pretraining import WINDOW
from core.study import UNSURE, EventTable
from core.training import SIDES, changed
from desktop.services.session import Session
from desktop.views.train.choice_box import usual
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.options_form import FormRow, OptionsForm, form_grid
from desktop.widgets.parts import number

FEW = 10  # labelled events, below which a class is not ticked by itself
RECORDINGS = {"recordings": some_of("Only of", "recordings").or_none("all")}
Role = Qt.ItemDataRole


class DataBox(QWidget):
    """`changed` when other events, another window or another split is meant."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._unticked: set[str] = set()
        self._usual: WindowSpec | None = None
        column, head = QVBoxLayout(self), QWidget()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.kind, self.classes = ElidedComboBox(), QListWidget()
        self.classes.setProperty("role", "ticks")
        self.classes.setFixedHeight(96)
        grid = form_grid(head)
        FormRow(grid, 0, self.tr("Events of kind"), self.kind)
        self._classes_row = FormRow(grid, 1, self.tr("Classes that are learnt"), self.classes)
        self.recordings = OptionsForm(RECORDINGS)
        self.sides, self.window_form = OptionsForm(SIDES), OptionsForm(WINDOW)
        for widget in (head, self.recordings):
            column.addWidget(widget)
        self.kind.activated.connect(lambda _n: self._kind_chosen())
        self.classes.itemChanged.connect(lambda _item: self._ticked())
        self.recordings.changed.connect(self._list_classes)
        for form in (self.sides, self.window_form):
            form.changed.connect(self.changed)

    # What there is

    def refresh(self) -> None:
        """Take the kinds, classes and recordings of the study, keeping what was chosen."""
        events = self._session.events
        known = (events.label != "") & (events.label != UNSURE)
        chosen = self.kind.currentData()
        self.kind.blockSignals(True)
        self.kind.clear()
        for kind, n in Counter(events.kind[known].tolist()).most_common():
            self.kind.addItem(self.tr("{} ({} labelled)").format(kind, number(n)), kind)
        self.kind.setCurrentIndex(max(0, self.kind.findData(chosen)))
        self.kind.blockSignals(False)
        self._list_recordings()
        self._list_classes()

    def _kind_chosen(self) -> None:
        self._usual = None
        self._list_recordings()
        self._list_classes()

    def _list_recordings(self) -> None:
        events, field = self._session.events, self.recordings.fields["recordings"]
        there = set(events.recording[(events.kind == self.kind.currentData()) & (events.label != "")].tolist())
        titles = {entry.id: entry.name for entry in self._session.recordings if entry.id in there}
        ticked = field.value()
        self.recordings.blockSignals(True)
        field.offer(titles)
        field.set_value([one for one in ticked or () if one in titles])
        self.recordings.blockSignals(False)
        self.recordings.setVisible(len(titles) > 1)

    def _list_classes(self) -> None:
        meant = self._of_kind()
        counts = Counter(self._session.events.label[meant].tolist())
        self.classes.blockSignals(True)
        self.classes.clear()
        for c in self._session.classes:
            if counts[c.key] and c.key != UNSURE:
                item = QListWidgetItem(f"{c.title}: {number(counts[c.key])}")
                item.setData(Role.UserRole, c.key)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                out = counts[c.key] < FEW or c.key in self._unticked
                item.setCheckState(Qt.CheckState.Unchecked if out else Qt.CheckState.Checked)
                self.classes.addItem(item)
        self.classes.blockSignals(False)
        self.changed.emit()

    def _ticked(self) -> None:
        items = [self.classes.item(n) for n in range(self.classes.count())]
        self._unticked = {i.data(Role.UserRole) for i in items if i.checkState() == Qt.CheckState.Unchecked}
        self.changed.emit()

    # What is chosen

    @property
    def chosen_classes(self) -> list[str]:
        """The ticked classes."""
        items = (self.classes.item(n) for n in range(self.classes.count()))
        return [i.data(Role.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]

    @property
    def iq(self) -> bool:
        """Whether the events are of Doppler, whose channels are pairs I and Q."""
        return self.kind.currentData() == "hits"

    def _of_kind(self) -> Any:
        events, wanted = self._session.events, self.recordings.values()["recordings"]
        meant = (events.kind == self.kind.currentData()) & (events.label != "")
        return meant if wanted is None else meant & np.isin(events.recording, wanted)

    def events(self) -> EventTable:
        """Return the events that are meant."""
        events = self._session.events
        return events.take(self._of_kind() & np.isin(events.label.astype(str), self.chosen_classes))

    def value(self) -> dict[str, Any]:
        """Return the fields of the specification that say which events, of which windows, on which side."""
        recordings, window = self.recordings.values()["recordings"], self.window()
        fields: dict[str, Any] = {"kinds": [self.kind.currentData()], "classes": self.chosen_classes}
        if recordings is not None:
            fields["recordings"] = recordings
        if window is not None:
            fields["window"] = window
        return fields | changed(SIDES, self.sides.values())

    def set_value(self, spec: Mapping[str, Any]) -> None:
        """Mean the events of a specification, as far as they are still there."""
        kinds = spec.get("kinds") or []
        self.kind.setCurrentIndex(max(0, self.kind.findData(kinds[0] if kinds else None)))
        self._list_recordings()
        self.recordings.fill({"recordings": spec.get("recordings")})
        self._list_classes()
        if spec.get("classes"):
            for row in range(self.classes.count()):
                item = self.classes.item(row)
                on = item.data(Role.UserRole) in spec["classes"]
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.sides.fill(usual(SIDES) | {k: v for k, v in spec.items() if k in SIDES})
        if self._usual is not None:
            self.window_form.fill(self._usual.to_json() | (spec.get("window") or {}))

    # Windows

    def take_window(self, window: WindowSpec, channels: Mapping[str, str]) -> None:
        """Begin with the window that is usual for the recordings of these events."""
        if window == self._usual:
            return
        self._usual = window
        self.window_form.blockSignals(True)
        self.window_form.fields["channels"].offer(channels)
        self.window_form.fill(window.to_json())
        self.window_form.blockSignals(False)

    def window(self) -> dict[str, Any] | None:
        """Return the window, None where it is the usual one."""
        if self._usual is None or self.window_form.problems():
            return None
        values = self.window_form.values()
        same = WindowSpec.from_json(values) == self._usual
        return None if same else {k: v for k, v in values.items() if v != WINDOW[k].default}

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by field."""
        few = len(self.chosen_classes) < 2
        wrong = {"classes": self.tr("tick at least two: a model tells classes apart")} if few else {}
        sides = self.sides.values()
        shares = [sides[name] for name in ("validation", "test")]
        found = wrong | self.sides.problems() | (self.window_form.problems() if self._usual is not None else {})
        if not found and sum(shares) >= 1:
            found["test"] = self.tr("must leave some to train: validation and test together are below 1")
        return found

    def title_of(self, name: str) -> str:
        """Return what a field is called."""
        if name == "classes":
            return self._classes_row.title.text()
        return (self.sides if name in self.sides.rows else self.window_form).title_of(name)

    def say(self, problems: Mapping[str, str]) -> None:
        """Say it beside the fields."""
        self._classes_row.say(problems.get("classes", ""))
        self.sides.say(problems)
        self.window_form.say(problems)
