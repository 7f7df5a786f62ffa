"""Which events are shown, and as what: the layers of annotators and detectors, the boxes and ticks of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from core.events import EVENT_MAKERS
from core.study import EventTable
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.pictures import events as drawn
from desktop.views.review.pictures.events import Box, Tick
from desktop.views.review.pictures.frame import Frame


def layer_of(maker: str, attributes_json: str) -> str:
    """Return the layer an event is in: its detector or file, or for marks the annotator who drew it."""
    if maker != "annotator":
        return maker
    at = attributes_json.find('"by": "')
    return f"annotator: {attributes_json[at + 7 : attributes_json.find(chr(34), at + 7)]}" if at >= 0 else "annotator"


def movable(maker: str) -> bool:
    """Return whether an event may be moved by hand: what detectors found stays where they found it."""
    return maker not in EVENT_MAKERS or maker == "annotations"


class Layers(QObject):
    """Layers that are hidden: they are not drawn and not listed, and nothing else happens to them."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hidden: frozenset[str] = frozenset()

    def show(self, layer: str, on: bool) -> None:
        """Show or hide a layer."""
        hidden = self.hidden - {layer} if on else self.hidden | {layer}
        if hidden != self.hidden:
            self.hidden = hidden
            self.changed.emit()

    def start(self, hidden: Iterable[Any]) -> None:
        """Take up what was remembered."""
        self.hidden = frozenset(str(layer) for layer in hidden)

    def of(self, events: EventTable, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
        """Return the layer of each of these rows. O(rows)."""
        layers = np.empty(len(rows), object)
        layers[:] = [layer_of(m, a) for m, a in zip(events.maker[rows], events.attributes_json[rows], strict=True)]
        return layers

    def visible(self, events: EventTable, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return those of the rows that are in layers that are shown."""
        if not self.hidden:
            return rows
        return rows[[layer not in self.hidden for layer in self.of(events, rows)]]

    def counts(self, events: EventTable, recording_id: int) -> dict[str, int]:
        """Return how many events of a recording each layer has, in order of their names."""
        rows = np.flatnonzero(events.recording == recording_id)
        return dict(sorted(Counter(self.of(events, rows).tolist()).items()))


class ShownEvents:
    """The events of the recording that is shown, ready to be drawn: arrays sorted by their start.

    Made anew when events, labels or layers change, O(events log events); a page then takes O(events of the page).
    """

    def __init__(self, session: Session, recording_id: int, layers: Layers) -> None:
        events = session.events
        rows = layers.visible(events, np.flatnonzero(events.recording == recording_id))
        self.rows = rows[np.argsort(events.start_s[rows], kind="stable")]
        self.ids, self.start_s = events.id[self.rows], events.start_s[self.rows]
        self.length_s, self.labels = events.duration_s[self.rows], events.label[self.rows]
        self._channels, self._makers = events.channel[self.rows], events.maker[self.rows]
        self.longest_s = float(self.length_s.max(initial=0.0))
        position = session.position_of
        known = set(self.labels.tolist())
        self._colour = {text: theme.class_colour(position(text)) for text in known} | {"": theme.token("unlabelled")}
        self._name = {text: f"{theme.class_shape(position(text))} {text}" if text else "" for text in known}
        self.colours = np.array([self._colour[text] for text in self.labels.tolist()], object)

    def within(self, start_s: float, stop_s: float) -> npt.NDArray[np.intp]:
        """Return the places of events that touch a stretch of time."""
        first = int(np.searchsorted(self.start_s, start_s - self.longest_s))
        last = int(np.searchsorted(self.start_s, stop_s))
        near = np.arange(first, last)
        return near[self.start_s[near] + self.length_s[near] >= start_s]

    def on_page(self, frame: Frame, selected: npt.NDArray[np.int64]) -> tuple[list[Box], list[Tick]]:
        """Return what to draw on a page: boxes, and ticks for events that cannot be told apart."""
        near = self.within(frame.start_s, frame.stop_s)
        chosen = np.isin(self.ids[near], selected)
        lengths = np.maximum(self.length_s[near], frame.length_s / 2000)
        wide = drawn.boxed(lengths, chosen, frame.px_per_s, frame.rect.width())
        boxes = [
            Box(
                int(self.ids[n]), float(self.start_s[n]), float(self.length_s[n]), self._channels[n], self.colours[n],
                bool(is_chosen), self._name[self.labels[n]], movable(self._makers[n]),
            )
            for n, is_chosen in zip(near[wide].tolist(), chosen[wide].tolist(), strict=True)
        ]  # fmt: skip
        rest = near[~wide]
        return boxes, drawn.ticks(self.start_s[rest], self.colours[rest].tolist(), frame.start_s, frame.px_per_s)

    def on_overview(self, frame: Frame) -> list[Tick]:
        """Return the ticks of the whole recording: one for each place and colour, however many events there are."""
        return drawn.ticks(self.start_s, self.colours.tolist(), frame.start_s, frame.px_per_s)

    def at(self, t: float, margin_s: float, channel: str = "") -> int | None:
        """Return the id of the event at a time: of its own channel before others, the shortest where several overlap."""
        near = self.within(t - margin_s, t + margin_s)
        if not len(near):
            return None
        elsewhere = (self._channels[near] != channel).astype(int)
        best = np.lexsort((self.length_s[near], elsewhere))[0]
        return int(self.ids[near[best]])
