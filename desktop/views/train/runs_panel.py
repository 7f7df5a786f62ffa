"""The runs of the study, those that wait, and what can be done with them."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QTableView, QVBoxLayout, QWidget

from core.study import RunEntry
from desktop.models.run_model import RunModel, show_runs, validation_mcc, validation_value
from desktop.views.train.folds import validation_means
from desktop.views.train.queueing import Queue
from desktop.views.train.removable import RemovableList
from desktop.views.train.words import title_of, tr
from desktop.widgets.parts import button, label, line, number


# Runs are compared by validation events; test events speak of the chosen one only, or they would choose it.
def score(run: RunEntry) -> float:
    """Return what a run is ranked by; an experiment by the mean of its best variant over its trainings."""
    means = validation_means(run)
    return max(means.values()) if means else validation_value(run)


def score_in_words(run: RunEntry) -> str:
    """Return it, or the state of the run."""
    means = validation_means(run)
    return tr("mean {}").format(number(max(means.values()), 2)) if means else validation_mcc(run)


COLUMNS = (
    ("Run", title_of, lambda r: (r.name, r.seed)),
    ("Validation MCC", score_in_words, score),
)


class RunsPanel(QWidget):
    """`chosen` (run) shows one; `compared` (runs) several; `reused` (run) fills the recipe; `compress` (run) hands it on."""

    chosen = Signal(object)
    compared = Signal(list)
    reused = Signal(object)
    compress = Signal(object)

    def __init__(self, queue: Queue) -> None:
        super().__init__()
        self._queue = queue
        self.model = RunModel([(self.tr(title), text, key) for title, text, key in COLUMNS])
        column = QVBoxLayout(self)
        column.addWidget(self._make_waiting())
        column.addWidget(label(self.tr("Runs"), "title"))
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Training runs; choose several to compare them"))
        show_runs(self.table, self.model)
        self.table.setTabKeyNavigation(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # runs of one recipe differ at their ends
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._rows_chosen())
        column.addWidget(self.table, 1)
        self.hint = label(
            self.tr("Ctrl+click a second run to compare. Ranked by validation alone."), "muted", wrap=True
        )
        column.addWidget(self.hint)
        self.reuse = button(
            self.tr("Use this recipe"),
            lambda: self._tell(self.reused),
            tip=self.tr("Fill in what this run was made with"),
        )
        self.to_compress = button(self.tr("Compress this model"), lambda: self._tell(self.compress), primary=True)
        column.addWidget(self.reuse)
        column.addWidget(self.to_compress)
        self._run: RunEntry | None = None
        self._why_not = self.tr(
            "An experiment says how good a recipe is. To compress a model, train a run with it: Use this recipe, one split."
        )
        queue.changed.connect(self._show_waiting)
        self._show_waiting()

    def _make_waiting(self) -> QWidget:
        self.waiting = QWidget()
        column, row = QVBoxLayout(self.waiting), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        self.waiting_title = line("", "title")
        self.list = RemovableList()
        self.list.setAccessibleName(self.tr("Runs that wait; Del takes one out"))
        self.list.setFixedHeight(84)
        self.list.removed.connect(self._queue.remove)
        self.go_on = button(self.tr("Go on"), self._queue.go_on, primary=True, tip=self.tr("Let the next run begin"))
        self.remove = button(
            self.tr("Take out"), lambda: self._queue.remove(self.list.currentRow()), tip=self.tr("It is not run (Del)")
        )
        for widget in (self.waiting_title, self.list):
            column.addWidget(widget)
        for widget in (self.remove, self.go_on):
            row.addWidget(widget)
        column.addLayout(row)
        return self.waiting

    def show_runs(self, runs: list[RunEntry]) -> None:
        """List runs, the newest first; what is chosen stays so."""
        kept = [run.id for run in self.chosen_runs()]
        self.table.selectionModel().blockSignals(True)
        self.model.show(runs)
        self._select(kept)
        self.table.selectionModel().blockSignals(False)
        self.table.viewport().update()

    def show_run(self, run: RunEntry | None, experiment: RunEntry | None = None) -> None:
        """Say which run is shown, and the experiment that it is, or is a training of."""
        self._run = run
        self.to_compress.setEnabled(run is not None and run.status == "done" and experiment is None)
        self.to_compress.setToolTip("" if experiment is None else self._why_not)
        self.reuse.setEnabled(run is not None)
        listed = experiment or run
        if listed is not None and listed.id not in [one.id for one in self.chosen_runs()]:
            self.table.selectionModel().blockSignals(True)
            self._select([listed.id])
            self.table.selectionModel().blockSignals(False)
            self.table.viewport().update()

    def chosen_runs(self) -> list[RunEntry]:
        """Return the runs that are chosen, in the order shown."""
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        return [self.model.runs[row] for row in rows if row < len(self.model.runs)]

    def _select(self, ids: list[str]) -> None:
        flags, selection = QItemSelectionModel.SelectionFlag, self.table.selectionModel()
        selection.clearSelection()
        for row, run in enumerate(self.model.runs):
            if run.id in ids:
                selection.select(self.model.index(row, 0), flags.Select | flags.Rows)
                selection.setCurrentIndex(self.model.index(row, 0), flags.NoUpdate)

    def _rows_chosen(self) -> None:
        runs = self.chosen_runs()
        if len(runs) == 1:
            self.chosen.emit(runs[0])
        elif runs:
            self.compared.emit(runs)

    def _tell(self, signal: Signal) -> None:
        if self._run is not None:
            signal.emit(self._run)

    def _show_waiting(self) -> None:
        queue, here = self._queue, self.list.currentRow()
        self.waiting.setVisible(bool(queue.waiting))
        held = self.tr(" · held") if queue.held else ""
        self.waiting_title.setText(self.tr("Waiting: {}").format(number(len(queue.waiting))) + held)
        self.list.clear()
        for one in queue.waiting:
            again = self.tr(" (goes on)") if one.run_id else ""
            self.list.addItem(self.tr("{}, seed {}").format(one.name, one.seed) + again)
        self.list.setCurrentRow(min(max(here, 0), self.list.count() - 1))
        self.go_on.setVisible(queue.held)
