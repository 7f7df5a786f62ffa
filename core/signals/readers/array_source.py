"""The samples of channels in an array: those that lie side by side are read together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.digital import Bools, Digital
from core.signals.readers.clock import Clock
from core.signals.readers.mapping import Index, StoredArray
from core.signals.recording import Floats

INTEGERS = {"i1": "i1", "u1": "i2", "i2": "i2", "u2": "i4", "i4": "i4"}  # what is stored, and what it is given as
FLOATS = {"f2": "f4", "f4": "f4"}


@dataclass
class Whole:
    """An array that its format only gives whole: read when it is first needed, then kept."""

    load: Callable[[], npt.NDArray[Any]]
    _kept: npt.NDArray[Any] | None = None
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, index: Index) -> npt.NDArray[Any]:
        """Return what an index asks for."""
        with self._lock:
            if self._kept is None:
                self._kept = self.load()
        return self._kept[index]


@dataclass(frozen=True)
class Line:
    """Where one channel lies: the index of its array with an open place for time, and which part of complex numbers."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    part: str = "real"


@dataclass(frozen=True)
class Box:
    """Lines that one index reads: along `axis` from `start` to `stop`, all other places but time the same."""

    index: tuple[int, ...]
    axis: int
    stop: int

    def cut(self, time_axis: int, time: slice) -> Index:
        """Return the index that reads it; the place of time is not among its own."""
        index: list[int | slice] = list(self.index)
        if self.index:
            index[self.axis] = slice(self.index[self.axis], self.stop)
        return (*index[:time_axis], time, *index[time_axis:])


@dataclass(frozen=True)
class ArraySource:
    """Samples of the channels in an array; only the rows asked for are read."""

    stored: StoredArray
    lines: tuple[Line, ...]
    clock: Clock
    first_row: int
    scale: float

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in the channel's unit."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return the numbers of several channels, in as few pieces as their places allow."""
        values = np.zeros((len(channels), stop - start), self._dtype)
        missing: Bools | None = None
        parts = self.clock.parts(start, stop)
        boxes = self._boxes(channels) if parts else []
        for at, row, n in parts:
            time = slice(self.first_row + row, self.first_row + row + n)
            for box, rows in boxes:
                self._read(box, time, values[:, at : at + n], rows, channels)
        if sum(n for _, _, n in parts) < stop - start:
            missing = np.ones(stop - start, bool)
            for at, _, n in parts:
                missing[at : at + n] = False
        if values.dtype.kind == "f" and (nans := np.isnan(values)).any():
            missing = nans if missing is None else nans | missing
        return Digital(values, np.full(len(channels), self.scale), np.zeros(len(channels)), missing)

    def cost(self, channels: Sequence[int], n: int) -> float:
        """Return what `digital` of so many samples costs: of chunks that are decoded whole, all that they hold."""
        stored, time = self.stored, len(self.lines[0].before)
        if not stored.chunks:
            return stored.cost * n * len(channels)
        decoded = 0.0
        for box, _ in self._boxes(channels):
            several = box.stop - box.index[box.axis] if box.index else 1
            spans = [n if axis == time else 1 for axis in range(len(stored.shape))]
            if box.index:
                spans[box.axis + (box.axis >= time)] = several
            chunks = zip(spans, stored.chunks, stored.shape, strict=True)
            decoded += float(np.prod([min(-(-span // chunk) * chunk, most) for span, chunk, most in chunks]))
        return n * len(channels) + stored.cost * decoded

    def _read(self, box: Box, time: slice, into: npt.NDArray[Any], rows: list[int], channels: Sequence[int]) -> None:
        axis = len(self.lines[0].before)
        found = np.asarray(self.stored.cut(box.cut(axis, time)))
        if box.index and box.axis >= axis:  # time comes first
            found = found.T
        found = found.reshape(-1, time.stop - time.start)
        for row in rows:
            line = self.lines[channels[row]]
            place = line.before + line.after
            into[row] = getattr(found[place[box.axis] - box.index[box.axis] if place else 0], line.part)

    def _boxes(self, channels: Sequence[int]) -> list[tuple[Box, list[int]]]:
        """Return boxes that hold no other places than those of some channels, each with the channels by their number."""
        at: dict[tuple[int, ...], list[int]] = {}
        for row, channel in enumerate(channels):
            at.setdefault(self.lines[channel].before + self.lines[channel].after, []).append(row)
        boxes: list[tuple[Box, list[int]]] = []
        places = sorted(at)
        varies = [axis for axis in range(len(places[0])) if len({place[axis] for place in places}) > 1]
        axis = varies[-1] if varies else 0
        for place in places:
            box, rows = boxes[-1] if boxes else (None, [])
            if box is not None and place == (*box.index[:axis], box.stop, *box.index[axis + 1 :]):
                boxes[-1] = (Box(box.index, axis, box.stop + 1), rows + at[place])
            else:
                boxes.append((Box(place, axis, place[axis] + 1 if place else 1), at[place]))
        return boxes

    @property
    def _dtype(self) -> np.dtype[Any]:
        known = np.dtype(self.stored.dtype)
        size = f"{known.kind}{known.itemsize}"
        return np.dtype(INTEGERS.get(size) or FLOATS.get(size) or "f8")
