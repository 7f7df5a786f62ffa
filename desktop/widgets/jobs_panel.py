"""Every job with its progress, time left, log, cancel and resume."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from desktop.services.jobs import Job
from desktop.services.session import Session
from desktop.widgets.parts import button, label, line, number

# What can go on, and what to say of it.
STOPPED = {"interrupted": "interrupted", "cancelled": "stopped at a checkpoint"}


def time_left(job: Job) -> str:
    """Return ``4 min left`` or ``""``."""
    seconds = job.seconds_left
    if seconds is None:
        return ""
    return f"{number(seconds / 60)} min left" if seconds > 90 else f"{number(seconds)} s left"


class JobCard(QFrame):
    """One job."""

    def __init__(self, session: Session, job: Job) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._session, self._job = session, job
        layout = QVBoxLayout(self)
        head = QHBoxLayout()
        head.addWidget(line(f"{job.run.kind}: {job.run.name}", "title"), 1)
        self._log_button = button(self.tr("Log"), self._toggle_log)
        self._cancel = button(
            self.tr("Stop"), job.cancel, tip=self.tr("Stops at the next checkpoint; it can be resumed")
        )
        self._resume = button(self.tr("Resume"), self._again)
        for widget in (self._log_button, self._cancel, self._resume):
            head.addWidget(widget)
        layout.addLayout(head)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        layout.addWidget(self._bar)
        self._text = label("", "muted", wrap=True)
        layout.addWidget(self._text)
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setAccessibleName(self.tr("Log of the job"))
        self._log.setFixedHeight(120)
        self._log.hide()
        layout.addWidget(self._log)
        job.changed.connect(self.refresh)
        session.jobs.added.connect(lambda _job: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Show how far it is."""
        job = self._job
        self._bar.setValue(1000 if job.status == "done" else round(1000 * job.fraction))
        parts = [job.message, f"{number(100 * job.fraction)} %" if job.running else "", time_left(job)]
        self._text.setText(" · ".join(part for part in parts if part))
        self._cancel.setVisible(job.running)
        newest = self._session.jobs.of(job.run.id) is job
        self._resume.setVisible(newest and job.status in ("cancelled", "failed"))
        if self._log.isVisible():
            self._log.setPlainText("\n".join(job.log))

    def _toggle_log(self) -> None:
        self._log.setVisible(not self._log.isVisible())
        self._log.setPlainText("\n".join(self._job.log) or self.tr("The job has written nothing yet."))

    def _again(self) -> None:
        self._resume.setEnabled(False)
        self._session.resume(self._job.run.id)


class JobsPanel(QScrollArea):
    """All jobs of this window, the newest first, and runs that stopped in earlier ones."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Jobs"))
        content = QWidget()
        self._layout = QVBoxLayout(content)
        self._none = label(
            self.tr("No job has been started. Training, compression and export appear here."), "muted", wrap=True
        )
        self._layout.addWidget(self._none)
        self._stopped = QVBoxLayout()
        self._layout.addLayout(self._stopped)
        self._layout.addStretch(1)
        self.setWidget(content)
        session.jobs.added.connect(self._add)
        session.study_changed.connect(self._list_stopped)
        session.runs_changed.connect(self._list_stopped)

    def sizeHint(self) -> QSize:
        return QSize(420, 240)  # two jobs, or one with its log

    def _add(self, job: Job) -> None:
        self._none.hide()
        self._layout.insertWidget(0, JobCard(self._session, job))

    def _list_stopped(self) -> None:
        while self._stopped.count():
            item = self._stopped.takeAt(0).widget()
            if item is not None:
                item.deleteLater()
        study, jobs = self._session.study, self._session.jobs
        runs = study.runs() if study is not None else []
        stopped = [run for run in runs if run.status in STOPPED and jobs.of(run.id) is None]
        self._none.setVisible(not stopped and not jobs.jobs)
        for run in stopped:
            frame = QFrame()
            frame.setProperty("role", "card")
            row = QHBoxLayout(frame)
            row.addWidget(label(f"{run.kind}: {run.name}, {self.tr(STOPPED[run.status])}", wrap=True), 1)
            if self._session.writable:
                row.addWidget(button(self.tr("Resume"), lambda r=run.id: self._session.resume(r), primary=True))
            self._stopped.addWidget(frame)
