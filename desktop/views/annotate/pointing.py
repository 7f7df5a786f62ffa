"""What is said of the event under the pointer, and the way of a label on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from desktop.services.session import Session
from desktop.views.annotate.hover import HoverCard
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.parts import line, number

if TYPE_CHECKING:
    from desktop.views.annotate.view import AnnotateView


class Pointing:
    """A line of text and a card for the event under the pointer."""

    def __init__(self, session: Session, room: AnnotateView) -> None:
        self._session, self._room = session, room
        self.text: ElidedLabel = line("", "muted")
        self.card = HoverCard(session, room.canvas)

    def hover(self, event: int | None) -> None:
        """Say of an event what it is, or nothing."""
        shown = self._room.choosing.map
        if event is None or shown is None:
            self.text.setText("")
            self.card.point_at(None)
            return
        tr, events = self._room.tr, self._session.events
        row, at = int(np.flatnonzero(shown.ids == event)[0]), np.flatnonzero(events.id == event)
        text = (events.label[at[0]] or tr("unlabelled")) if len(at) else ""
        if shown.made.events.test[row]:
            text = tr("{} · test subject").format(text)
        words = tr("event {} · {} · LQ {}").format(event, text, number(shown.made.quality[row], 2))
        self.text.setText(words)
        self.card.point_at(event, words)

    def show_path(self, ids: Sequence[int]) -> None:
        """Draw the way of the selected event's label: of a proposed one, as it was proposed."""
        selected, proposal = self._session.selection.ids, self._room.proposal
        if proposal is not None and selected and selected[0] in proposal.proposal.ids:
            ids = proposal.proposal.path(selected[0])
        self._room.canvas.show_path(ids)

    def go_to(self, event: int) -> None:
        """Select an event and see it."""
        self._session.selection.set((event,), self._room)
        self._room.canvas.reveal(event)
