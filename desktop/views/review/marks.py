"""Marks: drawn, moved and lengthened, by mouse or by keys; what detectors found stays where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from core.study import Changeset, Study, edit_event
from desktop.models.event_facts import movable
from desktop.services.session import Session
from desktop.widgets.parts import clock

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

SHORTEST_S = 0.001
DECIMALS = 6  # microseconds: finer than any sample, coarser than what sums of pixels are off
TINY_S = 1e-9


def tidy(seconds: float) -> float:
    """Return a time or a length as it is stored: 2 s, where the mouse gives 1.9999999999999996."""
    return round(seconds, DECIMALS)


class Marks(QObject):
    """Adds marks and changes them; each change is one step of undo."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room

    def add(self, start_s: float, duration_s: float, channel: str = "", label: str = "") -> None:
        """Add a mark over a stretch of the recording, of a channel or of the chosen one, and select it."""
        opened = self._room.opened
        if opened is None or self._room.library.coming.not_yet():
            self._room.pointing.show_preview(None)
            return
        start, stop = max(0.0, start_s), min(start_s + duration_s, opened.recording.duration)
        name = channel or self._room.channel_name
        start, length = tidy(start), tidy(max(0.0, stop - start))
        self._session.add_event(opened.id, name, start, length, label=label, origin=self._room.traces)
        self._let_go()

    def add_here(self, label: str = "") -> None:
        """Mark the chosen stretch; without one, the middle of the page, for the keyboard to move and lengthen."""
        room = self._room
        if room.pointing.stretch is not None:
            start, stop = room.pointing.stretch
            if stop < room.start_s or start > room.start_s + room.length_s:
                said = self.tr(
                    "The chosen stretch, {} to {}, is not on this page: nothing was marked. Esc lets go of it."
                )
                self._session.told.emit(said.format(clock(start), clock(stop)))
                return
            room.pointing.choose(None)
            self.add(start, stop - start, label=label)
        else:
            self.add(room.start_s + 0.475 * room.length_s, 0.05 * room.length_s, label=label)

    def choose_stretch(self) -> None:
        """Choose a tenth of the page in its middle, for the keyboard to move its edges."""
        room = self._room
        middle, wide = room.start_s + room.length_s / 2, 0.05 * room.length_s
        room.pointing.choose((middle - wide, middle + wide))

    def move_edges(self, left: float, right: float) -> None:
        """Move the edges of the chosen stretch by shares of the page."""
        room = self._room
        if room.pointing.stretch is None:
            self.choose_stretch()
            return
        start, stop = room.pointing.stretch
        total = room.recording.duration if room.recording is not None else stop
        moved = (start + left * room.length_s, stop + right * room.length_s)
        room.pointing.choose((float(np.clip(moved[0], 0, total)), float(np.clip(moved[1], 0, total))))

    def selected(self) -> int | None:
        """Return the id of the one selected event that may be moved; None, and a word why, if there is none."""
        ids, events = self._session.selection.ids, self._session.events
        rows = np.flatnonzero(events.id == ids[0]) if len(ids) == 1 else []
        if not len(rows) or not movable(events.maker[rows[0]]):
            self._session.told.emit(self.tr("Select one mark; what detectors found stays where it is."))
            return None
        return ids[0]

    def change(self, move: float, lengthen: float) -> None:
        """Move or lengthen the selected mark by shares of the page."""
        chosen, page = self.selected(), self._room.length_s
        if chosen is None:
            return

        def build(study: Study) -> Changeset:
            row = study.event_rows([chosen])[0]  # keys follow fast: what the last one left
            return self._changed(study, chosen, row["start_s"] + move * page, row["duration_s"] + lengthen * page)

        self._session.edit(build)

    def put(self, event: int, start_s: float, duration_s: float) -> None:
        """Put an event where it was dragged to."""
        self._session.edit(lambda study: self._changed(study, event, start_s, duration_s))
        self._let_go()

    def _let_go(self) -> None:
        """Take away what was dragged when the event is known at its place: else it would be seen to jump back meanwhile."""
        pointing, box = self._room.pointing, self._room.pointing.preview
        self._session.when_saved(lambda: pointing.show_preview(None) if pointing.preview is box else None)

    @staticmethod
    def _changed(study: Study, event: int, start_s: float, duration_s: float) -> Changeset:
        """Return the changeset that gives a mark another place or length within its recording."""
        row = study.event_rows([event])[0]
        before, duration = row["duration_s"], study.recording(row["recording"]).duration_s
        moved = abs(duration_s - before) < TINY_S  # rather than dragged by an edge
        length = before if moved else max(SHORTEST_S, min(duration_s, duration - max(0.0, start_s)))
        start = tidy(float(np.clip(start_s, 0.0, max(0.0, duration - length))))
        length = length if moved else tidy(length)
        title = f"move event {event}" if moved else f"change the length of event {event}"
        return replace(edit_event(study, event, start_s=start, duration_s=length), title=title)

    def fill_menu(self, menu: QMenu, t: float, channel: str) -> None:
        """Add what can be done at a place of the page, and to the event that lies there."""
        room, writable = self._room, self._session.writable
        here = room.events.hold(t, channel)
        if room.pointing.stretch is not None:
            menu.addAction(self.tr("Mark the chosen stretch (M)"), self.add_here).setEnabled(writable)
            menu.addAction(self.tr("Let go of it (Esc)"), lambda: room.pointing.choose(None))
        else:
            wide = 0.02 * room.length_s
            menu.addAction(self.tr("Add a mark here"), lambda: self.add(t - wide / 2, wide, channel)).setEnabled(
                writable
            )
        room.selected.fill_menu(menu, here)
