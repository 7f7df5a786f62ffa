"""A montage of one's own: derivations in a table, tried as they are written, kept with the study."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.signals import MONTAGES, Derivation, Montage, Recording, make_montage
from desktop.services import theme
from desktop.views.review.formulas import problem_of, understood, written
from desktop.widgets.parts import button, label, number

NAME, SUM, PROBLEM = range(3)


class MontageDialog(QDialog):
    """Edits a montage for the channels of a recording, from usual ones that fit or those `saved`; `montage` is what was made."""

    def __init__(
        self,
        recording: Recording,
        bad: Sequence[str],
        fitting: Sequence[str],
        saved: Sequence[Montage],
        now: Montage,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._recording, self._bad, self._fitting = recording, list(bad), fitting
        self._saved = {m.name: m for m in saved}
        self._filling = False
        self.setWindowTitle(self.tr("A montage of your own"))
        self.resize(720, 560)
        layout = QVBoxLayout(self)
        text = self.tr(
            "Each derivation is a sum of channels, such as Fp1 − F7 or Cz − 0.5 A1 − 0.5 A2. What is stored stays as it is."
        )
        layout.addWidget(label(text, "muted", wrap=True))
        layout.addLayout(self._head())
        self.table = self._table()
        layout.addWidget(self.table, 1)
        layout.addLayout(self._tools())
        self.said = label("", wrap=True)
        layout.addWidget(self.said)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setText(self.tr("Save and use"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        named = not now.derivations or now.name in self._saved
        changed = self.tr("{} (changed)").format(now.name)
        self.load(Montage((now.name if now.derivations else "") if named else changed, now.derivations))
        self.name.setFocus()

    # Building

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.name, self.start = QLineEdit(), QComboBox()
        self.name.setPlaceholderText(self.tr("such as Temporal chains"))
        self.start.addItem(self.tr("choose…"))
        for key in self._fitting:
            self.start.addItem(self.tr(MONTAGES[key].title), key)
            self.start.setItemData(self.start.count() - 1, self.tr(MONTAGES[key].help), Qt.ItemDataRole.ToolTipRole)
        if self._saved:
            self.start.insertSeparator(self.start.count())
        for name in self._saved:
            self.start.addItem(name, self._saved[name])
        for title, widget, stretch in ((self.tr("&Name"), self.name, 2), (self.tr("Start &from"), self.start, 1)):
            said = label(title)
            said.setBuddy(widget)
            widget.setAccessibleName(title.replace("&", ""))
            row.addWidget(said)
            row.addWidget(widget, stretch)
        self.name.textChanged.connect(lambda _text: self._check())
        self.start.activated.connect(lambda n: self._start_from(self.start.itemData(n)))
        return row

    def _table(self) -> QTableWidget:
        table = QTableWidget(0, 3)
        table.setAccessibleName(self.tr("Derivations"))
        table.setHorizontalHeaderLabels((self.tr("Derivation"), self.tr("Sum of channels"), self.tr("To mend")))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        table.setTabKeyNavigation(True)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        table.horizontalHeader().setSectionResizeMode(SUM, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setHighlightSections(False)
        table.setColumnWidth(NAME, 130)
        table.setColumnWidth(PROBLEM, 220)
        table.itemChanged.connect(self._edited)
        for keys, run in (("Ctrl+N", self.add_row), ("Ctrl+Del", self.remove_rows)):
            QShortcut(QKeySequence(keys), self, run)
        return table

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.channel, self.weight = QComboBox(), QDoubleSpinBox()
        self.channel.setAccessibleName(self.tr("Channel"))
        self.channel.setToolTip(self.tr("A channel to sum"))
        self.channel.addItems([channel.name for channel in self._recording.channels])
        self.weight.setAccessibleName(self.tr("Weight"))
        self.weight.setToolTip(self.tr("What the channel is multiplied by before it is summed"))
        self.weight.setRange(-1000, 1000)
        self.weight.setDecimals(3)
        self.weight.setValue(1)
        self.weight.setPrefix("× ")
        tools = (
            button(self.tr("Add a derivation"), self.add_row, tip=self.tr("A new row (Ctrl+N)")),
            button(self.tr("Remove"), self.remove_rows, tip=self.tr("The selected rows (Ctrl+Del)")),
        )
        insert = button(self.tr("Sum it"), self.insert_channel, tip=self.tr("Add the channel to the chosen derivation"))
        for made in (*tools, insert):
            made.setAutoDefault(False)
        for made in tools:
            row.addWidget(made)
        row.addStretch(1)
        for widget in (self.channel, self.weight, insert):
            row.addWidget(widget)
        return row

    # Editing

    def load(self, montage: Montage) -> None:
        """Fill the table with a montage."""
        self._filling = True
        self.table.setRowCount(0)
        for derivation in montage.derivations:
            self._append(derivation.name, written(derivation))
        self.name.setText(montage.name)
        self._filling = False
        self._check()

    def _start_from(self, chosen: str | Montage | None) -> None:
        if isinstance(chosen, Montage):
            self.load(chosen)
        elif chosen is not None:
            made = make_montage(chosen, self._recording, self._bad)
            if not made.derivations:  # as recorded: every channel as it is
                rows = tuple(Derivation(c.name, ((c.name, 1.0),)) for c in self._recording.channels)
                made = Montage(made.name, rows)
            self.load(Montage(self.tr("{} (changed)").format(made.name), made.derivations))

    def _append(self, name: str, formula: str) -> int:
        row, filling, self._filling = self.table.rowCount(), self._filling, True
        self.table.insertRow(row)
        for column, text in ((NAME, name), (SUM, formula), (PROBLEM, "")):
            item = QTableWidgetItem(text)
            if column == PROBLEM:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                item.setForeground(QColor(theme.token("bad")))
            self.table.setItem(row, column, item)
        self._filling = filling
        return row

    def add_row(self) -> None:
        """Add a derivation and write its sum."""
        row = self._append("", "")
        self._check()
        self.table.setCurrentCell(row, SUM)
        self.table.editItem(self.table.item(row, SUM))

    def remove_rows(self) -> None:
        """Remove the selected derivations."""
        for row in sorted({index.row() for index in self.table.selectedIndexes()}, reverse=True):
            self.table.removeRow(row)
        self._check()

    def insert_channel(self) -> None:
        """Add the channel, times its weight, to the derivation that is chosen, else to a new one."""
        row = self.table.currentRow()
        row = row if row >= 0 else self._append("", "")
        term = written(Derivation("x", ((self.channel.currentText(), self.weight.value() or 1.0),)))
        before = self.table.item(row, SUM).text().strip()
        joined = term if not before else f"{before} {term if term.startswith('−') else '+ ' + term}"
        self.table.item(row, SUM).setText(joined)
        self.table.setCurrentCell(row, SUM)

    def _edited(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() == PROBLEM:
            return
        row = item.row()
        if item.column() == SUM and self.table.item(row, NAME) and not self.table.item(row, NAME).text().strip():
            self._filling = True  # a derivation is called by what it sums until somebody says otherwise
            self.table.item(row, NAME).setText(item.text().replace(" − ", "-").replace('"', "").strip())
            self._filling = False
        self._check()

    # What is made of it

    @property
    def montage(self) -> Montage:
        """The montage that is written.

        Raises
        ------
        InputError
            If a derivation is none.
        """
        names = [channel.name for channel in self._recording.channels]
        rows = [
            (self.table.item(row, NAME).text().strip(), self.table.item(row, SUM).text())
            for row in range(self.table.rowCount())
        ]
        return Montage(
            self.name.text().strip(), tuple(Derivation(name, understood(text, names)) for name, text in rows)
        )

    def _check(self) -> None:
        """Say what is wrong, row by row, and whether it can be saved."""
        if self._filling:
            return
        self._filling = True
        rows = range(self.table.rowCount())
        problems = [
            problem_of(self.table.item(r, NAME).text(), self.table.item(r, SUM).text(), self._recording) for r in rows
        ]
        for row, problem in zip(rows, problems, strict=True):
            self.table.item(row, PROBLEM).setText(problem)
            self.table.item(row, PROBLEM).setToolTip(problem)
        self._filling = False
        named, n_bad = bool(self.name.text().strip()), sum(map(bool, problems))
        if n_bad:
            said = self.tr("{} of {} derivations are to be mended.").format(number(n_bad), number(len(problems)))
        elif not problems:
            said = self.tr("Add derivations, or start from a montage.")
        elif not named:
            said = self.tr("Give it a name to save it by.")
        elif self.name.text().strip() in self._saved:
            said = self.tr("{} derivations. The montage of this name in the study is replaced.").format(
                number(len(problems))
            )
        else:
            said = self.tr("{} derivations.").format(number(len(problems)))
        self.said.setText(said)
        ready = named and bool(problems) and not n_bad
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(ready)

    def accept(self) -> None:
        self.table.setCurrentItem(None)  # what is being written counts
        self._check()
        if self.buttons.button(QDialogButtonBox.StandardButton.Save).isEnabled():
            super().accept()
