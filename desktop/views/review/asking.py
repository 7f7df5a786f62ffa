"""What Review asks the user: where to go, which filters, how the spectrogram looks, what goes to paper and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog

from core.signals import gate_of
from desktop.views.review.dialogs import FilterDialog, SpectralDialog
from desktop.views.review.export_dialog import ExportDialog
from desktop.views.review.hits_report_dialog import HitsReportDialog
from desktop.views.review.printing import view_of
from desktop.views.review.report_dialog import ReportDialog

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class Asking(QObject):
    """Opens dialogs and does what they say."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room = room

    def time(self) -> None:
        """Ask where to go, and show the page that begins there."""
        room = self._room
        if room.recording is None:
            return
        scale = room.overview.scale
        clock = self.tr("of day") if scale.began else self.tr("from the start")
        text = self.tr("Time ({}), such as {}").format(clock, scale.text(room.start_s))
        said, good = QInputDialog.getText(room, self.tr("Go to"), text, text=scale.text(room.start_s))
        t = scale.read(said) if good else None
        if t is not None and t > room.recording.duration:
            first, last = scale.text(0.0), scale.text(room.recording.duration)
            outside = self.tr("{} lies outside the recording, which goes from {} to {}.").format(said, first, last)
            room.session.told.emit(outside)
        elif t is not None:
            room.go_to(t)
            room.pointing.move_cursor(t)
        elif good:
            room.session.told.emit(self.tr("“{}” is no time. Write 90, 1:30 or 1:02:03.5.").format(said))

    def filters(self) -> None:
        """Ask for filters by kind of channel."""
        room = self._room
        if room.opened is not None:
            dialog = FilterDialog(room.opened.stored, room.derived.filters, room)
            if dialog.exec():
                room.derived.use_filters(dialog.chosen())

    def export(self) -> None:
        """Ask what file the view is to become."""
        room = self._room
        view = view_of(room)
        if view is not None:
            ExportDialog(room.session, view, room).open()

    def report(self) -> None:
        """Ask for the pages of a report."""
        room = self._room
        view = view_of(room)
        if view is not None and room.entry is not None:
            ReportDialog(room.session, view, room.entry.subject or "", room).open()

    def hits_report(self) -> None:
        """Ask whose numbers of HITS are to be written, and where to."""
        session = self._room.session
        if session.study is not None:
            HitsReportDialog(session, session.study, self._room).open()

    def velocity(self) -> None:
        """Show velocity instead of frequency, or frequency again; the first time, ask what velocities rest on."""
        look = self._room.spectral.look
        if look.velocity or look.probe_told:
            self._room.spectral.change(velocity=not look.velocity)
        else:
            self.spectral(velocity=True)

    def spectral(self, velocity: bool = False) -> None:
        """Ask for the looks of the spectrogram, with velocities ticked already if those are wanted."""
        room, recording = self._room, self._room.recording
        if recording is None or not recording.channels:
            return
        known = recording.channels[room.picture_channel]
        doppler = gate_of(recording, room.picture_channel) is not None
        dialog = SpectralDialog(room.spectral.look, known.kind, known.fs / 2, doppler, room.spectral.use, room)
        if velocity:
            dialog.ask_probe()
        dialog.exec()
