"""Above the list of channels: which of how many are shown, and what shows others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QToolButton, QVBoxLayout, QWidget

from desktop.widgets.parts import label, number

FEW = 4  # channels that nobody goes through in groups


class ChannelButtons(QWidget):
    """Title and buttons: all, none, groups of so many rows after each other."""

    stepped = Signal(int)
    all_asked = Signal()
    none_asked = Signal()
    number_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row.setSpacing(4)
        self.title = label(self.tr("Channels"), "title", wrap=True)
        tip = self.tr(
            "Tick what is shown, drag to reorder (Ctrl+Shift+Up, Down); the chosen one gives the spectrogram."
        )
        self.title.setToolTip(tip)
        self.rows = QSpinBox()
        self.rows.setAccessibleName(self.tr("Rows at once"))
        self.rows.setToolTip(self.tr("Rows at once: how many channels a group has"))
        self.rows.setMinimum(1)
        self.rows.setKeyboardTracking(False)
        self.rows.valueChanged.connect(self.number_chosen)
        self.all = self._button(self.tr("All"), self.tr("Show all channels"), self.all_asked.emit)
        self.none = self._button(self.tr("None"), self.tr("Show no channel, to tick a few"), self.none_asked.emit)
        self.previous = self._button(
            "▲", self.tr("Previous channels (Shift+PgUp)"), lambda: self.stepped.emit(-1)
        )  # fmt: skip
        self.next = self._button("▼", self.tr("Next channels (Shift+PgDown)"), lambda: self.stepped.emit(1))
        for widget in (self.all, self.none, self.previous, self.next):
            row.addWidget(widget)
        row.addStretch(1)
        self.at_once = QWidget()
        below = QHBoxLayout(self.at_once)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(label(self.tr("Rows at once"), "muted"))
        below.addWidget(self.rows)
        below.addStretch(1)
        column.addWidget(self.title)
        column.addLayout(row)
        column.addWidget(self.at_once)

    @staticmethod
    def _button(text: str, tip: str, run: Callable[[], object]) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.clicked.connect(lambda _checked=False: run())
        return made

    def show_shown(self, order: Sequence[int], shown: Sequence[int], group: int) -> None:
        """Say which channels are shown, and offer the others, without telling."""
        self.title.setText(self.said(order, shown))
        for widget in (self.all, self.none, self.previous, self.next):
            widget.setVisible(len(order) > 1)
        self.at_once.setVisible(len(order) > FEW)
        self.all.setEnabled(len(shown) < len(order))
        self.none.setEnabled(bool(shown))
        self.rows.blockSignals(True)
        self.rows.setMaximum(max(1, len(order)))
        self.rows.setValue(group)
        self.rows.blockSignals(False)
        self.previous.setEnabled(bool(shown) and order[0] not in shown)
        self.next.setEnabled(len(shown) < len(order) and (not shown or order[-1] not in shown))

    def said(self, order: Sequence[int], shown: Sequence[int]) -> str:
        """Return which channels are shown: by their places in the list where they follow each other, else how many."""
        total = number(len(order))
        if len(shown) == len(order):
            return self.tr("Channels: all {} shown").format(total) if len(order) > 1 else self.tr("Channels")
        places = sorted(order.index(n) + 1 for n in shown)
        if len(places) > 1 and places[-1] - places[0] == len(places) - 1:
            return self.tr("Channels {}–{} of {} shown").format(number(places[0]), number(places[-1]), total)
        if len(places) == 1:
            return self.tr("Channel {} of {} shown").format(number(places[0]), total)
        return self.tr("{} of {} channels shown").format(number(len(places)), total)
