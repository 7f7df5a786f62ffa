"""Asks whose numbers of HITS a report is to hold, of which recordings, and writes it while the window goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QPageSize
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from core.reports import hits_annotators, hits_csv, hits_html, hits_report, write_files
from core.study import Study
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review.hits_pdf import hits_pdf
from desktop.widgets.parts import button, fill_form, label, number

FOLDER = "export_folder"  # of the settings: where the last file went
FILES = {"html": "hits-report.html", "pdf": "hits-report.pdf", "csv": "hits-events.csv"}


@dataclass(frozen=True)
class Wish:
    """What is asked for: `recordings` None means all with Doppler, `kinds` are keys of `FILES`."""

    folder: Path
    kinds: tuple[str, ...]
    annotator: str | None
    basis: str
    recordings: tuple[int, ...] | None
    paper: QPageSize.PageSizeId

    @property
    def files(self) -> tuple[Path, ...]:
        """What will be written."""
        return tuple(self.folder / FILES[kind] for kind in self.kinds)


def write_hits_report(study: Study, wish: Wish, replace: bool, reporter: TaskReporter) -> tuple[Path, ...]:
    """Write a report (in a task).

    Raises
    ------
    InputError
        If there is nothing to report, or the folder cannot be written to.
    JobCancelled
        If asked to stop; nothing is written then.
    """
    made = hits_report(study, wish.recordings, wish.annotator, wish.basis, reporter)
    html = hits_html(made)
    contents = {"html": lambda: html.encode(), "csv": lambda: hits_csv(made)}
    contents["pdf"] = lambda: hits_pdf(html, f"HITS report: {made.study}", bool(made.simulated), wish.paper)
    data = {path: contents[kind]() for kind, path in zip(wish.kinds, wish.files, strict=True)}
    reporter.check()
    return write_files(data, replace=replace)


class HitsReportDialog(QDialog):
    """Whose verdicts, which recordings, which files and where to; an error leaves it open."""

    def __init__(self, session: Session, study: Study, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("HITS report"))
        self._session, self._study, self._busy, self._closed = session, study, 0, False
        self._reporter: TaskReporter | None = None
        self.whose, self.filled = QComboBox(), QCheckBox(self.tr("Where undecided, the detector's suggestion"))
        self.filled.setToolTip(self.tr("The report says of each number how much of it is whose"))
        self.every, self.recordings = QCheckBox(self.tr("All with Doppler")), QListWidget()
        self.folder = QLineEdit(str(session.settings.value(FOLDER) or Path.home()))
        self.kinds = {kind: QCheckBox(f"{kind.upper()} ({name})") for kind, name in FILES.items()}
        self.said = label("", "muted", wrap=True)
        self._lay_out()
        self._fill()
        self.whose.currentIndexChanged.connect(lambda _n: self._changed())
        self.every.toggled.connect(lambda _on: self._changed())
        self.recordings.itemChanged.connect(lambda _item: self._changed())
        self.folder.textChanged.connect(lambda _text: self._changed())
        for box in self.kinds.values():
            box.toggled.connect(lambda _on: self._changed())
        self._changed()
        self._submit(hits_annotators, study, done=self._offer)

    def _lay_out(self) -> None:
        column, form, place = QVBoxLayout(self), QFormLayout(), QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(button(self.tr("Choose…"), self._choose_folder))
        fill_form(form, (
            (self.tr("Numbers of"), self.whose), ("", self.filled), (self.tr("Recordings"), self.every), ("", self.recordings),
            (self.tr("Files"), self.kinds["html"]), ("", self.kinds["pdf"]), ("", self.kinds["csv"]),
        ))  # fmt: skip
        self.recordings.setAccessibleName(self.tr("Recordings of the report"))
        self.folder.setAccessibleName(self.tr("Folder"))
        form.addRow(self.tr("Folder"), place)
        column.addLayout(form)
        column.addWidget(self.said)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write_button = buttons.addButton(self.tr("Write"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.write_button.setProperty("role", "primary")
        buttons.accepted.connect(self._ask)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setMinimumWidth(480)

    def _fill(self) -> None:
        self.whose.addItem(self.tr("The detector"), None)
        self.every.setChecked(True)
        events = self._session.events
        with_hits = set(events.recording[events.kind == "hits"].tolist())
        for entry in self._session.recordings:
            said = self.tr("{} (simulated)").format(entry.name) if entry.simulated else entry.name
            item = QListWidgetItem(said, self.recordings)
            item.setData(Qt.ItemDataRole.UserRole, entry.id)
            item.setCheckState(Qt.CheckState.Checked if entry.id in with_hits else Qt.CheckState.Unchecked)
        for box in self.kinds.values():
            box.setChecked(True)

    def _offer(self, annotators: dict[str, int]) -> None:
        """Offer those who have given verdicts, the current annotator first."""
        own = self._study.annotator
        for row, name in enumerate(sorted(annotators, key=lambda name: name != own)):
            self.whose.insertItem(row, self.tr("{}: {} verdicts").format(name, number(annotators[name])), name)
        self.whose.setCurrentIndex(0)
        self._changed()

    def wish(self) -> Wish:
        """Return what is asked for."""
        annotator = self.whose.currentData()
        basis = "detector" if annotator is None else "both" if self.filled.isChecked() else "annotator"
        metric = QLocale().measurementSystem() == QLocale.MeasurementSystem.MetricSystem
        return Wish(
            Path(self.folder.text()).expanduser(),
            tuple(kind for kind, box in self.kinds.items() if box.isChecked()),
            annotator,
            basis,
            None if self.every.isChecked() else self._checked(),
            QPageSize.PageSizeId.A4 if metric else QPageSize.PageSizeId.Letter,
        )

    def _checked(self) -> tuple[int, ...]:
        items = (self.recordings.item(row) for row in range(self.recordings.count()))
        return tuple(i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked)

    def _changed(self) -> None:
        self.filled.setEnabled(self.whose.currentData() is not None)
        self.recordings.setEnabled(not self.every.isChecked())
        wish = self.wish()
        self.write_button.setEnabled(bool(wish.kinds and self.folder.text().strip() and wish.recordings != ()))

    def _choose_folder(self) -> None:
        if said := QFileDialog.getExistingDirectory(self, self.tr("Folder for the report"), self.folder.text()):
            self.folder.setText(said)

    def _ask(self) -> None:
        """Write; files that are there are replaced only when that is said."""
        wish = self.wish()
        self.write_button.setEnabled(False)
        self._submit(_in_the_way, wish, done=lambda there: self._looked(wish, there))

    def _looked(self, wish: Wish, there: Sequence[Path]) -> None:
        if self._closed:
            return
        if there and not self._may_replace(there):
            self.write_button.setEnabled(True)
            return
        self.write(wish, bool(there))

    def _may_replace(self, files: Sequence[Path]) -> bool:
        text = self.tr("There is such a file already:\n{}\nReplace it?").format("\n".join(str(file) for file in files))
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return QMessageBox.question(self, self.tr("Replace the file?"), text, yes | no, no) == yes

    def write(self, wish: Wish, replace: bool = False) -> None:
        """Write the files in the background; the window tells of them in the end."""
        self.write_button.setEnabled(False)
        self.said.setText(self.tr("Writing into {}…").format(wish.folder))
        self._reporter = TaskReporter()
        self._reporter.progressed.connect(lambda _share, text: self.said.setText(text) if not self._closed else None)

        def done(written: Sequence[Path]) -> None:
            self._session.settings.setValue(FOLDER, str(wish.folder))
            names = ", ".join(path.name for path in written)
            self._session.told.emit(self.tr("HITS report written to {}: {}.").format(wish.folder, names))
            self.accept()

        self._submit(write_hits_report, self._study, wish, replace, self._reporter, done=done)

    def _submit(self, function: Callable[..., Any], *arguments: Any, done: Callable[[Any], None]) -> None:
        """Run something in a task; what fails is said here and in the window."""
        self._busy += 1

        def ended(tell: Callable[[Any], None], result: Any) -> None:
            self._busy -= 1
            if not (self._closed and tell is failed):
                tell(result)
            self._let_go()

        def failed(error: Exception) -> None:
            self.said.setText(str(error))
            self._session.failed.emit(error)
            self._changed()

        self._session.tasks.submit(
            None, function, *arguments, done=lambda r: ended(done, r), failed=lambda e: ended(failed, e)
        )

    def done(self, result: int) -> None:
        super().done(result)
        if not self._closed and self._busy and self._reporter is not None:
            self._reporter.cancel()
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        """Delete the dialog once it is closed and nothing is done for it any more."""
        if self._closed and not self._busy:
            self.deleteLater()


def _in_the_way(wish: Wish) -> list[Path]:
    """Return the files that would be replaced (in a task: they may lie on slow disks)."""
    return [file for file in wish.files if file.exists()]
