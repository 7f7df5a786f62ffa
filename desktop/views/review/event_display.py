"""The events of the recording that is shown: drawn on its page and overview, listed, picked, stepped through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from desktop.services.session import Session
from desktop.views.review.shown_events import ShownEvents

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

NEAR = 1 / 300  # of the page: how near to an event a click takes it


class EventDisplay(QObject):
    """Keeps pictures, table and selection of one recording's events together."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.shown: ShownEvents | None = None
        self._place = 0  # row of the event selected last

    def refresh(self) -> None:
        """Take up events, labels or layers that changed."""
        room = self._room
        if room.opened is None:
            return
        self.shown = ShownEvents(self._session, room.opened.id, room.layers)
        room.model.show(self._session.events, self.shown.rows)
        room.right.make_room()
        room.right.show_count()
        self.show_ticks()
        self.show_boxes()

    def show_ticks(self) -> None:
        """Draw the ticks of the overview."""
        if self.shown is not None:
            overview = self._room.overview
            overview.ticks = self.shown.on_overview(overview.frame)
            overview.update()

    def show_boxes(self) -> None:
        """Draw the events of the page."""
        room = self._room
        if self.shown is None:
            return
        selected = np.fromiter(self._session.selection.ids, np.int64)
        boxes, room.traces.ticks = self.shown.on_page(room.traces.frame.at(room.start_s, room.length_s), selected)
        for canvas in (room.traces, room.spectrogram):
            canvas.show_time(room.start_s, room.length_s)
            canvas.show_boxes(boxes)
        if room.second.shown:
            boxes, room.detail.ticks = self.shown.on_page(room.detail.frame.at(*room.second.span), selected)
            room.detail.show_time(*room.second.span)
            room.detail.show_boxes(boxes)

    def pick(self, t: float, channel: str) -> None:
        """Select the event at a time; none lets go of the selection."""
        if self.shown is not None:
            found = self.shown.at(t, self._room.length_s * NEAR, channel)
            self._session.selection.set(() if found is None else (found,), self._room.traces)

    def selected(self, ids: tuple[int, ...], origin: object) -> None:
        """Show the selection of wherever it was made."""
        room = self._room
        row = room.model.row_of(ids[0]) if ids else None
        if row is not None:
            self._place = row
        if origin is not room.table:
            room.right.select(ids)
        if ids and origin is not room.traces and room.isVisible():
            self.reveal(ids[0])
        self.show_boxes()

    def reveal(self, event_id: int) -> None:
        """Show the page an event is on, in its recording."""
        room, events = self._room, self._session.events
        rows = np.flatnonzero(events.id == event_id)
        if not len(rows):
            return
        start, recording = float(events.start_s[rows[0]]), int(events.recording[rows[0]])
        if recording != room.recording_id:
            room.show_in(recording, start)
        elif not room.start_s <= start <= room.start_s + room.length_s:
            room.go_to(start - room.length_s / 2)

    def step(self, direction: int) -> None:
        """Select the next or the previous event in the order of the table."""
        room = self._room
        ids = room.model.ids
        if not len(ids):
            return
        current = self._session.selection.ids[0] if self._session.selection.ids else None
        place = 0
        if current is not None:
            row = room.model.row_of(current)
            # After one that was removed comes what stands in its place now.
            place = self._place + min(direction, 0) if row is None else row + direction
        self._session.selection.set((int(ids[place % len(ids)]),), room)
