"""The events of the recording as a table with a filter; the keyboard's twin of the traces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from desktop.models.event_facts import length_text
from desktop.models.event_model import CHANNEL, COMMENT, FROM, KIND, LABEL, LENGTH, TIME, EventModel
from desktop.services.guard import guarded
from desktop.services.session import Session
from desktop.views.review.own_keys import keeps
from desktop.widgets.parts import button, clock, label, line, number

# The least width of each column, px, in the order in which they give way where there is no room.
LEAST = {TIME: 64, LENGTH: 60, LABEL: 62, KIND: 52, CHANNEL: 64, COMMENT: 110, FROM: 92}
SCROLL_PX = 18
ROW_PX = 22
Flag = QItemSelectionModel.SelectionFlag


def _columns(stored: object) -> list[int]:
    """Return columns from settings, which keep a list of one as that one."""
    several = stored if isinstance(stored, list) else [] if stored is None else [stored]
    return [int(c) for c in several if str(c).isdigit() and int(c) in LEAST]


class EventsTable(QTableView):
    """A table that keeps the arrow keys up and down to itself, and tells when an event is to be shown."""

    shown = Signal(int)

    def event(self, event: QEvent) -> bool:
        return keeps(event, (Qt.Key.Key_Up, Qt.Key.Key_Down)) or super().event(event)

    @guarded
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.shown.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)


class FilterBox(QLineEdit):
    """The filter; arrow down goes on in the table, Escape clears it."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        return keeps(event, (Qt.Key.Key_Down, Qt.Key.Key_Escape)) or super().event(event)

    @guarded
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)


class EventsPanel(QWidget):
    """Count, filter and table of events. `chosen` tells the ids of selected rows, `shown` that of one to go to."""

    chosen = Signal(object)
    shown = Signal(int)
    counted = Signal()
    show_all = Signal()
    menu_asked = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.model = EventModel(session)
        self._restoring, self._scrolled = False, 0
        self._wished: list[int] = _columns(session.settings.value("review/event_columns"))
        self.setMinimumWidth(240)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 8, 8)
        self.count, self.hidden = line("", "title"), label("", "muted", wrap=True)
        self.all = button(
            self.tr("Show all"), self.show_everything, tip=self.tr("Clear the filter and show all layers (Shift+H)")
        )
        self.why = QWidget()
        row = QHBoxLayout(self.why)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.hidden, 1)
        row.addWidget(self.all)
        self.why.hide()
        self.came, self.take = label("", "muted", wrap=True), button("", lambda: None, primary=True)
        self.take.setToolTip(self.tr("Make labelled events of them: one step of undo. Also under Find events."))
        self.came.hide()
        self.take.hide()
        self.filter, self.table = self._make_filter(), self._make_table()
        for widget in (self.count, self.why, self.came, self.take, self.filter):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)

    def _make_filter(self) -> FilterBox:
        made = FilterBox()
        made.setPlaceholderText(self.tr("Filter (Ctrl+F): V, label:V, >100ms…"))
        made.setToolTip(
            self.tr(
                "Words are looked for in all columns; all of them must fit.\n"
                "label:V  kind:hits  channel:Fp1  by:Ana  source:imported  comment:artefact\n"
                "labelled  unlabelled  commented\n"
                '>100ms  <2s  (length)    12:30  (time)    "two words"\n'
                "Arrow down goes to the table, Escape clears."
            )
        )
        made.setAccessibleName(self.tr("Filter events"))
        made.setClearButtonEnabled(True)
        made.setAcceptDrops(False)  # a file that is dropped here is meant for the window
        made.textChanged.connect(self._filter)
        made.left.connect(self._enter_table)
        return made

    def _make_table(self) -> EventsTable:
        table = EventsTable()
        table.setAccessibleName(self.tr("Events"))
        table.setModel(self.model)
        table.setSortingEnabled(True)
        table.sortByColumn(TIME, Qt.SortOrder.AscendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        # To paint itself, a header asks whether all rows of each column are selected; this one never knows of any.
        header.setSelectionModel(QItemSelectionModel(self.model, header))
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self._choose_columns(header.mapToGlobal(at)))
        table.doubleClicked.connect(self._double_clicked)
        table.shown.connect(lambda row: self.shown.emit(int(self.model.ids[row])))
        table.customContextMenuRequested.connect(lambda at: self.menu_asked.emit(table.viewport().mapToGlobal(at)))
        table.selectionModel().selectionChanged.connect(lambda *_: self._selected())
        self.model.modelAboutToBeReset.connect(self._keep_place)
        self.model.modelReset.connect(self._find_place)
        return table

    # Columns

    @guarded
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.make_room()

    def make_room(self) -> None:
        """Show the columns that were chosen, or as many as there is room for; the last of comment and label takes the rest."""
        latest, longest = self.model.extremes
        wide = dict(LEAST)
        for column, text in ((TIME, clock(latest, 2)), (LENGTH, length_text(longest))):
            wide[column] = max(LEAST[column], self.table.fontMetrics().horizontalAdvance(text) + 14)
        room, fitting = self.width() - 12 - SCROLL_PX, []
        for column, width in wide.items():
            if sum(wide[c] for c in fitting) + width > room:
                break
            fitting.append(column)
        shown = set(self._wished or fitting or [TIME])
        widest = next((c for c in (COMMENT, LABEL) if c in shown), max(shown))
        rest = room - sum(wide[c] for c in shown)
        for column in wide:
            self.table.setColumnHidden(column, column not in shown)
            self.table.setColumnWidth(column, wide[column] + max(0, rest) * (column == widest))

    def _choose_columns(self, at: QPoint) -> None:
        menu = QMenu(self)
        shown = [c for c in LEAST if not self.table.isColumnHidden(c)]
        for column in sorted(LEAST):
            action = menu.addAction(self.model.headers[column])
            action.setCheckable(True)
            action.setChecked(column in shown)
            action.setEnabled(shown != [column])
            action.triggered.connect(
                lambda on, c=column: self.use_columns([*shown, c] if on else [x for x in shown if x != c])
            )
        menu.addSeparator()
        menu.addAction(self.tr("As many as there is room for"), lambda: self.use_columns([]))
        menu.exec(at)

    def use_columns(self, columns: Sequence[int]) -> None:
        """Show these columns from now on; without any, as many as there is room for."""
        self._wished = sorted(columns)
        self._session.settings.setValue("review/event_columns", self._wished)
        self.make_room()

    # Counts and filter

    def show_unseen(self, n: int) -> None:
        """Say that events are kept of a recording that cannot be shown."""
        said = self.tr("1 event is kept") if n == 1 else self.tr("{} events are kept").format(number(n))
        self.count.setText(said if n else self.tr("No events"))
        self.why.setVisible(False)

    def show_count(self, total: int, hidden: str) -> None:
        """Say how many of a recording's events are shown and labelled, and what hides the rest; `hidden` says by what layers."""
        shown, labelled = len(self.model.ids), number(self.model.labelled)
        if shown == total == 1:
            self.count.setText(self.tr("1 event, {} labelled").format(labelled))
        elif shown == total:
            self.count.setText(self.tr("{} events, {} labelled").format(number(total), labelled))
        else:
            self.count.setText(self.tr("{} of {} events shown").format(number(shown), number(total)))
        by = [hidden] if hidden else []
        if self.model.n_filtered:
            by.append(self.tr("{} by the filter").format(number(self.model.n_filtered)))
        self.hidden.setText(self.tr("Hidden: {}").format(", ".join(by)))
        self.why.setVisible(bool(by))

    def offer_annotations(self, said: str, action: str) -> None:
        """Offer annotations that came with the recording; with nothing to say, offer none."""
        self.came.setText(said)
        self.take.setText(action)
        self.take.setAccessibleName(action)
        for widget in (self.came, self.take):
            widget.setVisible(bool(said))

    def _filter(self, text: str) -> None:
        self.model.set_filter(text)
        self.counted.emit()

    def show_everything(self) -> None:
        """Clear the filter, and ask for all layers."""
        self.filter.clear()
        self.show_all.emit()

    # Rows

    def select(self, ids: Sequence[int]) -> None:
        """Select the rows of events, without telling, and bring the first one into view."""
        rows = self.model.rows_of(ids)
        first = self.model.row_of(ids[0]) if len(rows) else None
        chosen = QItemSelection()
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []:
            chosen.select(self.model.index(int(run[0]), 0), self.model.index(int(run[-1]), COMMENT))
        self._restoring = True
        selection = self.table.selectionModel()
        selection.select(chosen, Flag.ClearAndSelect)
        at = self.model.index(int(rows[0] if first is None else first), TIME) if len(rows) else QModelIndex()
        selection.setCurrentIndex(at, Flag.NoUpdate)
        self._restoring = False
        if at.isValid():
            self.table.scrollTo(at)

    def _selected(self) -> None:
        if self._restoring:
            return
        spans = [np.arange(part.top(), part.bottom() + 1) for part in self.table.selectionModel().selection()]
        rows = np.unique(np.concatenate(spans)) if spans else np.empty(0, np.intp)
        current = self.table.currentIndex().row()
        if current in rows:  # what was chosen last is shown first
            rows = np.concatenate([[current], rows[rows != current]])
        self.chosen.emit(self.model.ids[rows].tolist())

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() != COMMENT:
            self.shown.emit(int(self.model.ids[index.row()]))

    def _enter_table(self) -> None:
        self.table.setFocus()
        if not self.table.selectionModel().hasSelection() and self.model.rowCount():
            self.table.selectRow(0)

    def _keep_place(self) -> None:
        self._scrolled = self.table.verticalScrollBar().value()

    def _find_place(self) -> None:
        self.table.verticalScrollBar().setValue(self._scrolled)
        self.select(self._session.selection.ids)
