"""Measuring: the chosen stretch is measured as it changes, in the background; the ruler sums what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QMenu

from core.study import BY_HAND, Changeset, NewEvent, Study, new_events
from desktop.services.session import Session
from desktop.views.review.measure_panel import MeasurePanel
from desktop.views.review.measured import Measured, Ruled, measure_stretch, note_of, sum_of, table_of
from desktop.views.review.spectral import frequency_axis
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class Measures(QObject):
    """What was measured of the stretch that is chosen, and of each recording what was added to its sum."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.panel = MeasurePanel()
        self.measured: Measured | None = None
        self._rulers: dict[Path, tuple[Ruled, ...]] = {}
        self._study, self._ruler_of = session.study, Path()
        self._busy, self._again = False, False
        self._add_when_measured = False
        panel, ruler = self.panel, self.panel.ruler
        room.pointing.stretch_changed.connect(self.refresh)
        room.spectral.changed.connect(self._show)
        panel.shown.connect(self.refresh)
        panel.choose_asked.connect(room.marks.choose_stretch)
        panel.copy_asked.connect(self.copy)
        ruler.add_asked.connect(self.add)
        ruler.marks_asked.connect(self.make_marks)
        ruler.changed.connect(self._keep)
        ruler.chosen.connect(self._show_ruled)
        session.study_changed.connect(self._study_changed)

    # The stretch

    def refresh(self) -> None:
        """Measure what is chosen now; while something is being measured, only the newest is measured after it."""
        room, stretch = self._room, self._room.pointing.stretch
        self._show_ruler()
        if stretch is None or room.recording is None or not room.recording.channels:
            self.measured, self._again, self._add_when_measured = None, False, False
            room.pointing.say("")
            self._show()
            return
        self._again = self._busy
        room.pointing.say(f"Δt {number(stretch[1] - stretch[0], 3)} s")
        if self._busy:
            self.panel.wait()
            return
        self._busy = True
        opened, channel = room.opened, room.picture_channel

        def done(measured: Measured) -> None:
            self._ended()
            if room.opened is opened and room.picture_channel == channel and room.pointing.stretch == stretch:
                self._take(measured)

        def failed(error: Exception) -> None:
            self._add_when_measured = False
            self._ended()
            room.pages.gone.tell(opened, error)

        self._session.tasks.submit(
            "review measure", measure_stretch, room.recording, channel, *stretch, self.panel.isVisible(),
            done=done, failed=failed,
        )  # fmt: skip

    def _ended(self) -> None:
        again, self._busy, self._again = self._again, False, False
        if again:
            self.refresh()

    def _take(self, measured: Measured) -> None:
        self.measured = measured
        self._room.pointing.say(note_of(measured))
        self._show()
        if self._add_when_measured:
            self.add()

    def _show(self) -> None:
        room, look = self._room, self._room.spectral.look
        axis = None
        if room.recording is not None and room.recording.channels:
            axis = frequency_axis(room.recording, room.picture_channel, look)
        self.panel.show_measured(self.measured, self._said, look, axis)
        self.panel.arrived()

    @property
    def _said(self) -> str:
        """Through which montage and filters the signal is measured."""
        return self._room.opened.said if self._room.opened is not None else ""

    def show_panel(self) -> None:
        """Show the figures; without a stretch, choose one in the middle of the page."""
        if self._room.pointing.stretch is None:
            self._room.marks.choose_stretch()
        self._room.tabs.setCurrentWidget(self.panel)

    def copy(self) -> None:
        """Copy the figures as a table with tabs."""
        if self.measured is not None:
            QApplication.clipboard().setText(table_of(self.measured, self._said))

    # The ruler

    def add(self) -> None:
        """Add the chosen stretch to the sum, as soon as it is measured."""
        room, measured = self._room, self.measured
        if room.pointing.stretch is None or room.recording is None:
            self._session.told.emit(self.tr("Choose a stretch first: Shift+drag, or C. U then adds it to the sum."))
            return
        now = (*room.pointing.stretch, room.channel_name)
        self._add_when_measured = measured is None or (measured.start_s, measured.stop_s, measured.channel) != now
        if self._add_when_measured or measured is None:
            return
        ruled = Ruled(
            measured.channel, measured.start_s, measured.duration_s, measured.found.peak_to_peak, measured.unit
        )
        self._keep((*self._ruled, ruled))
        if not self.panel.isVisible():
            found = sum_of(self._ruled)
            said = self.tr("Sum of stretches: {} s, n = {}").format(number(found.total_s, 4), number(found.n))
            self._session.told.emit(said)

    @property
    def _ruled(self) -> tuple[Ruled, ...]:
        return self._rulers.get(self._path, ())

    @property
    def _path(self) -> Path:
        """Whose ruler it is: by its place, which it has also while it is being added to the study."""
        return self._room.opened.stored.path if self._room.opened is not None else Path()

    def _keep(self, ruled: tuple[Ruled, ...]) -> None:
        self._rulers[self._path] = ruled
        self._show_ruler()

    def _show_ruler(self) -> None:
        if self._path != self._ruler_of:
            self._ruler_of = self._path
            self.panel.ruler.forget_cleared()
        self.panel.ruler.show_ruled(self._ruled, self._session.writable)

    def _show_ruled(self, ruled: Ruled) -> None:
        room, stop = self._room, ruled.start_s + ruled.duration_s
        room.choose_channel(ruled.channel)
        room.pointing.choose((ruled.start_s, stop))
        if not room.start_s <= ruled.start_s <= room.start_s + room.length_s:
            room.go_to(ruled.start_s + ruled.duration_s / 2 - room.length_s / 2)

    def make_marks(self) -> None:
        """Make a mark of each stretch of the sum: one step of undo."""
        ruled, recording = self._ruled, self._room.recording_id
        if not ruled or recording is None or self._room.library.coming.not_yet():
            return

        def build(study: Study) -> Changeset:
            by = {"by": study.annotator}
            marks = [
                NewEvent(recording, one.channel, one.start_s, one.duration_s, "mark", BY_HAND, by) for one in ruled
            ]
            return new_events(study, marks, f"mark {len(marks)} measured stretches")

        self._session.edit(build, then=lambda done: self._session.selection.set(done.event_ids, self._room.traces))

    def _study_changed(self) -> None:
        if self._session.study is not self._study:
            self._study = self._session.study
            self._rulers.clear()

    def fill_menu(self, menu: QMenu) -> None:
        """Add what can be measured."""
        if self._room.pointing.stretch is not None:
            menu.addAction(self.tr("Measure the stretch (Shift+M)"), self.show_panel)
            menu.addAction(self.tr("Add it to the sum (U)"), self.add)
