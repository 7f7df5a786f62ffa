"""Recordings in memory: of floats, and of integers with gains, for what must hold of any source."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.signals import Channel, Digital, Recording


@dataclass
class Floats:
    """Samples in physical units, a row a channel; `reads` notes what was asked for."""

    x: list
    reads: list = field(default_factory=list)

    def read(self, channel, start, stop):
        self.reads.append((channel, start, stop))
        return np.asarray(self.x[channel][start:stop], np.float64)


@dataclass
class Integers:
    """Stored integers, a row a channel, their gains and shifts, and what is missing of all rows."""

    x: list
    gain: list
    shift: list
    missing: np.ndarray | None = None
    reads: list = field(default_factory=list)

    def read(self, channel, start, stop):
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels, start, stop):
        self.reads.append((tuple(channels), start, stop))
        missing = None if self.missing is None else self.missing[start:stop]
        values = np.stack([self.x[c][start:stop] for c in channels])
        return Digital(values, *(np.array([of[c] for c in channels]) for of in (self.gain, self.shift)), missing)


def recording(source, fs=100.0, **of):
    """Return a recording of a source of either kind; `fs` is one rate, or one for each channel."""
    rates = fs if isinstance(fs, list) else [fs] * len(source.x)
    channels = tuple(Channel(f"c{n}", f, "V", len(x)) for n, (x, f) in enumerate(zip(source.x, rates, strict=True)))
    return Recording(Path("memory.edf"), "test", channels, source, **of)
