"""Marks: drawn, moved, lengthened and said something about, by mouse or by keys; what detectors found stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QMenu

from core.study import UNSURE, Changeset, Study, combine, edit_event
from desktop.services.session import Session
from desktop.views.review.shown_events import movable

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

SHORTEST_S = 0.001


class Marks(QObject):
    """Adds marks and changes them; each change is one step of undo."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room

    def add(self, start_s: float, duration_s: float, channel: str = "", label: str = "") -> None:
        """Add a mark over a stretch of the recording, of a channel or of the chosen one, and select it."""
        opened = self._room.opened
        if opened is None or self._room.library.coming.not_yet():
            return
        start, stop = max(0.0, start_s), min(start_s + duration_s, opened.recording.duration)
        name = channel or self._room.channel_name
        self._session.add_event(opened.id, name, start, max(0.0, stop - start), label=label, origin=self._room.traces)

    def add_here(self, label: str = "") -> None:
        """Mark the chosen stretch; without one, the middle of the page, for the keyboard to move and lengthen."""
        room = self._room
        if room.pointing.stretch is not None:
            start, stop = room.pointing.stretch
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
            row = study.event_rows([chosen])[0]
            start, length = row["start_s"] + move * page, row["duration_s"] + lengthen * page
            return edit_event(study, chosen, start_s=max(0.0, start), duration_s=max(SHORTEST_S, length))

        self._session.edit(build)

    def put(self, event: int, start_s: float, duration_s: float) -> None:
        """Put an event where it was dragged to."""
        total = self._room.recording.duration if self._room.recording is not None else start_s + duration_s
        start = min(max(0.0, start_s), total)
        length = max(SHORTEST_S, min(duration_s, total - start))
        self._session.edit(lambda study: edit_event(study, event, start_s=start, duration_s=length))

    def comment(self) -> None:
        """Ask what is to be said about the selected events."""
        ids, events = self._session.selection.ids, self._session.events
        if not ids:
            self._session.told.emit(self.tr("Select the event to comment on."))
            return
        row = events.row_of(ids[:1])[0]
        before = str(events.attributes[row].get("comment", ""))
        title = (
            self.tr("Comment on event {}").format(ids[0])
            if len(ids) == 1
            else self.tr("Comment on {} events").format(len(ids))
        )
        text, good = QInputDialog.getMultiLineText(self._room, self.tr("Comment"), title, before)
        if good and text.strip() != before:
            self.say(ids, text.strip())

    def say(self, ids: tuple[int, ...], comment: str) -> None:
        """Give events a comment; an empty one takes it away."""

        def build(study: Study) -> Changeset:
            changes = []
            for row in study.event_rows(list(ids)):
                attributes = {k: v for k, v in row["attributes"].items() if k != "comment"}
                given = {"comment": comment} if comment else {}
                changes.append(edit_event(study, row["id"], attributes=attributes | given))
            return combine(f"comment on {len(ids)} events" if len(ids) > 1 else f"comment on event {ids[0]}", *changes)

        self._session.edit(build)

    def fill_menu(self, menu: QMenu, t: float, channel: str) -> None:
        """Add what can be done to marks at a place of the page."""
        room, session = self._room, self._session
        writable = session.writable
        if room.pointing.stretch is not None:
            menu.addAction(self.tr("Mark the chosen stretch (M)"), self.add_here).setEnabled(writable)
            menu.addAction(self.tr("Let go of it (Esc)"), lambda: room.pointing.choose(None))
        else:
            wide = 0.02 * room.length_s
            here = menu.addAction(self.tr("Add a mark here"), lambda: self.add(t - wide / 2, wide, channel))
            here.setEnabled(writable)
        ids = session.selection.ids
        if not ids:
            return
        menu.addSection(self.tr("Event {}").format(ids[0]) if len(ids) == 1 else self.tr("{} events").format(len(ids)))
        labels = menu.addMenu(self.tr("Label as"))
        labels.setEnabled(writable)
        for known in session.classes:
            name = self.tr("unsure") if known.key == UNSURE else known.title
            labels.addAction(f"{known.position} {name}", lambda key=known.key: session.label(ids, key))
        menu.addAction(self.tr("Comment… (K)"), self.comment).setEnabled(writable)
        menu.addAction(self.tr("Remove (Shift+Del)"), lambda: session.remove_events(ids)).setEnabled(writable)
