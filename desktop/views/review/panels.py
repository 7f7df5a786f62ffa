"""What stands left of the pictures of Review: recordings and channels."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.signals import Recording
from core.study import RecordingEntry
from desktop.views.review.channel_buttons import ChannelButtons
from desktop.views.review.data import COMING
from desktop.widgets.parts import clock, label, number, unit_of
from desktop.widgets.two_lines import TwoLineDelegate, two_line_item

CHANNEL, NAME = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class RecordingsPanel(QWidget):
    """The recordings of the study, and the channels of the one that is shown."""

    channels_changed = Signal(object)
    order_changed = Signal(object)
    channel_chosen = Signal(int)
    menu_asked = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[RecordingEntry] = ()
        self._missing: frozenset[int] = frozenset()
        self.setMinimumWidth(170)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 4, 8)
        layout.addWidget(label(self.tr("Recordings"), "title"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Recordings"))
        self.list.setItemDelegate(TwoLineDelegate(self.list))
        layout.addWidget(self.list, 3)
        self.buttons = ChannelButtons()
        layout.addWidget(self.buttons)
        self.channels = QListWidget()
        self.channels.setProperty("role", "ticks")
        self.channels.setAccessibleName(
            self.tr("Channels: ticked ones are shown, the chosen one gives the spectrogram")
        )
        self.channels.setToolTip(self.buttons.title.toolTip())
        self.channels.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.channels.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.channels.itemChanged.connect(lambda _item: self.channels_changed.emit(self.ticked))
        self.channels.model().rowsMoved.connect(lambda *_: self.order_changed.emit(self.order))
        self.channels.currentItemChanged.connect(
            lambda item, _before: self.channel_chosen.emit(item.data(CHANNEL) if item is not None else -1)
        )
        self.channels.customContextMenuRequested.connect(self._ask_menu)
        layout.addWidget(self.channels, 2)
        for widget in (self.list, self.channels):
            widget.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_recordings(self, entries: Sequence[RecordingEntry], chosen: int) -> None:
        """List recordings and choose one, without telling."""
        self._entries = entries
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            badges = (self.tr("simulated"),) * entry.simulated + (self.tr("missing"),) * (entry.id in self._missing)
            badges += (self.tr("being added"),) * (entry.id == COMING)
            subject = entry.subject or self.tr("subject unknown")
            same = badges and subject == badges[0]
            note = clock(entry.duration_s) if same else f"{clock(entry.duration_s)} · {subject}"
            self.list.addItem(two_line_item(entry.name, note, badges, f"{entry.name}, {note}\n{entry.path}"))
        self.list.setCurrentRow(chosen)
        self.list.blockSignals(False)

    def show_missing(self, ids: frozenset[int]) -> None:
        """Say of which recordings the files are gone."""
        if ids != self._missing:
            self._missing = ids
            self.show_recordings(self._entries, self.list.currentRow())

    def show_channels(
        self, recording: Recording, order: Sequence[int], ticked: Sequence[int], chosen: int, bad: Collection[str]
    ) -> None:
        """List the channels of a recording, without telling."""
        self.clear_channels()
        self.channels.blockSignals(True)
        for n in order:
            channel = recording.channels[n]
            rate = f"{number(channel.fs, 0 if channel.fs % 1 == 0 else 2)} Hz"
            item = QListWidgetItem(f"{channel.name}   {rate}")
            item.setData(CHANNEL, n)
            item.setData(NAME, channel.name)
            flags = item.flags() | Qt.ItemFlag.ItemIsUserCheckable
            item.setFlags(flags & ~Qt.ItemFlag.ItemIsDropEnabled)  # dropped between others, not on one
            item.setToolTip(f"{channel.name}: {channel.kind}, {unit_of(channel)}, {rate}")
            self.channels.addItem(item)
        self.channels.blockSignals(False)
        self.tick(ticked, bad)
        self.choose_channel(chosen)

    def clear_channels(self) -> None:
        """List no channels, without telling."""
        self.channels.blockSignals(True)
        self.channels.clear()
        self.channels.blockSignals(False)
        self.buttons.show_shown((), (), 1)

    def tick(self, ticked: Sequence[int], bad: Collection[str]) -> None:
        """Tick channels and strike out the bad ones, without telling."""
        self.channels.blockSignals(True)
        for item in self._items:
            on = item.data(CHANNEL) in ticked
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            font = item.font()
            font.setStrikeOut(item.data(NAME) in bad)
            item.setFont(font)
        self.channels.blockSignals(False)

    def choose_channel(self, channel: int) -> None:
        """Choose a channel, without telling."""
        self.channels.blockSignals(True)
        for item in self._items:
            if item.data(CHANNEL) == channel:
                self.channels.setCurrentItem(item)
        self.channels.blockSignals(False)

    def move_chosen(self, direction: int) -> None:
        """Move the chosen channel one place down the list, or with -1 up, as dragging it does."""
        row, top = self.channels.currentRow(), QModelIndex()
        if row >= 0 and 0 <= row + direction < self.channels.count():
            self.channels.model().moveRow(top, row, top, row + direction + (direction > 0))  # before which one

    def _ask_menu(self, at: QPoint) -> None:
        item = self.channels.itemAt(at)
        if item is not None:
            self.menu_asked.emit(self.channels.viewport().mapToGlobal(at), item.data(NAME))

    @property
    def _items(self) -> list[QListWidgetItem]:
        return [self.channels.item(n) for n in range(self.channels.count())]

    @property
    def order(self) -> tuple[int, ...]:
        """Numbers of all channels in the order of the list."""
        return tuple(item.data(CHANNEL) for item in self._items)

    @property
    def ticked(self) -> tuple[int, ...]:
        """Numbers of the ticked channels."""
        return tuple(item.data(CHANNEL) for item in self._items if item.checkState() == Qt.CheckState.Checked)
