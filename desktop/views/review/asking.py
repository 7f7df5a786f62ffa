"""What Review asks the user: where to go, which filters, how the spectrogram looks, what goes to paper and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog

from core.signals import gate_of
from desktop.views.review.dialogs import FilterDialog, SpectralDialog
from desktop.views.review.export_dialog import ExportDialog
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
        if t is not None:
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

    def spectral(self) -> None:
        """Ask for the looks of the spectrogram."""
        room, recording = self._room, self._room.recording
        if recording is not None and recording.channels:
            known, doppler = (
                recording.channels[room.picture_channel],
                gate_of(recording, room.picture_channel) is not None,
            )
            SpectralDialog(room.spectral.look, known.kind, known.fs / 2, doppler, room.spectral.use, room).exec()
