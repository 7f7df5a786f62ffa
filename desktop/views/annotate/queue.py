"""What to label next: a queue that says why each event is asked. A class key labels it and goes on to the next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.annotation import QUERIES, Asked
from desktop.services.session import Session
from desktop.widgets.choices import offer
from desktop.widgets.parts import button, label, number


class LabelNext(QWidget):
    """`wanted` (key of `QUERIES`) asks for a queue; `went` (event) tells that another is looked at."""

    wanted = Signal(str)
    went = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.asked: list[Asked] = []
        column, head = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(12, 8, 12, 8)
        self.query = QComboBox()
        self.query.setAccessibleName(self.tr("How the next events are chosen"))
        offer(self.query, QUERIES)
        self.query.setCurrentIndex(max(0, self.query.findData("density")))
        self.query.activated.connect(lambda _n: self.ask())
        self.ask_button = button(self.tr("Ask"), self.ask, primary=True, tip=self.tr("Make the queue anew (J)"))
        self.text = label(
            self.tr("Press Ask; then a class key labels the event and goes on to the next."), "muted", wrap=True
        )
        head.addWidget(self.query)
        head.addWidget(self.ask_button)
        head.addWidget(self.text, 1)
        column.addLayout(head)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Events to label next, each with its reason"))
        self.list.currentRowChanged.connect(self._look)
        column.addWidget(self.list, 1)
        session.labels_changed.connect(lambda _ids: self._labelled())

    def ask(self) -> None:
        """Ask for the queue of the chosen kind."""
        self.wanted.emit(self.query.currentData())

    def clear(self) -> None:
        """Ask for nothing: the map is another."""
        self.show_asked([])
        self.text.setText(self.tr("Press Ask; then a class key labels the event and goes on to the next."))

    def show_asked(self, asked: list[Asked]) -> None:
        """Show another queue, and look at its first event."""
        self.asked = asked
        self.list.blockSignals(True)
        self.list.clear()
        for one in asked:
            item = QListWidgetItem(self.tr("event {}: {}").format(one.id, one.why))
            item.setData(Qt.ItemDataRole.UserRole, one.id)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.text.setText(self._left(len(asked)))
        if asked:
            self.list.setCurrentRow(0)
            self._look(0)

    def show_error(self, error: Exception) -> None:
        """Say why there is no queue."""
        if isValid(self):
            self.show_asked([])
            self.text.setText(str(error))

    def _left(self, n: int) -> str:
        if not n:
            return self.tr("Nothing is left to ask.")
        return self.tr("{} to go. A class key labels the event and goes on; 0: unsure.").format(number(n))

    def _look(self, row: int) -> None:
        if 0 <= row < len(self.asked):
            event = self.asked[row].id
            self._session.selection.set((event,), self)
            self.went.emit(event)

    def _labelled(self) -> None:
        """Take what has a label now out of the queue, and go on."""
        if not self.asked:
            return
        events = self._session.events
        labelled = set(events.id[events.label != ""].tolist())
        rest = [one for one in self.asked if one.id not in labelled]
        if len(rest) == len(self.asked):
            return
        here = self.asked[self.list.currentRow()].id if self.list.currentRow() >= 0 else None
        moved = here in labelled
        place = self.list.currentRow()
        gone = sum(one.id in labelled for one in self.asked[:place])
        self.asked = rest
        self.list.blockSignals(True)
        for row in reversed(range(self.list.count())):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) in labelled:
                self.list.takeItem(row)
        self.list.setCurrentRow(min(place - gone, len(rest) - 1))
        self.list.blockSignals(False)
        self.text.setText(self._left(len(rest)))
        if moved and rest:
            self._look(self.list.currentRow())
