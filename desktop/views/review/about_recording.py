"""About a recording: what its file holds, whose it is, and a copy without what tells who that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import JobCancelled
from core.signals import Recording, changes_of, deidentified_formats, write_deidentified
from core.study import RecordingEntry, edit_recording
from desktop.services.guard import while_alive
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.widgets.parts import badge, button, clock, label, number, unit_of

Spans = tuple[tuple[float, float], ...]
NAME_LETTERS = 3  # shorter values, such as F for female, are parts of any word
MOST_COUNTED = 12  # kinds of annotations and gaps that are named; of more, the rest is counted


@dataclass(frozen=True)
class Facts:
    """What a file says of a recording."""

    recording: Recording
    counts: Mapping[str, int]
    size: int  # of all its files, bytes
    n_files: int


def facts_of(session: Session, recording_id: int) -> Facts:
    """Return what the file of a recording says (in a task: of long files, annotations are read only now)."""
    recording = session.recording(recording_id)
    counts = Counter(annotation.text or "—" for annotation in recording.annotations)
    entry = session.entry_of(recording_id)
    sizes = [size for size, _changed in (entry and entry.stamp) or [[recording.path.stat().st_size, 0]]]
    return Facts(recording, dict(counts.most_common()), sum(sizes), len(sizes))


def megabytes(size: int) -> str:
    """Return the size of files, with more decimals the smaller they are."""
    value = size / 1e6
    return f"{number(value, 1 if value >= 1 else 3 if value >= 0.01 else 6)} MB"


def without_names(recording: Recording) -> str:
    """Return the notes of a recording with what its identifying fields say blotted out: that is shown only when asked for."""
    note = recording.note
    for value in sorted(recording.identifying.values(), key=len, reverse=True):
        if len(value) >= NAME_LETTERS:
            note = note.replace(value, "▒▒▒")
    return note


class AboutRecording(QDialog):
    """Tells what a recording is; subject and session can be corrected, which is a step of undo."""

    def __init__(self, session: Session, entry: RecordingEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._entry = session, entry
        self._facts: Facts | None = None
        self._copying: TaskReporter | None = None
        self.setWindowTitle(self.tr("About {}").format(entry.name))
        self.resize(640, 640)
        layout = QVBoxLayout(self)
        head = QHBoxLayout()
        head.addWidget(label(entry.name, "title"), 1)
        if entry.simulated:
            head.addWidget(badge(self.tr("simulated")))
        layout.addLayout(head)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addLayout(self.form)
        self.subject, self.session_name = self._field(entry.subject), self._field(entry.session)
        self._row(self.tr("Subject"), self.subject)
        self._row(self.tr("Session"), self.session_name)
        self._say(self.tr("File"), entry.path)
        self.channels = self._table()
        layout.addWidget(self.channels, 1)
        self._person = QVBoxLayout()
        layout.addLayout(self._person)
        layout.addLayout(self._bottom())
        session.study_changed.connect(self._follow)
        session.tasks.submit(
            f"review about {id(self)}",
            facts_of,
            session,
            entry.id,
            done=while_alive(self, self._show),
            failed=while_alive(self, self._unreadable),
        )

    # Building

    def _field(self, text: str | None) -> QLineEdit:
        made = QLineEdit(text or "")
        made.setPlaceholderText(self.tr("not known"))
        made.setEnabled(self._session.writable)
        made.editingFinished.connect(self._keep)
        return made

    def _row(self, title: str, widget: QWidget) -> None:
        widget.setAccessibleName(title)
        self.form.addRow(label(title, "muted"), widget)

    def _say(self, title: str, text: str) -> None:
        shown = label(text, wrap=True)
        shown.setMinimumWidth(120)
        self._row(title, shown)

    def _table(self) -> QTableWidget:
        table = QTableWidget(0, 5)
        table.setAccessibleName(self.tr("Channels"))
        titles = (self.tr("Channel"), self.tr("Kind"), self.tr("Rate (Hz)"), self.tr("Unit"), self.tr("Samples"))
        table.setHorizontalHeaderLabels(titles)
        table.horizontalHeaderItem(4).setToolTip(
            self.tr("Of channels with gaps: how many are present, of all with gaps")
        )
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(22)
        for column in range(5):
            how = QHeaderView.ResizeMode.ResizeToContents if column else QHeaderView.ResizeMode.Stretch
            table.horizontalHeader().setSectionResizeMode(column, how)
        table.horizontalHeader().setHighlightSections(False)
        return table

    def _bottom(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.copy = button(
            self.tr("Write a de-identified copy…"), self._choose_copy,
            tip=self.tr("The same samples in a new file, without what its format has fields for to say who the person is"),
        )  # fmt: skip
        self.copy.setEnabled(False)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(self.tr("Writing the copy"))
        self.progress.setRange(0, 1000)
        self.progress.hide()
        self.stop = button(self.tr("Stop"), lambda: self._copying.cancel() if self._copying else None)
        self.stop.hide()
        close = button(self.tr("Close"), self.accept, primary=True)
        for made in (self.copy, self.stop, close):
            made.setAutoDefault(False)
        row.addWidget(self.copy)
        row.addWidget(self.progress, 1)
        row.addWidget(self.stop)
        row.addStretch(1)
        row.addWidget(close)
        return row

    # What the file says

    def _show(self, facts: Facts) -> None:
        self._facts, recording = facts, facts.recording
        began = recording.start_time
        size = megabytes(facts.size)
        if facts.n_files > 1:
            size = self.tr("{} in {} files").format(size, number(facts.n_files))
        self._say(self.tr("Format"), f"{recording.format}, {size}")
        self._say(
            self.tr("Began"),
            QLocale().toString(began, QLocale.FormatType.ShortFormat) if began else self.tr("not stated"),
        )
        self._say(self.tr("Lasts"), clock(recording.duration))
        self._say(self.tr("Gaps"), self._gaps(recording))
        self._say(self.tr("Annotations"), self._annotations(facts))
        if recording.note:
            self._say(self.tr("Notes"), without_names(recording))
        if recording.options:
            self._say(self.tr("Read with"), ", ".join(f"{name} = {value}" for name, value in recording.options.items()))
        self._show_channels(recording)
        self._show_person(recording)
        self._offer_copy(recording.format)

    def _offer_copy(self, format_: str) -> None:
        """Let a copy be written where the engine can, and say why not where it cannot."""
        formats = deidentified_formats()
        self.copy.setEnabled(format_ in formats)
        if format_ not in formats:
            why = self.tr("Recordings of format {} cannot be written without names; those that can: {}")
            self.copy.setToolTip(why.format(format_, ", ".join(formats)))

    def _unreadable(self, error: Exception) -> None:
        self._say(self.tr("Its file"), str(error))

    def _gaps(self, recording: Recording) -> str:
        """Say the gaps of all channels, and below them those of channels that have others."""
        own: dict[Spans, list[str]] = {}
        for row, known in enumerate(recording.channels):
            if (gaps := recording.gaps_of(row)) and gaps != recording.gaps:
                own.setdefault(gaps, []).append(known.name)
        if not own:
            return self._spans(recording.gaps) if recording.gaps else self.tr("none")
        common = self._spans(recording.gaps) if recording.gaps else self.tr("none")
        lines = [self.tr("of all channels: {}").format(common)]
        lines += [f"{self._some(names)}: {self._spans(gaps)}" for gaps, names in list(own.items())[:MOST_COUNTED]]
        rest = len(own) - MOST_COUNTED
        return "\n".join(lines + [self.tr("and other gaps of further channels")] * (rest > 0))

    def _spans(self, gaps: Spans) -> str:
        total = self.tr("{} s without samples").format(number(sum(stop - start for start, stop in gaps), 1))
        spans = self._some([f"{clock(start)}–{clock(stop)}" for start, stop in gaps])
        return self.tr("{}: {}").format(total, spans)

    def _some(self, texts: list[str]) -> str:
        rest = len(texts) - MOST_COUNTED
        return ", ".join(texts[:MOST_COUNTED] + [self.tr("and {} more").format(number(rest))] * (rest > 0))

    def _annotations(self, facts: Facts) -> str:
        if not facts.counts:
            return self.tr("none")
        named = [f"{text} ({number(n)})" for text, n in list(facts.counts.items())[:MOST_COUNTED]]
        rest = len(facts.counts) - len(named)
        named += [self.tr("and {} other texts").format(number(rest))] * (rest > 0)
        return self.tr("{}: {}").format(number(sum(facts.counts.values())), ", ".join(named))

    def _show_channels(self, recording: Recording) -> None:
        self.channels.setRowCount(len(recording.channels))
        for row, known in enumerate(recording.channels):
            rate = number(known.fs, 0 if known.fs % 1 == 0 else 3)
            samples, present = number(known.n_samples), recording.n_present(row)
            if present < known.n_samples:
                samples = self.tr("{} of {}").format(number(present), samples)
            cells = (known.name, known.kind, rate, unit_of(known), samples)
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column in (2, 4):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.channels.setItem(row, column, item)

    def _show_person(self, recording: Recording) -> None:
        """Say that the header names the person; what it says is hidden until somebody asks."""
        if not recording.identifying:
            self._person.addWidget(
                label(self.tr("The header says nothing that tells who the person is."), "muted", wrap=True)
            )
            return
        row, names = QHBoxLayout(), ", ".join(recording.identifying)
        row.addWidget(badge(self.tr("identifying")))
        row.addWidget(label(self.tr("The header says who the person is: {}.").format(names), wrap=True), 1)
        self.reveal = button(self.tr("Show"), self._reveal)
        self.reveal.setCheckable(True)
        self.reveal.setAutoDefault(False)
        row.addWidget(self.reveal)
        self.values = label("", wrap=True)
        self.values.setAccessibleName(self.tr("What the header says of the person"))
        self.values.hide()
        self._person.addLayout(row)
        self._person.addWidget(self.values)

    def _reveal(self) -> None:
        assert self._facts is not None
        shown = self.reveal.isChecked()
        said = [f"{field}: {value}" for field, value in self._facts.recording.identifying.items()]
        self.values.setText("\n".join(said) if shown else "")
        self.values.setVisible(shown)
        self.reveal.setText(self.tr("Hide") if shown else self.tr("Show"))

    # What is done

    def _keep(self) -> None:
        """Keep whose the recording is."""
        said = {"subject": self.subject.text().strip() or None, "session": self.session_name.text().strip() or None}
        now = self._session.entry_of(self._entry.id) or self._entry
        changes = {name: value for name, value in said.items() if value != getattr(now, name)}
        if changes:
            self._session.edit(lambda study: edit_recording(study, now.id, **changes))

    def _choose_copy(self) -> None:
        """Ask where the copy is to be; a name of the subject's own would tell again who it is, so none is proposed."""
        assert self._facts is not None
        path = self._facts.recording.path
        proposed = str(path.with_name(f"recording-{self._entry.id}-deidentified{path.suffix}"))
        target, _ = QFileDialog.getSaveFileName(
            self, self.tr("Write a de-identified copy"), proposed, f"*{path.suffix}",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if target:
            self.write_copy(target)

    def write_copy(self, target: str) -> None:
        """Write the copy in the background; closing the dialog does not stop it."""
        assert self._facts is not None
        session, recording = self._session, self._facts.recording
        report = TaskReporter(session)  # not of the dialog, which may be closed meanwhile
        self._copying = report
        report.progressed.connect(self._copied)
        changes = changes_of(recording)
        ended = while_alive(self, self._ended)

        def done(written: tuple[Path, ...]) -> None:
            said = self.tr("Written: {}.").format(", ".join(map(str, written)))
            gone = self.tr("Removed: {}.").format(", ".join(changes.removed))
            stays = self.tr("Kept: {}.").format(", ".join(changes.kept))
            session.told.emit(f"{said} {gone} {stays}")
            ended()

        def failed(error: Exception) -> None:
            if isinstance(error, JobCancelled):
                session.told.emit(self.tr("Stopped; nothing was written."))
            else:
                session.failed.emit(error)
            ended()

        def write(report: TaskReporter) -> tuple[Path, ...]:
            return write_deidentified(recording.path, target, report=report)

        self.copy.setEnabled(False)
        self.progress.show()
        self.stop.show()
        session.background.submit(None, write, report, done=done, failed=failed)

    def _copied(self, share: float, _text: str) -> None:
        self.progress.setValue(round(1000 * share))

    def _ended(self) -> None:
        self._copying = None
        self.progress.hide()
        self.stop.hide()
        self.copy.setEnabled(True)

    def _follow(self) -> None:
        """Show whose the recording is after an undo too."""
        now = self._session.entry_of(self._entry.id)
        for field, text in ((self.subject, now.subject), (self.session_name, now.session)) if now else ():
            if not field.hasFocus() or not field.isModified():
                field.setText(text or "")
