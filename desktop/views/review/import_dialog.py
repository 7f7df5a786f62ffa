"""Adding a folder: what is in it, whose it is, and what of it comes into the study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.errors import HitscopeError, JobCancelled
from desktop.services.guard import while_alive
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review.import_table import (
    FIELDS,
    FORMAT,
    LENGTH,
    NAME,
    NOTES,
    SESSION,
    SUBJECT,
    WHY,
    FoundModel,
    Held,
    look_into,
)
from desktop.widgets.parts import button, label, number

TYPING_MS = 200  # after the last key, before a pattern is tried
WIDTHS = {NAME: 260, FORMAT: 74, LENGTH: 70, SUBJECT: 110, SESSION: 80, WHY: 100}


class ImportDialog(QDialog):
    """Shows the recordings below folders; `wanted` tells those ticked, and whether annotations beside them are too."""

    wanted = Signal(object, bool)

    def __init__(self, session: Session, folders: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._held = session, None
        self._folders = [str(folder) for folder in folders]
        self.setWindowTitle(self.tr("Add recordings of {}").format(", ".join(Path(f).name for f in self._folders)))
        self.resize(980, 600)
        self._reporter = TaskReporter(self)
        self._typed = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typed.timeout.connect(self._name_again)
        layout = QVBoxLayout(self)
        text = self.tr(
            "Recordings stay where they are. Recordings of one subject stay on one side of every split, so check the subjects: "
            "double-click to correct one."
        )
        layout.addWidget(label(text, "muted", wrap=True))
        layout.addLayout(self._pattern_row())
        self.problem = label("", wrap=True)
        self.problem.hide()
        layout.addWidget(self.problem)
        self.model, self.table = FoundModel(), QTableView()
        self._set_up_table()
        layout.addWidget(self.table, 1)
        layout.addLayout(self._table_row())
        layout.addLayout(self._bottom_row())
        self.model.changed.connect(self._count)
        self._count()
        self._search()

    # Building

    def _pattern_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.pattern = QLineEdit()
        self.pattern.setPlaceholderText(self.tr("such as {subject}_{session}* or {subject}/{session}/*"))
        self.pattern.setAccessibleName(self.tr("Where names say subject and session"))
        self.pattern.setToolTip(
            self.tr("{subject} and {session} stand where names say them; * is anything, ? one letter, **/ any folders.")
        )
        self.pattern.setClearButtonEnabled(True)
        self.pattern.textChanged.connect(lambda _text: self._typed.start())
        title = label(self.tr("&Names are"))
        title.setBuddy(self.pattern)
        row.addWidget(title)
        row.addWidget(self.pattern, 1)
        return row

    def _set_up_table(self) -> None:
        table = self.table
        table.setAccessibleName(self.tr("Recordings found"))
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setSectionResizeMode(NOTES, QHeaderView.ResizeMode.Stretch)
        for column, width in WIDTHS.items():
            table.setColumnWidth(column, width)
        for keys, run in (("Ctrl+D", self.fill_down), ("Ctrl+Space", self.toggle)):
            QShortcut(QKeySequence(keys), table, run, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _table_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        rows = lambda: range(len(self.model.found))  # noqa: E731
        for made in (
            button(self.tr("Tick all"), lambda: self.model.tick(rows(), True)),
            button(self.tr("Tick none"), lambda: self.model.tick(rows(), False)),
            button(self.tr("Tick or not"), self.toggle, tip=self.tr("The selected rows (Ctrl+Space)")),
            button(
                self.tr("Fill down"),
                self.fill_down,
                tip=self.tr("Give the selected rows what stands in the first of them (Ctrl+D)"),
            ),
        ):
            made.setAutoDefault(False)
            row.addWidget(made)
        self.events = QCheckBox()
        self.events.setChecked(True)
        row.addSpacing(12)
        row.addWidget(self.events)
        row.addStretch(1)
        return row

    def _bottom_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.progress = QProgressBar()
        self.progress.setAccessibleName(self.tr("Looking through the folder"))
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.summary = label("", "muted")
        row.addWidget(self.summary, 1)
        row.addWidget(self.progress)
        self.stop = button(self.tr("Stop"), self._stop)
        self.add = button(self.tr("Add"), self.accept, primary=True)
        self.add.setDefault(True)
        cancel = button(self.tr("Cancel"), self.reject)
        for made in (self.stop, cancel, self.add):
            row.addWidget(made)
        self.stop.setAutoDefault(False)
        cancel.setAutoDefault(False)
        return row

    # Looking

    def _search(self) -> None:
        known = frozenset(entry.path for entry in self._session.recordings)
        self._reporter.progressed.connect(self._looked)
        self._session.tasks.submit(
            f"review folder {id(self)}",
            look_into,
            self._folders,
            known,
            self._reporter,
            done=while_alive(self, self._found),
            failed=while_alive(self, self._failed),
        )

    def _looked(self, share: float, name: str) -> None:
        self.progress.setValue(round(1000 * share))
        self.summary.setText(self.tr("Looking at {}").format(name))

    def _found(self, held: Held) -> None:
        self._held = held
        self._searched()
        self.model.show(held)
        self.table.setFocus()
        if self.pattern.text():
            self._name_again()

    def _failed(self, error: Exception) -> None:
        self._searched()
        stopped = isinstance(error, JobCancelled)
        self._say(self.tr("Stopped before all was looked at: nothing is shown of it.") if stopped else str(error))

    def _searched(self) -> None:
        self.progress.hide()
        self.stop.hide()
        self._count()

    def _stop(self) -> None:
        self._reporter.cancel()

    def _name_again(self) -> None:
        if self._held is None:
            return
        pattern = self.pattern.text().strip() or None
        named, refused = while_alive(self, self._named), while_alive(self, self._no_pattern)
        self._session.tasks.submit(f"review names {id(self)}", self._held.named, pattern, done=named, failed=refused)

    def _no_pattern(self, error: Exception) -> None:
        self._say(f"{error.what}. {error.remedy}." if isinstance(error, HitscopeError) else str(error))

    def _named(self, held: Held) -> None:
        self._say("")
        chosen = [index.row() for index in self.table.selectionModel().selectedRows()]
        self.model.show(held)
        for row in chosen[:1]:
            self.table.selectRow(row)
        fitting = sum("pattern" in one.why for one in self.model.found)
        if self.pattern.text().strip():
            self._say(
                self.tr("The pattern fits {} of {} names.").format(number(fitting), number(len(self.model.found)))
            )

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # Correcting

    @property
    def _selected(self) -> list[int]:
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def toggle(self) -> None:
        """Tick the selected rows, or none of them if the first is ticked."""
        rows = self._selected
        if rows:
            self.model.tick(rows, not self.model.is_ticked(rows[0]))

    def fill_down(self) -> None:
        """Give the selected rows the subject or session of the first of them: of the column that was clicked, else both."""
        rows, column = self._selected, self.table.currentIndex().column()
        if len(rows) < 2:
            self._say(self.tr("Select several rows (Shift+click): they get what stands in the first of them."))
            return
        for each in (column,) if column in FIELDS else FIELDS:
            self.model.say(rows[1:], each, getattr(self.model.found[rows[0]], FIELDS[each]) or "")

    # What comes of it

    def _count(self) -> None:
        ticked, held = self.model.ticked, self._held is not None
        said = (
            self.tr("Add {} recordings").format(number(len(ticked))) if len(ticked) != 1 else self.tr("Add 1 recording")
        )
        self.add.setText(said if held else self.tr("Add"))
        self.add.setAccessibleName(self.add.text())
        self.add.setEnabled(bool(ticked))
        n_events = sum(bool(one.events) for one in ticked)
        self.events.setText(self.tr("Import the annotations found beside {} of them").format(number(n_events)))
        self.events.setVisible(n_events > 0)
        if held:
            bad = sum(not one.readable for one in self.model.found)
            found = self.tr("{} recordings found").format(number(len(self.model.found) - bad))
            self.summary.setText(found + (self.tr(", {} cannot be read").format(number(bad)) if bad else ""))

    def accept(self) -> None:
        if self.model.ticked:
            self.wanted.emit(self.model.ticked, self.events.isChecked() and self.events.isVisibleTo(self))
            super().accept()

    def done(self, result: int) -> None:
        self._reporter.cancel()
        super().done(result)
