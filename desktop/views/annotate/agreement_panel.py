"""How far annotators agree on the events of the map, where they do not, and settling it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.annotation import Disagreement, RatersAgreement, adjudicate, agreement_of_raters, disagreements
from core.errors import InputError
from core.events import Agreement, Estimate
from core.study import UNSURE, Study
from desktop.services.session import Session
from desktop.widgets.parts import NOTHING, button, interval, label, number


@dataclass(frozen=True)
class Compared:
    """Agreement of all who judged events of the map, or why there is none."""

    agreement: RatersAgreement | None
    differ: list[Disagreement]
    why: str = ""


def compare(study: Study, ids: list[int]) -> Compared:
    """Compare the annotators of events (in a task)."""
    try:
        return Compared(agreement_of_raters(study, ids=ids), disagreements(study, ids=ids))
    except InputError as error:
        return Compared(None, [], f"{error.what[:1].upper()}{error.what[1:]}. {error.remedy}.")


def written(estimate: Estimate) -> str:
    """Return a figure with its interval, or why there is none."""
    if estimate.value is None:
        return f"{NOTHING} ({estimate.why})"
    if estimate.low is None or estimate.high is None:
        return f"{number(estimate.value, 2)} ({estimate.why})"
    return interval(estimate.value, (estimate.low, estimate.high), 2)


class AgreementPanel(QWidget):
    """Kappa with interval, who said what, and the disagreements one by one."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._ids: list[int] = []
        self.compared = Compared(None, [])
        self._settled: int | None = None  # the event that was settled last, until it is left behind
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(16)
        left, right, settle = QVBoxLayout(), QVBoxLayout(), QHBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        self.text, self.pair, self.table = label("", wrap=True), QComboBox(), label("", wrap=True)
        self.pair.setAccessibleName(self.tr("Which two annotators"))
        self.pair.currentIndexChanged.connect(lambda _n: self._show_pair())
        for widget in (self.text, self.pair, self.table):
            left.addWidget(widget)
        left.addStretch(1)
        words, scroll = QWidget(), QScrollArea()  # a table of many classes must not push the map away
        words.setLayout(left)
        scroll.setWidget(words)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Events of which annotators said different things"))
        self.list.currentRowChanged.connect(self._look)
        self.verdict = QComboBox()
        self.verdict.setAccessibleName(self.tr("What it is"))
        self.settle_button = button(
            self.tr("Settle"), self.settle, primary=True,
            tip=self.tr("The label of “adjudicated”; the annotators' own stay as they are. One step of undo."),
        )  # fmt: skip
        settle.addWidget(label(self.tr("It is")))
        settle.addWidget(self.verdict, 1)
        settle.addWidget(self.settle_button)
        right.addWidget(self.list, 1)
        right.addLayout(settle)
        row.addWidget(scroll, 1)
        row.addLayout(right, 1)

    def refresh(self, ids: list[int]) -> None:
        """Compare anew, on these events."""
        self._ids = ids
        if self._session.study is not None:
            self._session.tasks.submit("annotate agreement", compare, self._session.study, ids, done=self._show)

    def _show(self, compared: Compared) -> None:
        if not isValid(self):
            return
        self.compared = compared
        said, before, verdict = compared.agreement, self._event, self.verdict.currentData()
        row = self._row_after(before, self.list.currentRow())
        for box in (self.list, self.pair, self.verdict):
            box.blockSignals(True)
            box.clear()
        for c in self._session.classes:
            if c.key != UNSURE:
                self.verdict.addItem(c.title, c.key)
        for one in compared.differ:
            views = ", ".join(f"{who}: {what}" for who, what in one.said.items())
            settled = self.tr(" → settled: {}").format(one.settled) if one.settled else ""
            item = QListWidgetItem(self.tr("event {}: {}{}").format(one.event, views, settled))
            item.setData(Qt.ItemDataRole.UserRole, one.event)
            self.list.addItem(item)
        for a, b in said.pairs if said is not None else ():
            self.pair.addItem(self.tr("{} and {}").format(a, b), (a, b))
        self.list.setCurrentRow(row)
        self.verdict.setCurrentIndex(max(0, self.verdict.findData(verdict)))
        for box in (self.list, self.pair, self.verdict):
            box.blockSignals(False)
        if self._event != before:
            self._look(row)
        self.settle_button.setEnabled(bool(compared.differ) and self._session.writable)
        self.pair.setVisible(said is not None)
        if said is None:
            self.text.setText(compared.why)
        else:
            fleiss = self.tr("{} annotators; Fleiss' κ {} (95 % interval; n = {}). They differ on {} events.")
            kappa = written(said.several.kappa)
            found = fleiss.format(len(said.raters), kappa, number(said.several.n), number(len(compared.differ)))
            seen = self.tr("Not blind: the map and the table show each annotator what others said before.")
            self.text.setText(f"{found} {seen}")
        self._show_pair()

    def _show_pair(self) -> None:
        said, pair = self.compared.agreement, self.pair.currentData()
        found: Agreement | None = said.pairs.get(tuple(pair)) if said is not None and pair else None
        self.table.setVisible(found is not None)
        if found is None:
            return
        kappa = self.tr("Cohen's κ {} (n = {})").format(written(found.kappa), number(found.n))
        first, second = (escape(name) for name in pair)
        head = "".join(f"<th>{escape(c)}</th>" for c in found.classes)
        rows = "".join(
            f"<tr><th align=right>{escape(c)}</th>" + "".join(f"<td align=right>{n}</td>" for n in counts) + "</tr>"
            for c, counts in zip(found.classes, found.table.tolist(), strict=True)
        )
        title = self.tr("rows: {}, columns: {}").format(first, second)
        self.table.setText(f"{kappa}<br><i>{title}</i><table cellpadding=3><tr><th></th>{head}</tr>{rows}</table>")

    @property
    def _event(self) -> int | None:
        """The event whose verdict is being chosen."""
        item = self.list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item is not None else None

    def _row_after(self, event: int | None, place: int) -> int:
        """Return the row to look at: that of the event, or of the next open one where it has just been settled, or is gone."""
        differ = self.compared.differ
        row = next((n for n, one in enumerate(differ) if one.event == event), None)
        if event is None:
            return -1
        if row is not None and not (event == self._settled and differ[row].settled):
            return row
        self._settled = None
        waiting = [n for n, one in enumerate(differ) if not one.settled]
        after = [n for n in waiting if n >= (place if row is None else row)]
        return (after or waiting or [-1 if row is None else row])[0]

    def _look(self, row: int) -> None:
        if 0 <= row < len(self.compared.differ):
            one = self.compared.differ[row]
            self._session.selection.set((one.event,), self)
            self.verdict.setCurrentIndex(max(0, self.verdict.findData(one.settled or next(iter(one.said.values())))))

    def settle(self) -> None:
        """Settle what the chosen event is."""
        row, key = self.list.currentRow(), self.verdict.currentData()
        if 0 <= row < len(self.compared.differ) and key:
            event = self._settled = self.compared.differ[row].event
            self._session.edit(lambda study: adjudicate(study, [event], key))
