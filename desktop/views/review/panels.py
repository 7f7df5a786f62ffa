"""What stands round the pictures of Review: recordings and channels left, a toolbar above, events right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.events import EVENT_MAKERS
from core.signals import Recording
from core.study import RecordingEntry
from desktop.models.event_model import LABEL, EventModel
from desktop.services.guard import guarded
from desktop.services.session import Session
from desktop.widgets.parts import badge, button, clock, label, line, number, unit_of
from desktop.widgets.two_lines import TwoLineDelegate, two_line_item

PROGRESS_PX = 3
NARROW_PX = 380  # an events panel narrower than this leaves out where the labels are from
FROM = 5
PAGES_S = (1, 2, 5, 10, 30, 60, 300, 1800)


class RecordingsPanel(QWidget):
    """The recordings of the study, and the channels of the one that is shown."""

    channels_changed = Signal(object)

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
            label(self.tr("Ticked ones are shown; the chosen one gives the spectrogram."), "muted", wrap=True)
        )
        self.channels = QListWidget()
        self.channels.setProperty("role", "ticks")
        self.channels.setAccessibleName(
            self.tr("Channels: ticked ones are shown, the chosen one gives the spectrogram")
        )
        self.channels.itemChanged.connect(lambda _item: self.channels_changed.emit(self.ticked))
        layout.addWidget(self.channels, 2)
        for widget in (self.list, self.channels):
            widget.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_recordings(self, entries: Sequence[RecordingEntry], chosen: int) -> None:
        """List recordings and choose one, without telling."""
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            badges = (self.tr("simulated"),) * entry.simulated + (self.tr("missing"),) * entry.missing
            subject = entry.subject or self.tr("subject unknown")
            same = badges and subject == badges[0]
            note = clock(entry.duration_s) if same else f"{clock(entry.duration_s)} · {subject}"
            self.list.addItem(two_line_item(entry.name, note, badges, f"{entry.name}, {note}\n{entry.path}"))
        self.list.setCurrentRow(chosen)
        self.list.blockSignals(False)

    def show_channels(self, recording: Recording, ticked: Sequence[int], chosen: int) -> None:
        """List the channels of a recording, without telling."""
        self.channels.blockSignals(True)
        self.channels.clear()
        for n, channel in enumerate(recording.channels):
            rate = f"{number(channel.fs, 0 if channel.fs % 1 == 0 else 2)} Hz"
            item = QListWidgetItem(f"{channel.name}   {rate}")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if n in ticked else Qt.CheckState.Unchecked)
            item.setToolTip(f"{channel.name}: {channel.kind}, {unit_of(channel)}, {rate}")
            self.channels.addItem(item)
        self.channels.setCurrentRow(chosen)
        self.channels.blockSignals(False)

    @property
    def ticked(self) -> tuple[int, ...]:
        """Numbers of the ticked channels."""
        items = (self.channels.item(n) for n in range(self.channels.count()))
        return tuple(n for n, item in enumerate(items) if item.checkState() == Qt.CheckState.Checked)


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
