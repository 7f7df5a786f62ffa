"""The samples of a WFDB record: segment by segment, of each file all channels in one pass."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.signals.digital import Bools, Digital
from core.signals.readers.wfdb_files import SignalFile
from core.signals.readers.wfdb_header import Signal
from core.signals.recording import Floats


@dataclass(frozen=True)
class Stored:
    """A channel in a segment: a signal of a file, its way to the channel's unit, and how many frames of it there are."""

    file: SignalFile
    number: int
    n_frames: int
    factor: float

    @property
    def signal(self) -> Signal:
        """Its signal line."""
        return self.file.signals[self.number]

    @property
    def calibration(self) -> tuple[float, float]:
        """Gain and shift from digital values to the channel's unit."""
        gain = self.factor / self.signal.gain
        return gain, -self.signal.baseline * gain

    @property
    def together(self) -> tuple[Path, int, int]:
        """What signals have alike that can be read in one pass."""
        return self.file.path, self.signal.skew, self.n_frames


@dataclass(frozen=True)
class Segment:
    """Frames that one header describes: the first of them, their number, and what is stored of each channel."""

    start: int
    n_frames: int
    channels: tuple[Stored | None, ...]

    def passes(self, channels: Sequence[int]) -> list[tuple[list[int], list[Stored]]]:
        """Return what is to be read of some channels, pass by pass: their places among them, and what is stored."""
        found: dict[tuple[Path, int, int], tuple[list[int], list[Stored]]] = {}
        for row, channel in enumerate(channels):
            if (stored := self.channels[channel]) is not None:
                rows, several = found.setdefault(stored.together, ([], []))
                rows.append(row)
                several.append(stored)
        return list(found.values())


@dataclass(frozen=True)
class SegmentsSource:
    """Samples of a record, segment by segment; missing where a segment lacks a channel.

    They are integers, unless segments calibrate a channel differently.
    """

    segments: tuple[Segment, ...]
    per_frame: tuple[int, ...]

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in physical units."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return what is stored of channels of one rate, each file decoded once."""
        n = self.per_frame[channels[0]]
        first, last = start // n, -(-stop // n)
        values = np.zeros((len(channels), (last - first) * n), self._dtype)
        missing = np.ones(values.shape, bool)
        at = max(bisect_right(self.segments, first, key=lambda segment: segment.start) - 1, 0)
        while at < len(self.segments) and (segment := self.segments[at]).start < last:
            low, high = max(first, segment.start), min(last, segment.start + segment.n_frames)
            for rows, stored in segment.passes(channels) if low < high else ():
                self._fill(
                    values, missing, rows, stored, (low - first) * n, (low - segment.start, high - segment.start)
                )
            at += 1
        cut = slice(start - first * n, stop - first * n)
        known = self.calibrations or {}
        gain, shift = np.array([known.get(channel, (1.0, 0.0)) for channel in channels]).T
        return Digital(values[:, cut], gain, shift, missing[:, cut] if missing[:, cut].any() else None)

    def _fill(
        self, values: Any, missing: Bools, rows: list[int], stored: list[Stored], at: int, frames: tuple[int, int]
    ) -> None:
        """Put frames of a segment, from column `at` on, into some rows."""
        file, skew, n_frames = stored[0].file, stored[0].signal.skew, stored[0].n_frames
        # header(5): a signal with a skew is stored that many frames late
        first, last = frames[0] + skew, min(frames[1] + skew, n_frames)
        if first >= last:
            return
        digits = file.read([one.number for one in stored], first, last)
        to = slice(at, at + digits.shape[1])
        for row, one, line in zip(rows, stored, digits, strict=True):
            gain, shift = one.calibration
            values[row, to] = line * gain + shift if self.calibrations is None else line
            missing[row, to] = False if file.invalid is None else line == file.invalid

    def cost(self, channels: Sequence[int], n: int) -> float:
        """Return what `digital` of so many samples costs: of each file, all signals are decoded."""
        per = self.per_frame[channels[0]]
        decoded = max((self._decoded(segment, tuple(channels)) for segment in self._kinds), default=0.0)
        return n * len(channels) + n / per * decoded

    def _decoded(self, segment: Segment, channels: tuple[int, ...]) -> float:
        return sum(stored[0].file.width * stored[0].file.cost for _, stored in segment.passes(channels))

    @cached_property
    def _kinds(self) -> list[Segment]:
        """One segment for each way in which channels share files."""
        kinds: dict[tuple[Any, ...], Segment] = {}
        for segment in self.segments:
            files = [None if s is None else (s.file.path, s.signal.skew) for s in segment.channels]
            places = {file: n for n, file in enumerate(dict.fromkeys(files))}
            kinds.setdefault((*(places[file] for file in files), len({*files} - {None})), segment)
        return list(kinds.values())

    @cached_property
    def calibrations(self) -> dict[int, tuple[float, float]] | None:
        """Gain and shift by channel; None where segments differ."""
        found: dict[int, tuple[float, float]] = {}
        for segment in self.segments:
            for channel, stored in enumerate(segment.channels):
                if stored is not None and found.setdefault(channel, stored.calibration) != stored.calibration:
                    return None
        return found

    @cached_property
    def _dtype(self) -> np.dtype[Any]:
        files = {s.file.dtype for segment in self.segments for s in segment.channels if s is not None}
        return np.dtype(np.float64) if self.calibrations is None else np.result_type(np.int16, *files)
