"""A recording on its way into the study: shown while its content is still being hashed, which takes seconds for a gigabyte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.signals import Recording, open_pyramid
from core.study import RecordingEntry
from desktop.services.session import Session
from desktop.views.review.data import COMING

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class Coming(QObject):
    """Shows the first recording of those that are being added, and hands it over when the study knows it."""

    changed = Signal()  # the list of recordings

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self._recording: Recording | None = None
        self._id: int | None = None

    @property
    def entries(self) -> list[RecordingEntry]:
        """The recordings to list: those of the study, and the one on its way."""
        if self._recording is None:
            return self._session.recordings
        known = self._recording
        entry = RecordingEntry(
            COMING, str(known.path.resolve()), "", known.format, known.path.stem, known.subject, None, known.duration,
            known.simulated, dict(known.options), known.note,
        )  # fmt: skip
        return [*self._session.recordings, entry]

    def at(self, row: int) -> RecordingEntry | None:
        """Return the recording in a row of the list."""
        return self.entries[row] if 0 <= row < len(self.entries) else None

    def of(self, recording_id: int) -> Recording | None:
        """Return the recording on its way if that is meant, so that nobody looks for it in the study."""
        return self._recording if recording_id == COMING else None

    @property
    def shown(self) -> bool:
        """Whether it is what the room shows, or is about to."""
        return self._recording is not None and self._room.chosen is not None and self._room.chosen.id == COMING

    def not_yet(self) -> bool:
        """Say why nothing can be marked, if what is shown is not in the study yet."""
        if self.shown:
            self._session.told.emit(self.tr("It is still being added to the study. Mark it in a moment."))
        return self.shown

    def show(self, recording: Recording | None) -> None:
        """List a recording that is being added, and open it; one that the study has at this place is opened as usual."""
        path = str(recording.path.resolve()) if recording is not None else ""
        if recording is None or self._recording is not None or any(e.path == path for e in self._session.recordings):
            return
        self._recording, self._id = recording, None
        self._room.looks.coming()
        self.changed.emit()
        self._room.recordings.setCurrentRow(len(self._session.recordings))

    def ended(self, wanted: list[str], ids: dict[str, int]) -> bool:
        """Of files that were wanted the study has taken up some, by their paths; return whether what is shown is to stay.

        If the one on its way is among them, `listed` hands it over; if it was wanted with them only, it does not come.
        """
        if self._recording is None:
            return False
        here = self._recording.path.resolve()
        names = (here, here.with_suffix(""))  # a WFDB record may be named without .hea
        if not any(Path(path).resolve() in names for path in wanted):
            return self.shown
        left = not self.shown
        self._id = next((n for path, n in ids.items() if Path(path).resolve() in names), None)
        if self._id is None:
            self._recording = None
            self.changed.emit()
        return left

    def listed(self) -> list[RecordingEntry]:
        """Return the recordings to list; one that has arrived is handed over first, and what is shown of it stays."""
        entry = self._session.entry_of(self._id)
        if entry is not None:
            self._room.looks.arrived(entry.id)
            was_shown, opened = self.shown, self._room.opened
            self._recording = self._id = None
            if was_shown and opened is not None and opened.id == COMING:
                pyramid = open_pyramid(opened.recording, self._session.arrays_of(entry.id))
                self._room.take_up(entry, replace(opened, id=entry.id, pyramid=pyramid))
        return self.entries

    def forget(self) -> None:
        """Another study is open."""
        self._recording = self._id = None
        self._room.looks.coming()
