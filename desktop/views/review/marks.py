"""Marks that the annotator draws, by mouse or by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from core.study import Changeset, Study, edit_event
from desktop.services.session import Session

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

SHORTEST_S = 0.001


class Marks(QObject):
    """Adds, moves and lengthens marks; what detectors found stays where it is."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room

    def add(self, start_s: float, duration_s: float) -> None:
        """Add a mark over a range of the recording, on the chosen channel, and select it."""
        opened = self._room.opened
        if opened is not None:
            channel = opened.recording.channels[self._room.picture_channel].name
            start, stop = max(0.0, start_s), min(start_s + duration_s, opened.recording.duration)
            origin = self._room.traces
            self._session.add_event(opened.id, channel, start, max(0.0, stop - start), origin=origin)

    def add_in_the_middle(self) -> None:
        """Add a mark in the middle of the page, for the keyboard to move and lengthen."""
        page = self._room.length_s
        self.add(self._room.start_s + 0.475 * page, 0.05 * page)

    def change(self, move: float, lengthen: float) -> None:
        """Move or lengthen the selected mark by shares of the page."""
        ids, page, events = self._session.selection.ids, self._room.length_s, self._session.events
        rows = np.flatnonzero(events.id == ids[0]) if len(ids) == 1 else []
        if not len(rows) or events.maker[rows[0]] != "annotator":
            self._session.told.emit(self.tr("Select one mark that you drew; found events stay where they are."))
            return

        def build(study: Study) -> Changeset:
            row = study.event_rows(ids)[0]
            start, length = row["start_s"] + move * page, row["duration_s"] + lengthen * page
            return edit_event(study, ids[0], start_s=max(0.0, start), duration_s=max(SHORTEST_S, length))

        self._session.edit(build)
