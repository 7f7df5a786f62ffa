"""Asks which pages a report is to hold, on which paper, and writes it while the window goes on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QProgressDialog,
    QVBoxLayout,
    QWidget,
)

from core.errors import JobCancelled
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review.export_dialog import ask_path
from desktop.views.review.printing import Plates, View
from desktop.views.review.report import PAPERS, Plan, Span, around_events, whole_recording, write_report
from desktop.widgets.parts import fill_form, label, number, spin

MANY = 60  # pages: said before they are printed
MB_PER_PAGE = 0.8  # a full page of EEG


class ReportDialog(QDialog):
    """Which pages, which paper; says how many pages it will be."""

    def __init__(self, session: Session, view: View, subject: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Page report"))
        self._session, self._view, self._subject, self._plates = session, view, subject, Plates()
        n = len(around_events(view, 0.0))
        self.pages, self.paper, self.turned = QComboBox(), QComboBox(), QComboBox()
        for key, title in (
            ("page", self.tr("This page")),
            ("events", self.tr("Selected events ({}), a page each").format(number(n))),
            ("whole", self.tr("The whole recording")),
        ):
            self.pages.addItem(title, key)
        if not n:
            self.pages.model().item(1).setEnabled(False)
            self.pages.setItemData(
                1, self.tr("Select events in the list or on the page first"), Qt.ItemDataRole.ToolTipRole
            )
        self.around = spin(0.1, 600, 2.0, 1, " s")
        self.length = spin(0.1, 86_400, max(view.length_s, 0.1), 1, " s")
        for key in PAPERS:
            self.paper.addItem(key, key)
        if QLocale().measurementSystem() != QLocale.MeasurementSystem.MetricSystem:
            self.paper.setCurrentText("Letter")
        self.turned.addItem(self.tr("Landscape"), True)
        self.turned.addItem(self.tr("Portrait"), False)
        self.spectrogram, self.listed = (
            QCheckBox(self.tr("Spectrogram on each page")),
            QCheckBox(self.tr("List of the events at the end")),
        )
        for box in (self.spectrogram, self.listed):
            box.setChecked(True)
        self.count = label("", "muted", wrap=True)
        self._lay_out()
        for combo in (self.pages, self.paper, self.turned):
            combo.currentIndexChanged.connect(lambda _n: self._changed())
        for box in (self.around, self.length):
            box.valueChanged.connect(lambda _value: self._changed())
        for box in (self.spectrogram, self.listed):
            box.toggled.connect(lambda _on: self._changed())
        self._changed()

    def _lay_out(self) -> None:
        column, form = QVBoxLayout(self), QFormLayout()
        fill_form(form, (
            (self.tr("Pages"), self.pages), (self.tr("Before and after"), self.around), (self.tr("Page length"), self.length),
            (self.tr("Paper"), self.paper), (self.tr("Held"), self.turned), ("", self.spectrogram), ("", self.listed),
        ))  # fmt: skip
        column.addLayout(form)
        column.addWidget(self.count)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save_button = buttons.addButton(self.tr("Save as PDF…"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.save_button.setProperty("role", "primary")
        buttons.accepted.connect(self._ask)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setMinimumWidth(420)

    def spans(self) -> list[Span]:
        """Return the pages that are chosen, start and length in s."""
        chosen, view = self.pages.currentData(), self._view
        if chosen == "page":
            return [(view.start_s, view.length_s)]
        if chosen == "events":
            return around_events(view, self.around.value())
        return whole_recording(view, self._plates, self._plan([]).area.width(), self.length.value())

    def plan(self) -> Plan:
        """Return what is to be written."""
        return self._plan(self.spans())

    def _plan(self, spans: list[Span]) -> Plan:
        parts = ("traces", "spectrogram") if self.spectrogram.isChecked() else ("traces",)
        now = QLocale().toString(QDateTime(datetime.now().astimezone()), QLocale.FormatType.ShortFormat)
        study = self._session.study
        return Plan(
            self._view, self._session.events, study.name if study is not None else "", self._subject, now, spans, parts,
            self.listed.isChecked(), self.paper.currentData(), self.turned.currentData(),
        )  # fmt: skip

    def _changed(self) -> None:
        chosen = self.pages.currentData()
        self.around.setEnabled(chosen == "events")
        self.length.setEnabled(chosen == "whole" and not self._view.look.paper)
        plan = self.plan()
        n, lists = len(plan.spans), plan.n_lists
        said = self.tr("{} pages").format(number(n)) if n != 1 else self.tr("1 page")
        if lists:
            said += self.tr(", and {} of events").format(number(lists))
        if n + lists > MANY:
            said += self.tr(". That is much: about {} MB. Longer pages make it fewer.").format(
                number(MB_PER_PAGE * n + 0.02 * lists)
            )
        self.count.setText(said)
        self.save_button.setEnabled(n + lists > 0)

    def done(self, result: int) -> None:
        if result != QDialog.DialogCode.Accepted:  # else whoever writes has them
            self._plates.throw_away()
        self.deleteLater()
        super().done(result)

    def _ask(self) -> None:
        name = self.tr("{} report").format(self._view.name)
        path = ask_path(self, self._session, name, "pdf", self.tr("PDF, to print"))
        if path is not None:
            self.write(path)

    def write(self, path: Path) -> None:
        """Write it in the background, with progress that can be cancelled."""
        session, plates, window = self._session, self._plates, self.parentWidget()
        progress = QProgressDialog(self.tr("Writing {}…").format(path.name), self.tr("Cancel"), 0, 1000, window)
        progress.setWindowTitle(self.tr("Page report"))
        progress.setMinimumDuration(300)
        progress.setAutoReset(False)
        reporter = TaskReporter(window)
        reporter.progressed.connect(
            lambda share, text: (progress.setValue(int(999 * share)), progress.setLabelText(text))
        )
        progress.canceled.connect(reporter.cancel)
        told, cancelled, study = self.tr("Saved as {}."), self.tr("The report was not written."), session.study

        def ended() -> None:
            session.study_changed.disconnect(closed)
            progress.reset()
            progress.deleteLater()
            plates.throw_away()

        def closed() -> None:
            if session.study is not study:  # nobody is told any more: closing a study has stopped what it was doing
                ended()

        session.study_changed.connect(closed)

        def done(written: Path) -> None:
            ended()
            session.told.emit(told.format(written))

        def failed(error: Exception) -> None:
            ended()
            if isinstance(error, JobCancelled):
                session.told.emit(cancelled)
            else:
                session.failed.emit(error)

        session.background.submit(None, write_report, self.plan(), plates, path, reporter, done=done, failed=failed)
        self.accept()
