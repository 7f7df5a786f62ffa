"""What stands beside the pictures of Review: recordings and channels left, events right."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.signals import Recording
from core.study import RecordingEntry
from desktop.models.event_model import LABEL, EventModel
from desktop.services.guard import guarded
from desktop.services.session import Session
from desktop.views.review.data import COMING
from desktop.widgets.parts import clock, label, line, number, unit_of
from desktop.widgets.two_lines import TwoLineDelegate, two_line_item

NARROW_PX = 380  # an events panel narrower than this leaves out where the labels are from
FROM = 5
CHANNEL, NAME = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class RecordingsPanel(QWidget):
    """The recordings of the study, and the channels of the one that is shown."""

    channels_changed = Signal(object)
    order_changed = Signal(object)
    channel_chosen = Signal(int)
    menu_asked = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(170)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 4, 8)
        layout.addWidget(label(self.tr("Recordings"), "title"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Recordings"))
        self.list.setItemDelegate(TwoLineDelegate(self.list))
        layout.addWidget(self.list, 3)
        layout.addWidget(label(self.tr("Channels"), "title"))
        layout.addWidget(
            label(
                self.tr("Tick what is shown, drag to reorder; the chosen one gives the spectrogram."),
                "muted",
                wrap=True,
            )
        )
        self.channels = QListWidget()
        self.channels.setProperty("role", "ticks")
        self.channels.setAccessibleName(
            self.tr("Channels: ticked ones are shown, the chosen one gives the spectrogram")
        )
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
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            badges = (self.tr("simulated"),) * entry.simulated + (self.tr("missing"),) * entry.missing
            badges += (self.tr("being added"),) * (entry.id == COMING)
            subject = entry.subject or self.tr("subject unknown")
            same = badges and subject == badges[0]
            note = clock(entry.duration_s) if same else f"{clock(entry.duration_s)} · {subject}"
            self.list.addItem(two_line_item(entry.name, note, badges, f"{entry.name}, {note}\n{entry.path}"))
        self.list.setCurrentRow(chosen)
        self.list.blockSignals(False)

    def show_channels(
        self, recording: Recording, order: Sequence[int], ticked: Sequence[int], chosen: int, bad: Collection[str]
    ) -> None:
        """List the channels of a recording, without telling."""
        self.channels.blockSignals(True)
        self.channels.clear()
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


class EventsPanel(QWidget):
    """The events of the recording as a table with a filter; the keyboard's twin of the traces."""

    chosen = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.model = EventModel(session)
        self._restoring = False
        self.setMinimumWidth(240)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 8, 8)
        self.count = line("", "title")
        layout.addWidget(self.count)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Filter by kind, label or origin (Ctrl+F)"))
        self.filter.setAccessibleName(self.tr("Filter events"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setAcceptDrops(False)  # a file that is dropped here is meant for the window
        self.filter.textChanged.connect(self._filter)
        layout.addWidget(self.filter)
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Events"))
        self.table.setModel(self.model)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setSectionResizeMode(LABEL, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for column, width in enumerate((48, 60, 38, 54, 76, 90)):
            self.table.setColumnWidth(column, width)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._selected())
        layout.addWidget(self.table, 1)

    def make_room(self) -> None:
        """Make the columns of numbers as wide as the largest ones need, but leave room for the labels."""
        latest, longest = self.model.extremes
        for column, text, least, most in ((1, clock(latest, 2), 60, 96), (2, number(1000 * longest), 38, 54)):
            width = self.table.fontMetrics().horizontalAdvance(text) + 14
            self.table.setColumnWidth(column, min(max(least, width), most))

    @guarded
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.setColumnHidden(FROM, self.width() < NARROW_PX)

    def show_count(self) -> None:
        """Say how many events are shown and labelled."""
        shown = len(self.model.ids)
        self.count.setText(self.tr("{} events, {} labelled").format(number(shown), number(self.model.labelled)))

    def select(self, ids: Sequence[int]) -> None:
        """Select the rows of events, without telling; of many only the first is marked."""
        rows = [row for row in (self.model.row_of(i) for i in ids[:1]) if row is not None]
        self._restoring = True
        self.table.clearSelection()
        for row in rows:
            self.table.selectRow(row)
        self._restoring = False

    def _selected(self) -> None:
        if not self._restoring:
            rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
            self.chosen.emit(self.model.ids[rows].tolist())

    def _filter(self, text: str) -> None:
        self.model.set_filter(text)
        self.show_count()
