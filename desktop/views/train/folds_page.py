"""An experiment: what its variants come to over all folds, how they differ, and every training, which can be opened."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QHeaderView, QScrollArea, QTableWidget, QVBoxLayout, QWidget

from core.study import RunEntry
from core.training import ExperimentSpec
from desktop.services.guard import while_alive
from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.views.train.figures_page import fill, table, told
from desktop.views.train.folds import Row, chosen_in_words, rows_of, title_of_cell, validation_means, values_in_words
from desktop.views.train.words import folds_in_words
from desktop.widgets.parts import NOTHING, button, interval, label, number

VARIANT, FOLD, SEED, N, MCC, VALIDATION, REMARK = range(7)
ROW, HEAD, MOST = 24, 30, 5  # px of a row, of a header; rows of a table above the cells before it scrolls


class FoldsPage(QWidget):
    """`opened` (row) is a cell to be shown as a run; `variant` (number) is one whose pooled figures are wanted."""

    opened = Signal(dict)
    variant = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.run: RunEntry | None = None
        self.rows: list[Row] = []
        self._title, self._step = "", ""  # of the training at work
        self._key: tuple[str, str] | None = None
        column, foot = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 8, 0, 0)
        self.headline = label("", wrap=True)
        self.headline.setAccessibleName(self.tr("What the experiment came to"))
        self._make_tables()
        self.about = label("", "muted", wrap=True)
        self.open = button(
            self.tr("Open this training"),
            lambda: self._open(self.cells.currentRow()),
            tip=self.tr("Its curves, confusion and errors, as of any run (Enter, or a double click)"),
        )
        self.open.setEnabled(False)
        foot.addWidget(self._make_notes(), 1)
        foot.addWidget(self.open, 0, Qt.AlignmentFlag.AlignTop)
        for widget in (self.headline, self.variants, self.differences, self.about):
            column.addWidget(widget)
        column.addWidget(self.cells, 1)
        column.addLayout(foot)

    def _make_tables(self) -> None:
        tr = self.tr
        self.variants = table(
            [tr(t) for t in ("Variant", "n", "MCC, pooled [95 %]", "Mean ± SD", "Validation")],
            tr("Figures of the variants over all folds; a row is what Figures and ROC show"),
        )
        self.differences = table(
            [tr(t) for t in ("Compared", "n", "MCC [95 %]", "p (Holm)", "Folds: p (Holm)")],
            tr("Differences between the variants on the same events"),
        )
        self.cells = table(
            [tr(t) for t in ("Variant", "Fold", "Seed", "n", "MCC [95 %]", "Validation", "Remark")],
            tr("Trainings of the experiment; Enter opens one"),
        )
        header = self.cells.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in (VARIANT, REMARK):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(40)
        for made in (self.variants, self.differences, self.cells):
            made.setWordWrap(False)
            made.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # variants of one model differ at their ends
        for made in (self.variants, self.differences):
            made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            made.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.cells.itemActivated.connect(lambda item: self._open(item.row()))
        self.cells.currentCellChanged.connect(lambda row, *_rest: self._choose_cell(row))
        for signal in (
            self.variants.currentCellChanged,
            self.variants.cellClicked,
        ):  # a click also back from a training
            signal.connect(lambda row, *_rest: self._choose_variant(row))

    def _make_notes(self) -> QScrollArea:
        self.notes, scroll = label("", "muted", wrap=True), QScrollArea()
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.notes.setAutoFillBackground(False)
        scroll.setWidget(self.notes)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setFixedHeight(64)
        return scroll

    # What is shown

    def show_run(self, run: RunEntry | None) -> None:
        """Show an experiment; None for no experiment."""
        key = None if run is None else (run.id, run.status)
        if key == self._key:
            return
        self._key, self.run, self._title, self._step = key, run, "", ""
        if run is None:
            return
        self._show_cells([])
        self._show_variants(run.summary if run.status == "done" else {})
        if run.status == "done":
            self._show_cells(rows_of(run))
        else:
            self._read()

    def show_job(self, job: Job) -> None:
        """Show which training is at work; when it is another, one more is done."""
        before = self._title
        self._title, _, self._step = job.message.partition(": ")
        if self._title != before:
            self._read()
        self._mark()

    def _mark(self) -> None:
        """Say beside the training at work, or those of the fold that is searched, how far it is."""
        for place, row in enumerate(self.rows if self._step else ()):
            if row["status"] == "waiting" and f"{title_of_cell(row)}, ".startswith(f"{self._title}, "):
                self.cells.item(place, REMARK).setText(self._step)

    def _read(self) -> None:
        run = self.run
        if run is not None and run.status != "done":
            self._session.tasks.submit(
                "train cells", rows_of, run,
                done=while_alive(self, lambda rows: self._show_cells(rows) if run is self.run else None),
                failed=while_alive(self, self._session.failed.emit),
            )  # fmt: skip

    def _show_cells(self, rows: list[Row]) -> None:
        assert self.run is not None
        kept = self.cells.currentRow() if len(rows) == len(self.rows) else -1
        self.rows = rows
        searches = {(one["variant"], one["fold"]): one for one in self.run.summary.get("searches", ())}
        remarks = [self._remark(row, searches.get((row["variant"], row["fold"]))) for row in rows]
        fill(self.cells, [[*self._cell(row), short] for row, (short, _) in zip(rows, remarks, strict=True)])
        for place, (_, remark) in enumerate(remarks):
            self.cells.item(place, REMARK).setToolTip(remark)
            self.cells.item(place, VARIANT).setToolTip(rows[place]["variant"])
        for column, name in ((VARIANT, "variant"), (SEED, "seed")):
            self.cells.setColumnHidden(column, len({row[name] for row in rows}) < 2)
        self._choose_cell(-1)
        if 0 <= kept < len(rows):
            self.cells.setCurrentCell(kept, FOLD)
        if self.run.status != "done":
            self._say_how_far()
            self._mark()

    def _cell(self, row: Row) -> list[str]:
        there = row["status"] == "done"
        mcc = told({"mcc": row["mcc"], "mcc_interval": row["mcc_interval"]}, "mcc") if there else NOTHING
        return [
            row["variant"],
            number(row["fold"] + 1),
            str(row["seed"]),
            number(row["n_test"]) if there else NOTHING,
            mcc,
            number(row["validation_mcc"], 2) if there else NOTHING,
        ]

    def _remark(self, row: Row, search: Mapping[str, Any] | None) -> tuple[str, str]:
        """Return what is to be known of a training, in few words and in all."""
        if row["status"] != "done":
            waits = row["status"] == "waiting"
            said = self.tr("not trained yet") if waits else self.tr("failed: {}").format(row["why"])
            return said, said
        epochs = self.tr("epoch {} of {}").format(number(row["best_epoch"]), number(row["epochs"]))
        facts = [epochs] if row["mcc"] is not None else [self.tr("one class is tested only: no MCC of its own"), epochs]
        if search is None:
            return "; ".join(facts), "; ".join(facts)
        return values_in_words(search), "; ".join((chosen_in_words(search), *facts))

    def _say_how_far(self) -> None:
        assert self.run is not None
        done = sum(row["status"] == "done" for row in self.rows)
        of = self.tr("{} of {} trainings done").format(number(done), number(len(self.rows)))
        why = self.run.summary.get("message", "")
        later = self.tr("Figures over all folds, and what differs, come with the last.")
        self.headline.setText(f"<b>{of}</b>. {escape(why) or later}")

    def _show_variants(self, summary: Mapping[str, Any]) -> None:
        variants = summary.get("variants", {})
        for made, there in ((self.variants, variants), (self.differences, summary.get("differences"))):
            made.setVisible(bool(there))
        self.about.setVisible(bool(summary.get("differences")))
        if not variants:
            return
        means = validation_means(self.run) if self.run is not None else {}
        rows = [self._variant(name, variants[name], means.get(name)) for name in summary["order"]]
        _show(self.variants, rows)
        _show(self.differences, [self._difference(one) for one in summary["differences"]])
        self.headline.setText(self._headline(summary))
        self.about.setText(
            self.tr(
                "On the same events: p by exchange of subjects (else McNemar), over folds by the corrected t-test. Choose by "
                "validation: a variant that is chosen by these figures has too good a one."
            )
        )

    def _headline(self, summary: Mapping[str, Any]) -> str:
        assert self.run is not None
        wanted = ExperimentSpec.from_json(self.run.params)
        seeds = self.tr("one seed") if len(wanted.seeds) == 1 else self.tr("{} seeds").format(number(len(wanted.seeds)))
        over = self.tr("pooled over {} × {}").format(folds_in_words(wanted.splitting), seeds)
        name = summary["order"][0]
        first = summary["variants"][name]
        if first["pooled"] is None:
            return self.tr("<b>{}</b> could not be trained on any fold").format(escape(name))
        pooled = first["pooled"]
        spread = self._spread(first["folds"]["mcc"])
        said = self.tr("<b>MCC {}</b> ({}), {}; 95 % interval over {}, n = {}. Mean ± SD of the trainings: {}.")
        texts = (told(pooled, "mcc"), escape(name), over, self.tr(pooled["interval_over"]), number(pooled["n"]), spread)
        failed = sum(row["status"] == "failed" for row in summary["cells"])
        warn = self.tr(" <b>{} of {} trainings failed</b>; why, stands beside them.")
        return said.format(*texts) + (warn.format(number(failed), number(len(summary["cells"]))) if failed else "")

    def _variant(self, name: str, entry: Mapping[str, Any], validation: float | None) -> list[str]:
        pooled = entry["pooled"]
        shown = [NOTHING, NOTHING] if pooled is None else [number(pooled["n"]), told(pooled, "mcc")]
        mean = NOTHING if validation is None else number(validation, 2)
        return [name, *shown, self._spread(entry["folds"]["mcc"]), mean]

    def _spread(self, figure: Mapping[str, Any]) -> str:
        if figure["mean"] is None:
            return NOTHING
        std = "" if figure["std"] is None else f" ± {number(figure['std'], 2)}"
        return self.tr("{}{} (of {})").format(number(figure["mean"], 2), std, number(figure["n"]))

    def _difference(self, one: Mapping[str, Any]) -> list[str]:
        pooled, folds = one["pooled"], one["folds"]
        sign = "+" if pooled["difference"] > 0 else ""
        return [
            self.tr("{} − {}").format(one["variant"], one["against"]),
            number(pooled["n"]),
            sign + interval(pooled["difference"], pooled["interval"], 2),
            _p(pooled),
            NOTHING if folds is None else _p(folds),
        ]

    # What is chosen

    def _choose_cell(self, row: int) -> None:
        """Say all of a training that is chosen, above what is to be known of the whole experiment."""
        self.open.setEnabled(self._is_done(row))
        said = [self.cells.item(row, REMARK).toolTip()] if 0 <= row < len(self.rows) else []
        warnings = self.run.summary.get("warnings", ()) if self.run is not None else ()
        self.notes.setText("\n".join((*said, *warnings)))

    def _is_done(self, row: int) -> bool:
        return 0 <= row < len(self.rows) and self.rows[row]["status"] == "done"

    def _open(self, row: int) -> None:
        if self._is_done(row):
            self.opened.emit(self.rows[row])

    def _choose_variant(self, row: int) -> None:
        if self.run is not None and row >= 0:
            self.variant.emit(row)


def _show(made: QTableWidget, rows: list[list[str]]) -> None:
    """Fill a table that is as high as its rows, up to a few."""
    fill(made, rows)
    for place, row in enumerate(rows):
        made.item(place, 0).setToolTip(row[0])
    made.setFixedHeight(HEAD + ROW * min(len(rows), MOST))


def _p(test: Mapping[str, Any]) -> str:
    """Return p, and p corrected for the number of pairs."""
    if test["p"] is None:
        return NOTHING
    p, holm = (f"< {number(0.001, 3)}" if p < 0.001 else number(p, 3) for p in (test["p"], test["p_holm"]))
    return f"{p} ({holm})"
