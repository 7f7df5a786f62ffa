"""Which of many channels are shown: groups of one number after each other, and on ECG paper as many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

PAPER_ROW_MM = 12.0  # that a lead takes on paper, at least: lower ones lie over each other


def group_after(order: Sequence[int], shown: Sequence[int], number: int, direction: int) -> tuple[int, ...]:
    """Return the group of channels after, or with -1 before, those that are shown; the same where there is none."""
    if not shown:
        return tuple(order[:number])
    start = max(0, min(order.index(n) for n in shown) + direction * number)
    return tuple(order[start : start + number]) if start < len(order) else tuple(shown)


def rows_that_fit(height_px: float, px_per_mm: float) -> int:
    """Return how many leads have room on ECG paper."""
    return max(1, int(height_px / (PAPER_ROW_MM * px_per_mm)))


class ChannelGroups(QObject):
    """Goes through the channels of a recording in groups; takes fewer while they are on paper."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room = room
        self._on_paper = False
        self._before: tuple[int, ...] = ()  # what was shown before paper
        self._limited: tuple[int, ...] = ()  # what was shown of it on paper at first
        panel = room.left.buttons
        panel.stepped.connect(self.step)
        panel.all_asked.connect(lambda: room.appearance.show_channels(room.appearance.order))
        panel.none_asked.connect(lambda: room.appearance.change(channels=()))
        panel.number_chosen.connect(self.use)
        room.appearance.changed.connect(self._look_changed)

    def step(self, direction: int) -> None:
        """Show the next group of channels, or with -1 the one before."""
        look = self._room.appearance
        found = group_after(look.order, look.look.channels, look.group, direction)
        if found == look.look.channels:
            end = self.tr("These are the last channels.") if direction > 0 else self.tr("These are the first channels.")
            self._room.session.told.emit(end)
            return
        look.change(channels=found)

    def use(self, number: int) -> None:
        """Show groups of this many channels, from the first that is shown."""
        look = self._room.appearance
        look.group = number
        look.change(channels=group_after(look.order, look.look.channels, number, 0))

    def begin(self) -> None:
        """Go on in another recording, or in another montage: what was shown before paper is not known of it."""
        self._on_paper, self._before, self._limited = self._room.appearance.look.paper, (), ()
        self.show()

    def show(self) -> None:
        """Say which channels are shown."""
        look = self._room.appearance
        self._room.left.buttons.show_shown(look.order, look.look.channels, look.group)

    def _look_changed(self) -> None:
        look = self._room.appearance
        if look.look.paper == self._on_paper:
            return
        self._on_paper = look.look.paper
        if not self._on_paper:
            if self._before and look.look.channels == self._limited:
                look.show_channels(self._before)
            self._before = ()
            return
        most = rows_that_fit(self._room.traces.frame.rect.height(), self._room.px_per_mm)
        if most < len(look.look.channels):
            self._before, self._limited = look.look.channels, look.look.channels[:most]
            look.show_channels(self._limited)
