"""Where a propagated label is from, on the map and in a list, and taking back what descends from a wrong one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.annotation import retract, retract_stale, stale_descendants
from core.study import Study
from desktop.services.collecting import uncollected
from desktop.services.session import Session
from desktop.views.annotate import data
from desktop.widgets.parts import button, label, number

SHOWN = 30  # steps that are listed


class StaleBar(QFrame):
    """Says that labels hang on labels that were changed, and offers to take them back."""

    retract = Signal()
    keep = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        self.text = label("", wrap=True)
        row.addWidget(self.text, 1)
        self.retract_button = button("", self.retract.emit, primary=True, tip=self.tr("One step of undo"))
        row.addWidget(self.retract_button)
        row.addWidget(button(self.tr("Keep them"), self.keep.emit))
        self.hide()

    def show_stale(self, n: int) -> None:
        """Show how many there are; nothing without any."""
        if n:
            said = self.tr("1 propagated label descends from a label that has changed since.")
            many = self.tr("{} propagated labels descend from labels that have changed since.")
            self.text.setText(said if n == 1 else many.format(number(n)))
            self.retract_button.setText(self.tr("Retract it") if n == 1 else self.tr("Retract them"))
        self.setVisible(bool(n))


class Lineage(QWidget):
    """The way of the selected event's label to its human label; `path` tells the events to draw it on the map."""

    path = Signal(object)
    chosen = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._kept: set[int] = set()  # stale labels that somebody wants to keep
        self._study: Study | None = None
        self.known: data.Lineage | None = None
        self.bar = StaleBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 0, 10, 10)
        self.title, self.list = label(self.tr("Where its label is from"), "title", wrap=True), QListWidget()
        self.list.setAccessibleName(self.tr("The way of the label, from the event to the human label"))
        self.list.setMaximumHeight(150)
        self.list.itemActivated.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.text = label("", "muted", wrap=True)
        self.retract_button = button(
            "", self.retract, tip=self.tr("Take them all back: one step of undo (Ctrl+Backspace)")
        )
        for widget in (self.title, self.list, self.text, self.retract_button):
            column.addWidget(widget)
        self.bar.retract.connect(self._retract_stale)
        self.bar.keep.connect(self._keep)
        self._stale: list[int] = []
        session.selection.changed.connect(lambda _ids, _origin: self.refresh())
        session.labels_changed.connect(lambda _ids: self._labels_changed())
        session.events_changed.connect(lambda _ids: self._labels_changed())
        session.study_changed.connect(self._labels_changed)
        self._show(None)
        self._labels_changed()

    def refresh(self) -> None:
        """Read anew where the label of the first selected event is from."""
        study, ids = self._session.study, self._session.selection.ids
        if study is None or not ids:
            self._show(None)
        else:
            read = uncollected(data.read_lineage)
            self._session.tasks.submit("annotate lineage", read, study, ids[0], done=self._read)

    def _labels_changed(self) -> None:
        """Read anew what is stale as well: it takes all propagated labels."""
        study = self._session.study
        if study is not self._study:
            self._study, self._kept = study, set()
            self.bar.show_stale(0)
        self.refresh()
        if study is not None:
            read = uncollected(stale_descendants)
            self._session.tasks.submit("annotate stale", read, study, done=self._found_stale)

    def retract(self) -> None:
        """Take back all labels that descend from the human label that the selected event's label is from."""
        if self.known is not None and self.known.descendants:
            origin = self.known.origin
            self._session.edit(lambda study: retract(study, origin))

    def _read(self, known: data.Lineage) -> None:
        if isValid(self):
            self._show(known if known.event in self._session.selection.ids[:1] else None)

    def _show(self, known: data.Lineage | None) -> None:
        self.known = known
        n = len(known.descendants) if known is not None else 0
        self.setVisible(n > 0 or bool(known and known.path))
        self.path.emit(known.path if known is not None else ())
        if known is None:
            return
        self.list.clear()
        self.list.setVisible(bool(known.path))
        steps = known.path if len(known.path) <= SHOWN else [*known.path[: SHOWN - 1], known.origin]
        for place, event in enumerate(steps):
            end = self.tr(" (by hand)") if event == known.origin else ""
            item = QListWidgetItem(("↳ " if place else "") + self.tr("event {}").format(event) + end)
            item.setData(Qt.ItemDataRole.UserRole, event)
            self.list.addItem(item)
        self.title.setText(self.tr("Where its label is from") if known.path else self.tr("What its label gave"))
        one, more = self.tr("1 label descends from event {1}."), self.tr("{0} labels descend from event {1}.")
        self.text.setText((one if n == 1 else more).format(number(n), known.origin))
        self.retract_button.setText(self.tr("Retract it") if n == 1 else self.tr("Retract all {}").format(number(n)))
        self.retract_button.setEnabled(n > 0 and self._session.writable)

    def _found_stale(self, events: list[int]) -> None:
        if isValid(self):
            self._stale = [event for event in events if event not in self._kept]
            self.bar.show_stale(len(self._stale) if self._session.writable else 0)

    def _retract_stale(self) -> None:
        offered = set(self._stale)  # not what somebody kept
        self._session.edit(lambda study: retract_stale(study, only=offered))

    def _keep(self) -> None:
        self._kept |= set(self._stale)
        self.bar.show_stale(0)
