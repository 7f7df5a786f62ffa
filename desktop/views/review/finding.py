"""Finding events: the makers that Review offers, run in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from core.events import EVENT_MAKERS, Found, find_events
from desktop.services.session import Session
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from core.study import Study
    from desktop.views.review.view import ReviewView


class Finder(QObject):
    """Finds events in the chosen recording; they come as one step of undo."""

    finding = Signal(bool)

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room, self._busy = session, room, False
        self._study: Study | None = None
        session.study_changed.connect(self._forget)

    @property
    def busy(self) -> bool:
        """Whether events are being looked for."""
        return self._busy

    def find(self, maker: str, *, all_of_them: bool = False) -> None:
        """Find events by one of `EVENT_MAKERS`; with `all_of_them` also those that it usually leaves out."""
        study, entry = self._session.study, self._room.entry
        if study is None or entry is None or self._busy or self._room.library.coming.not_yet():
            return
        self._study = study
        self._say(True)

        def done(found: Found) -> None:
            self._say(False)
            what, n = self.tr(EVENT_MAKERS[maker].title), number(found.n_found)
            said = self.tr("{} in {}: {} found.").format(what, entry.name, n)
            if found.n_known:
                known = number(found.n_known)
                said = self.tr("{} in {}: {} found, {} were there already.").format(what, entry.name, n, known)
            if found.n_beside:
                beside = self.tr(
                    "{} lie over events of the same kind that were found otherwise: perhaps the same ones."
                )
                said += " " + beside.format(number(found.n_beside))
            if found.left_out:
                said += self.tr(" {}; “Find events” can take them too.").format(found.left_out)
            notes = [f"{note[0].upper()}{note[1:]}." for note in found.notes]
            # What is to be known of the recording stays until it was read.
            (self._session.noted if notes else self._session.told).emit("\n".join([said, *notes]))
            self._session.apply(found.changeset)

        def failed(error: Exception) -> None:
            self._say(False)
            self._session.failed.emit(error)

        options = self._options(maker) | (dict(EVENT_MAKERS[maker].unless) if all_of_them else {})
        arguments = (study, entry.id, maker, options)
        self._session.tasks.submit("review find", find_events, *arguments, done=done, failed=failed)

    def _options(self, maker: str) -> dict[str, Any]:
        """Return the channel that is chosen in the room, for a maker that needs one where none is known to be its own."""
        recording = self._room.recording
        if maker != "beats" or recording is None or "ecg" in {channel.kind for channel in recording.channels}:
            return {}
        return {"channel": self._room.picture_channel}

    def _forget(self) -> None:
        # A study that is closed takes its tasks with it: nobody will tell that the search ended.
        if self._busy and self._session.study is not self._study:
            self._say(False)

    def _say(self, on: bool) -> None:
        self._busy = on
        self.finding.emit(on)
