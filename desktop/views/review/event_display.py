"""The events of the recording that is shown: drawn on its page and overview, listed, picked, stepped through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QToolTip

from desktop.models.event_facts import layer_of, maker_name
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.layers import Layer
from desktop.views.review.offered import Offered
from desktop.views.review.shown_events import ShownEvents
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

NEAR = 1 / 300  # of the page: how near to an event a click takes it


class EventDisplay(QObject):
    """Keeps pictures, table, layers and selection of one recording's events together."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.shown: ShownEvents | None = None
        self.offered = Offered(session, room)
        self.layers: list[Layer] = []  # of the recording
        self._of: tuple[Any, ...] = ()  # what `shown` was made of
        self._place = 0  # row of the event selected last
        self._picked: tuple[float, str, int] | None = None  # where the last click was, and what it selected
        room.right.chosen.connect(lambda ids: session.selection.set(ids, room.table))
        room.right.shown.connect(lambda event: self.reveal(event, centre=True))
        room.right.counted.connect(self._count)
        room.right.show_all.connect(lambda: room.layers.hide(()))

    def refresh(self) -> None:
        """Take up events, labels or layers that changed."""
        room, session = self._room, self._session
        if room.opened is None:
            return
        # One edit tells of events and of labels; what it left is drawn once.
        hidden, queue = room.layers.hidden, room.queue.state
        made_of = (session.events, session.classes, room.opened, hidden, queue, theme.name())
        if len(self._of) == len(made_of) and all(a is b for a, b in zip(made_of, self._of, strict=True)):
            return
        self._of = made_of
        events = session.seen(session.events)
        self.shown = ShownEvents(session, events, room.opened.id, room.layers)
        self.layers = room.layers.found(events, self.shown.all, self.shown.labels)
        room.model.show(events, self.shown.rows)
        room.layers_panel.show_layers(self.layers)
        room.right.make_room()
        self._count()
        self.offered.refresh()
        self.show_ticks()
        self.show_boxes()

    def clear(self, recording_id: int) -> None:
        """Show no events: their recording cannot be shown."""
        room = self._room
        self.shown, self.layers, self._of = None, [], ()
        room.model.show(self._session.events, np.empty(0, np.intp))
        room.layers_panel.show_layers([])
        room.right.show_unseen(int((self._session.events.recording == recording_id).sum()))
        self.offered.refresh()

    def _count(self) -> None:
        """Say how many events are shown, and which layers hide how many."""
        if self.shown is None:
            return
        hidden = [layer for layer in self.layers if layer.name in self._room.layers.hidden]
        names = ", ".join(maker_name(layer.name) for layer in hidden)
        by = self.tr("{} by layers ({})").format(number(sum(layer.count for layer in hidden)), names) if hidden else ""
        self._room.right.show_count(len(self.shown.all), by)

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

    # Picking

    def under(self, t: float, channel: str) -> tuple[int, ...]:
        """Return the events at a place of the page, the one that a click takes first."""
        return self.shown.under(t, self._room.length_s * NEAR, channel) if self.shown is not None else ()

    def pick(self, t: float, channel: str) -> None:
        """Select the event at a time, the next one under it where it is selected already; none lets go of the selection."""
        found, before, self._picked = self.under(t, channel), self._picked, None
        if not found:
            self._session.selection.set((), self._room.traces)
            return
        self._room.pointing.choose(None)
        place = 0
        if before is not None and self._session.selection.ids == before[2:] and before[2] in found:
            again = abs(before[0] - t) <= self._room.length_s * NEAR and before[1] == channel
            place = (found.index(before[2]) + 1) % len(found) if again else 0
        self._picked = (t, channel, found[place])
        self._session.selection.set((found[place],), self._room.traces)
        if len(found) > 1:
            text = self.tr("{} of {} events here: click again for the next").format(place + 1, len(found))
            QToolTip.showText(QCursor.pos(), text, self._room)

    def hold(self, t: float, channel: str) -> tuple[int, ...]:
        """Select the event at a time unless one there is selected; return all that lie there.

        Beside the chosen stretch, that lets go of it; on the stretch, the menu has to do with both.
        """
        found, pointing = self.under(t, channel), self._room.pointing
        if found and not set(found) & set(self._session.selection.ids):
            if pointing.stretch is not None and not pointing.stretch[0] <= t <= pointing.stretch[1]:
                pointing.choose(None)
            self._session.selection.set(found[:1], self._room.traces)
        return found

    def comment_at(self, t: float, channel: str) -> None:
        """Ask for a comment on the event at a time."""
        if self.hold(t, channel):
            self._room.selected.comment()

    def selected(self) -> None:
        """Show the selection of wherever it was made; what is selected later than a stretch is what keys are meant for."""
        room, ids, origin = self._room, self._session.selection.ids, self._session.selection.origin
        if ids and origin is not room.traces:  # there, clicks and marks say themselves what becomes of the stretch
            room.pointing.choose(None)
        row = room.model.row_of(ids[0]) if ids else None
        if row is not None:
            self._place = row
        if origin is not room.table:
            room.right.select(ids)
        if ids and origin is not room.traces and room.isVisible():
            self.reveal(ids[0])
        self.show_boxes()

    def reveal(self, event_id: int, *, centre: bool = False) -> None:
        """Show the page an event is on, in its recording; `centre` puts it in the middle even if it is seen already."""
        room, events = self._room, self._session.events
        rows = np.flatnonzero(events.id == event_id)
        if not len(rows):
            return
        start, recording = float(events.start_s[rows[0]]), int(events.recording[rows[0]])
        if recording != room.recording_id:
            room.show_in(recording, start)
        elif centre or not room.start_s <= start <= room.start_s + room.length_s:
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

    # Layers

    def hide_layer(self) -> None:
        """Hide the layers of the selected events."""
        events, ids = self._session.events, self._session.selection.ids
        rows = np.flatnonzero(np.isin(events.id, np.fromiter(ids, np.int64)))
        if len(rows):
            found = {layer_of(events.maker[n], events.attributes_json[n]) for n in rows}
            self._session.selection.set((), self)
            self._room.layers.hide(self._room.layers.hidden | found)
        else:
            self._session.told.emit(self.tr("Select an event of the layer to hide."))
