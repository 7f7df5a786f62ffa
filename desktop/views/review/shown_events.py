"""Which events are shown, and as what: the boxes and ticks of a page."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.study import EventTable
from desktop.models.event_facts import coded, movable
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.layers import Layers
from desktop.views.review.pictures import events as drawn
from desktop.views.review.pictures.events import Box, Tick
from desktop.views.review.pictures.frame import Frame


class ShownEvents:
    """The events of the recording that is shown, ready to be drawn: arrays sorted by their start.

    Made anew when events, labels or layers change, O(events log events); a page then takes O(events of the page). `all` are
    the rows of its events, hidden ones too, and `labels` how those are labelled, as `coded` gives it.
    """

    def __init__(self, session: Session, events: EventTable, recording_id: int, layers: Layers) -> None:
        self.all = np.flatnonzero(events.recording == recording_id)
        rows = layers.visible(events, self.all)
        self.rows = rows[np.argsort(events.start_s[rows], kind="stable")]
        self.ids, self.start_s = events.id[self.rows], events.start_s[self.rows]
        self.length_s = events.duration_s[self.rows]
        self._channels, self._makers = events.channel[self.rows], events.maker[self.rows]
        self.longest_s = float(self.length_s.max(initial=0.0))
        self.labels = codes, texts = coded(events.label[self.all].tolist())
        self._codes = codes[np.searchsorted(self.all, self.rows)]
        position = session.position_of
        self._colours = [theme.class_colour(position(text)) if text else theme.token("unlabelled") for text in texts]
        self._names = [f"{theme.class_shape(position(text))} {text}" if text else "" for text in texts]

    def within(self, start_s: float, stop_s: float) -> npt.NDArray[np.intp]:
        """Return the places of events that touch a stretch of time."""
        first = int(np.searchsorted(self.start_s, start_s - self.longest_s))
        last = int(np.searchsorted(self.start_s, stop_s, side="right"))
        near = np.arange(first, last)
        return near[self.start_s[near] + self.length_s[near] >= start_s]

    def on_page(self, frame: Frame, selected: npt.NDArray[np.int64]) -> tuple[list[Box], list[Tick]]:
        """Return what to draw on a page: boxes, shorter ones over longer ones, and ticks for events that cannot be told apart."""
        near = self.within(frame.start_s, frame.stop_s)
        near = near[np.argsort(-self.length_s[near], kind="stable")]
        chosen = np.isin(self.ids[near], selected)
        lengths = np.maximum(self.length_s[near], frame.length_s / 2000)
        wide = drawn.boxed(lengths, chosen, frame.px_per_s, frame.rect.width())
        boxes = [
            self._box(n, is_chosen) for n, is_chosen in zip(near[wide].tolist(), chosen[wide].tolist(), strict=True)
        ]
        rest = near[~wide]
        return boxes, drawn.ticks(frame, self.start_s[rest], self._codes[rest], self._colours)

    def _box(self, n: int, selected: bool) -> Box:
        code = self._codes[n]
        return Box(
            int(self.ids[n]), float(self.start_s[n]), float(self.length_s[n]), self._channels[n], self._colours[code],
            selected, self._names[code], movable(self._makers[n]),
        )  # fmt: skip

    def on_overview(self, frame: Frame) -> list[Tick]:
        """Return the ticks of the whole recording: one for each place and colour, however many events there are."""
        return drawn.ticks(frame, self.start_s, self._codes, self._colours)

    def under(self, t: float, margin_s: float, channel: str = "") -> tuple[int, ...]:
        """Return the ids of the events at a time: those of its own channel before others, shorter ones first."""
        near = self.within(t - margin_s, t + margin_s)
        elsewhere = (self._channels[near] != channel).astype(int)
        order = np.lexsort((np.abs(self.start_s[near] + self.length_s[near] / 2 - t), self.length_s[near], elsewhere))
        return tuple(self.ids[near[order]].tolist())
