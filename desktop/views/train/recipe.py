"""The recipe of a training run, in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.features import default_representation
from core.models import MODELS
from core.study import UNSURE
from core.training import LOSSES, best_unit
from desktop.services.session import Session
from desktop.widgets.choices import offer
from desktop.widgets.parts import button, label, number


class Recipe(QScrollArea):
    """What a run is to do; `start(params, name, seed)` asks for it."""

    start = Signal(object, str, int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setWidgetResizable(True)
        self.setMinimumWidth(310)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.addWidget(label(self.tr("Recipe"), "title"))
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.kind, self.classes = QComboBox(), QListWidget()
        self.classes.setFixedHeight(104)
        self.model, self.size, self.loss = QComboBox(), QComboBox(), QComboBox()
        self.epochs, self.patience, self.seed = QSpinBox(), QSpinBox(), QSpinBox()
        self.rate = QDoubleSpinBox()
        offer(self.loss, LOSSES)
        self.model.currentIndexChanged.connect(lambda _i: self._offer_sizes())
        offer(self.model, MODELS)
        for spin, low, high, value in ((self.epochs, 1, 500, 20), (self.patience, 1, 100, 6), (self.seed, 0, 99999, 0)):
            spin.setRange(low, high)
            spin.setValue(value)
        self.rate.setDecimals(5)
        self.rate.setRange(0.00001, 1.0)
        self.rate.setValue(0.001)
        self.rate.setSingleStep(0.0005)
        for title, widget in (
            (self.tr("Events of kind"), self.kind),
            (self.tr("Classes (ticked ones are learnt)"), self.classes),
            (self.tr("Model"), self.model),
            (self.tr("Size"), self.size),
            (self.tr("Loss"), self.loss),
            (self.tr("Learning rate"), self.rate),
            (self.tr("Epochs at most"), self.epochs),
            (self.tr("Epochs without better validation MCC to stop"), self.patience),
            (self.tr("Seed"), self.seed),
        ):
            widget.setAccessibleName(title)
            if isinstance(widget, QComboBox):
                widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            form.addRow(label(title, "muted"), widget)
        layout.addLayout(form)
        self.guard = label("", wrap=True)
        layout.addWidget(self.guard)
        self.start_button = button(self.tr("Start training"), self._start, primary=True)
        layout.addWidget(self.start_button)
        layout.addStretch(1)
        self.setWidget(content)
        self.kind.activated.connect(lambda _i: self._list_classes())
        self.classes.itemChanged.connect(lambda _item: self._guard())

    def _offer_sizes(self) -> None:
        offer(self.size, MODELS[self.model.currentData()].presets)

    def refresh(self) -> None:
        """Take the kinds and classes of the study, keeping what was chosen."""
        events = self._session.events
        labelled = Counter(events.kind[(events.label != "") & (events.label != UNSURE)].tolist())
        chosen = self.kind.currentData()
        self.kind.clear()
        for kind, n in labelled.most_common():
            self.kind.addItem(self.tr("{} ({} labelled)").format(kind, number(n)), kind)
        self.kind.setCurrentIndex(max(0, self.kind.findData(chosen)))
        self._list_classes()

    def _list_classes(self) -> None:
        events = self._session.events
        counts = Counter(events.label[(events.kind == self.kind.currentData()) & (events.label != "")].tolist())
        unticked = {
            self.classes.item(n).data(Qt.ItemDataRole.UserRole)
            for n in range(self.classes.count())
            if self.classes.item(n).checkState() == Qt.CheckState.Unchecked
        }
        self.classes.blockSignals(True)
        self.classes.clear()
        for c in self._session.classes:
            if counts[c.key] and c.key != UNSURE:
                item = QListWidgetItem(f"{c.title}: {number(counts[c.key])}")
                item.setData(Qt.ItemDataRole.UserRole, c.key)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                few = counts[c.key] < 10
                item.setCheckState(Qt.CheckState.Unchecked if few or c.key in unticked else Qt.CheckState.Checked)
                self.classes.addItem(item)
        self.classes.blockSignals(False)
        self._guard()

    @property
    def chosen_classes(self) -> list[str]:
        """The ticked classes."""
        items = (self.classes.item(n) for n in range(self.classes.count()))
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]

    def _guard(self) -> None:
        """Say before the start how the sides will be kept apart, and what cannot score."""
        events = self._session.events
        used = (events.kind == self.kind.currentData()) & np.isin(events.label.astype(str), self.chosen_classes)
        recordings = set(events.recording[used].tolist())
        entries = [r for r in self._session.recordings if r.id in recordings]
        subjects = [r.subject or "" for r in entries]
        unit = best_unit(subjects, [r.id for r in entries])
        if unit == "subject":
            how = self.tr("Split by subject: {} subjects, nobody on two sides.").format(len(set(subjects)))
        elif unit == "recording":
            how = self.tr("Split by recording: not all subjects are known, so one person may be on both sides.")
        else:
            n = len(recordings)
            where = self.tr("one recording") if n == 1 else self.tr("{} recordings").format(number(n))
            how = self.tr("Split by blocks of time within {}: the figures will say little about new patients.").format(
                where
            )
        propagated = int((events.label_source[used] == "propagated").sum())
        if propagated:
            how += " " + self.tr("{} propagated labels train the model but never score it.").format(number(propagated))
        if any(r.simulated for r in entries):
            how += " " + self.tr("Some recordings are simulated.")
        self.guard.setText(how)
        self.start_button.setEnabled(len(self.chosen_classes) >= 2 and self._session.writable)

    def params(self) -> dict[str, Any]:
        """Return the parameters of the training job."""
        kind, model = self.kind.currentData(), self.model.currentData()
        views = [default_representation(name, iq=kind == "hits") for name in MODELS[model].representations]
        return {
            "kinds": [kind],
            "classes": self.chosen_classes,
            "representation": views[0] if len(views) == 1 else views,
            "model": {"name": model, "preset": self.size.currentData()},
            "loss": {"name": self.loss.currentData()},
            "lr": self.rate.value(),
            "max_epochs": self.epochs.value(),
            "patience": self.patience.value(),
        }

    def _start(self) -> None:
        name = f"{self.model.currentData()} ({self.size.currentData()})"
        self.start.emit(self.params(), name, self.seed.value())
