"""Opening recordings in the background, one at a time; for one that cannot be opened a page says why, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from core.errors import HitscopeError, JobCancelled, MissingFileError
from core.signals import Recording
from core.study import RecordingEntry
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review.data import Opened, open_recording
from desktop.views.review.derived import Electrodes
from desktop.views.review.layout import LEAST_PX
from desktop.widgets.parts import EmptyState

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class Opening(QObject):
    """`opened` tells that a recording is there; of one that cannot be opened nothing is shown, nor of the one before."""

    opened = Signal(object)

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self._report: TaskReporter | None = None
        self._then: list[Callable[[], None]] = []
        self.stack = QStackedWidget()  # the pictures, or a page in their place

    def start(self, entry: RecordingEntry) -> None:
        """Open a recording; one that is being opened is left, and what is shown stays, dimmed, until this one is there."""
        room = self._room
        if self._report is not None:
            self._report.cancel()
        report = self._report = TaskReporter(self)
        report.progressed.connect(lambda share, _text: room.bar.show_reading(share) if report is self._report else None)
        room.pages.opening()
        if self.stack.currentIndex() > 0:
            self._show(EmptyState(self.tr("Opening {}…").format(entry.name), ""))
        derive, bad, coming = room.derived.of, frozenset(entry.bad_channels), room.library.coming.of(entry.id)

        def done(got: Opened | Refused) -> None:
            self._report = None
            room.bar.show_reading(None)
            if isinstance(got, Opened):
                self._show(None)
                self.opened.emit(got)
            else:
                self._refuse(entry, got)
            if room.opened is not got:  # else when its first page is there
                self.go_on()

        self._session.tasks.submit(
            "review open", _open, self._session, entry, lambda stored: derive(stored, bad), coming, report, done=done
        )

    @property
    def busy(self) -> bool:
        """Whether a recording is being opened."""
        return self._report is not None

    def stop(self) -> None:
        """Another study is open: what was being opened, and what waited for it, is of the one before."""
        self._report = None
        self._then.clear()
        self._room.bar.show_reading(None)

    def then(self, run: Callable[[], None]) -> None:
        """Do something at once, or when what is being opened has been shown or refused: it would only delay that."""
        self._then.append(run)
        if not self.busy:
            self.go_on()

    def go_on(self) -> None:
        """Do what has waited."""
        waited, self._then = self._then, []
        for run in waited:
            run()

    def _refuse(self, entry: RecordingEntry, why: Refused) -> None:
        library = self._room.library
        action, run = self.tr("Try again"), lambda: self.start(entry)
        if why.missing:
            action, run = self.tr("Find moved recordings…"), library.find_moved
            library.missing.look()
        self._show(EmptyState(self.tr("{} cannot be shown").format(entry.name), why.said, action, run, LEAST_PX - 20))
        self._clear(entry)

    def _clear(self, entry: RecordingEntry) -> None:
        """Let go of the recording that was shown before: else what is done to it would look done to this one."""
        room = self._room
        room.opened = None
        room.pages.close()
        room.bar.name.setText(entry.name)
        room.bar.signal.setText("")
        room.simulated.setVisible(entry.simulated)
        room.left.clear_channels()
        room.pointing.begin(None)
        room.pointing.forget()
        room.events.clear(entry.id)

    def _show(self, page: QWidget | None) -> None:
        """Show a page in place of the pictures; None shows the pictures."""
        before = self.stack.widget(1)
        if before is not None:
            self.stack.removeWidget(before)
            before.deleteLater()
        if page is not None:
            self.stack.addWidget(page)
            self.stack.setCurrentWidget(page)


class Refused:
    """Why a recording cannot be opened, and whether its file is gone."""

    def __init__(self, error: Exception, missing: bool) -> None:
        self.said = str(error) if isinstance(error, HitscopeError) else f"{type(error).__name__}: {error}"
        self.missing = missing


def _open(
    session: Session,
    entry: RecordingEntry,
    derive: Callable[[Recording], tuple[Recording, str, Electrodes]],
    coming: Recording | None,
    report: TaskReporter,
) -> Opened | Refused:
    try:
        return open_recording(session, entry.id, derive, coming, report)
    except JobCancelled:
        raise
    except Exception as error:  # whatever is wrong with a file, the page says it
        return Refused(error, isinstance(error, MissingFileError) or entry.missing)
