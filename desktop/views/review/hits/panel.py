"""The panel of the queue: card, buttons with their keys, how far one is, and the list."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.events import CANDIDATE_ORDERS
from core.study import UNSURE
from desktop.models.hits_model import VERDICT, HitsModel
from desktop.services import theme
from desktop.services.guard import guarded
from desktop.services.session import Session
from desktop.views.review.hits.card import HitsCard
from desktop.views.review.hits.keys import KEYS, VERDICT_KEYS
from desktop.views.review.own_keys import keeps
from desktop.widgets.parts import EmptyState, button, label, line, number

ROW_PX = 22
LEAST_CARD_PX, LEAST_LIST_PX = 64, 48  # what low windows with a long message leave
EMPTY_PX = 220
THIRDS = ((0, 2), (2, 2), (4, 2))
HALVES = ((0, 3), (3, 3))


class HitsList(QTableView):
    """The list; it keeps the arrow keys up and down to itself."""

    def event(self, event: QEvent) -> bool:
        return keeps(event, (Qt.Key.Key_Up, Qt.Key.Key_Down)) or super().event(event)


class CardArea(QScrollArea):
    """Holds the card, as high as that is where there is room; on low screens it scrolls, and the buttons stay in reach."""

    def sizeHint(self) -> QSize:
        card = self.widget()
        return super().sizeHint() if card is None else QSize(card.sizeHint().width(), card.sizeHint().height() + 2)


class HitsPanel(QWidget):
    """Shows the queue, and tells what is asked of it."""

    decided = Signal(str)
    taken_back = Signal()
    played = Signal()
    stepped = Signal(int)
    ordered = Signal(str)
    chosen = Signal(int)
    find_asked = Signal()
    shown = Signal()  # or hidden

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.model, self.card = HitsModel(session), HitsCard()
        self.setMinimumWidth(240)
        self.order = self._orders()
        self.counts, self.progress = label("", wrap=True), QProgressBar()
        self.counts.setTextFormat(Qt.TextFormat.RichText)
        self.progress.setAccessibleName(self.tr("Decided candidates"))
        self.buttons: dict[str, QPushButton] = {}
        self.list = self._make_list()
        self._pages, self._empty = QStackedLayout(self), QWidget()
        content = QWidget()
        column, head = QVBoxLayout(content), QHBoxLayout()
        column.setContentsMargins(4, 8, 8, 8)
        head.addWidget(line(self.tr("HITS queue"), "title"), 1)
        head.addWidget(self.order)
        column.addLayout(head)
        self._area = self._scrolled()
        column.addWidget(self._area)
        column.addLayout(self._make_buttons())
        column.addWidget(self.progress)
        column.addWidget(self.counts)
        column.addWidget(self.list, 1)
        for page in (content, self._empty):
            self._pages.addWidget(page)

    def _orders(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Order of the queue"))
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for n, (key, entry) in enumerate(CANDIDATE_ORDERS.items()):
            box.addItem(self.tr(entry.title), key)
            box.setItemData(n, self.tr(entry.help), Qt.ItemDataRole.ToolTipRole)
        box.activated.connect(lambda n: self.ordered.emit(box.itemData(n)))
        return box

    def _scrolled(self) -> QScrollArea:
        area = CardArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(LEAST_CARD_PX)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.card)
        return area

    def _make_buttons(self) -> QGridLayout:
        grid, tr = QGridLayout(), self.tr
        grid.setSpacing(4)
        titles = {
            "embolus": tr("Embolus"), "artefact": tr("Artefact"), "solid": tr("Solid"), "gaseous": tr("Gaseous"),
            UNSURE: tr("Unsure"),
        }  # fmt: skip
        rows = (
            (HALVES, [(verdict, titles[verdict]) for verdict in ("embolus", "artefact")]),
            (THIRDS, [(verdict, titles[verdict]) for verdict in ("solid", "gaseous", UNSURE)]),
            (THIRDS, [("previous", tr("Previous")), ("play", tr("Play")), ("next", tr("Next"))]),
            (((0, 6),), [("back", tr("Take the verdict back"))]),
        )
        for row, (places, several) in enumerate(rows):
            for (at, wide), (name, title) in zip(places, several, strict=True):
                made = button(f"{title}   {KEYS[f'review.hits_{name}']}", lambda n=name: self._pressed(n))
                made.setAccessibleName(title)
                made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that the keys go on meaning the queue after a click
                made.setMinimumWidth(60)
                grid.addWidget(made, row, at, 1, wide)
                self.buttons[name] = made
        self.buttons["next"].setToolTip(tr("The next one that is undecided"))
        self.buttons["play"].setToolTip(tr("Play it with half a second before and after it, or stop"))
        self.buttons["back"].setToolTip(tr("Of this candidate; of an undecided one, of the one decided last"))
        return grid

    def _pressed(self, name: str) -> None:
        if name in VERDICT_KEYS:
            self.decided.emit(name)
            return
        {
            "play": self.played.emit, "back": self.taken_back.emit,
            "next": lambda: self.stepped.emit(1), "previous": lambda: self.stepped.emit(-1),
        }[name]()  # fmt: skip

    def _make_list(self) -> HitsList:
        made = HitsList()
        made.setAccessibleName(self.tr("Candidates"))
        made.setModel(self.model)
        made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.setWordWrap(False)
        made.setTabKeyNavigation(False)
        made.setMinimumHeight(LEAST_LIST_PX)
        made.verticalHeader().hide()
        made.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        made.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = made.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column, text in enumerate(("10000", "0:00:00.0", f"{self.model.headers[2]}0", "> 99 %")):
            made.setColumnWidth(column, made.fontMetrics().horizontalAdvance(text) + 8)
        header.setSectionResizeMode(VERDICT, QHeaderView.ResizeMode.Stretch)
        made.selectionModel().currentRowChanged.connect(self._row_chosen)
        return made

    def _row_chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self.chosen.emit(self.model.event_at(now.row()))

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    @guarded
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.shown.emit()

    # What it shows

    def show_empty(self, title: str, text: str, action: str = "") -> None:
        """Show why there is nothing to decide, and perhaps what can be done."""
        self._pages.removeWidget(self._empty)
        self._empty.deleteLater()
        self._empty = EmptyState(title, text, action, self.find_asked.emit, width=EMPTY_PX)
        self._pages.addWidget(self._empty)
        self._pages.setCurrentIndex(1)

    def show_queue(self, place: int | None, writable: bool) -> None:
        """Show the candidate at a place, and how far one is."""
        model = self.model
        self._pages.setCurrentIndex(0)
        for name, made in self.buttons.items():
            made.setEnabled(writable or name in ("play", "next", "previous"))
        self.order.setCurrentIndex(self.order.findData(model.order))
        self.progress.setRange(0, max(len(model), 1))
        self.progress.setValue(model.n_decided)
        self.progress.setFormat(self.tr("{} of {} decided").format(number(model.n_decided), number(len(model))))
        self.counts.setText(self._counted())
        if place is None:
            return
        verdict = model.verdicts.get(model.event_at(place), "")
        self.card.show_candidate(model.found, model.row_at(place), place)
        self.card.show_verdict(verdict, self._session.position_of(verdict))
        self._area.updateGeometry()
        self.buttons["back"].setEnabled(writable and model.n_decided > 0)
        if self.list.currentIndex().row() != place:
            self.list.selectionModel().blockSignals(True)
            self.list.selectRow(place)
            self.list.selectionModel().blockSignals(False)
            self.list.scrollTo(model.index(place, 0))
            self.list.viewport().update()

    def _counted(self) -> str:
        """Return how many have which verdict, with the shapes of the classes in their colours."""
        parts = []
        for verdict, n in self.model.counts.items():
            position = self._session.position_of(verdict)
            shape = f'<span style="color:{theme.class_colour(position)}">{theme.class_shape(position)}</span>'
            parts.append(f"{shape}&nbsp;{escape(verdict)}&nbsp;<b>{number(n)}</b>")
        left = len(self.model) - self.model.n_decided
        parts.append(f"{self.tr('undecided')}&nbsp;<b>{number(left)}</b>")
        return " &nbsp; ".join(parts)
