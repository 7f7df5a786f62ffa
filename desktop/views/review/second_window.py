"""The second window: a part of the page drawn larger, linked to it; the page frames what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

LEAST, USUAL = 0.001, 0.1  # shares of the page


class SecondWindow(QObject):
    """Where the second window lies on the page, and how much of it it shows."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room = room
        self._place, self._share = 0.5 - USUAL / 2, USUAL
        room.detail.panned.connect(self.slide)
        room.detail.zoomed.connect(lambda factor, _t: self.zoom(factor))

    @property
    def shown(self) -> bool:
        """Whether it is shown."""
        return self._room.detail.isVisibleTo(self._room)

    @property
    def span(self) -> tuple[float, float]:
        """Start and length of what it shows, s: it moves with the page."""
        room = self._room
        return room.start_s + self._place * room.length_s, self._share * room.length_s

    def kept(self) -> dict[str, Any]:
        """Return whether and where it is shown, as JSON."""
        return {"shown": self.shown, "place": self._place, "share": self._share}

    def start(self, kept: dict[str, Any]) -> None:
        """Show it as it was left."""
        self._share = float(np.clip(kept.get("share", USUAL), LEAST, 1.0))
        self._place = float(np.clip(kept.get("place", 0.5 - self._share / 2), 0.0, 1.0 - self._share))
        self._room.detail.setVisible(bool(kept.get("shown", False)))
        self._place_it()

    def toggle(self) -> None:
        """Show or hide it."""
        self._room.detail.setVisible(not self.shown)
        self._place_it()

    def slide(self, seconds: float) -> None:
        """Move it along the page."""
        self._place = float(np.clip(self._place + seconds / self._room.length_s, 0.0, 1.0 - self._share))
        self._place_it()

    def zoom(self, factor: float) -> None:
        """Show more or less in it."""
        wide = float(np.clip(self._share * factor, LEAST, 1.0))
        self._place = float(np.clip(self._place + (self._share - wide) / 2, 0.0, 1.0 - wide))
        self._share = wide
        self._place_it()

    def frame_on_page(self) -> None:
        """Frame on the page what it shows."""
        traces = self._room.traces
        traces.context = self.span if self.shown else None
        traces.update()

    def _place_it(self) -> None:
        self.frame_on_page()
        self._room.events.show_boxes()
        self._room.pages.read()
