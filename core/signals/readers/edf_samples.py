"""The samples of EDF and BDF: sliced from a memory map, exact to the sample, all channels of a record in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.digital import Digital
from core.signals.readers.clock import Clock
from core.signals.readers.records import Records
from core.signals.recording import Floats

DTYPES: dict[int, np.dtype[Any]] = {2: np.dtype("<i2"), 3: np.dtype("<i4")}  # of a sample of so many bytes: EDF, BDF


@dataclass(frozen=True)
class Layout:
    """Where a channel lies in each data record, its way to physical units, and which stored sample is which of time."""

    columns: slice
    per_record: int
    gain: float
    shift: float
    clock: Clock


@dataclass(frozen=True)
class EdfSource:
    """Samples of every channel, on one clock; `marking` is where in each record its annotations lie."""

    records: Records
    layouts: tuple[Layout, ...]
    marking: tuple[slice, ...] = ()

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in physical units; NaN between pieces."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return the stored integers of channels of one rate; missing between pieces."""
        chosen = [self.layouts[channel] for channel in channels]
        gain, shift = np.array([layout.gain for layout in chosen]), np.array([layout.shift for layout in chosen])
        dtype = DTYPES[self.records.sample_bytes]
        parts = chosen[0].clock.parts(start, stop)
        if [n for _, _, n in parts] == [stop - start]:  # without a gap, without a copy
            return Digital(_integers(self.records, chosen, parts[0][1], stop - start, dtype), gain, shift)
        values = np.zeros((len(chosen), stop - start), dtype)
        missing = np.ones(stop - start, bool)
        for at, first, n in parts:
            values[:, at : at + n] = _integers(self.records, chosen, first, n, dtype)
            missing[at : at + n] = False
        return Digital(values, gain, shift, missing)


def _integers(records: Records, layouts: list[Layout], start: int, n: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return stored samples of channels with equally many a record, (n_channels, n), from sample `start` on."""
    per = layouts[0].per_record
    first, last = start // per, -(-(start + n) // per)
    whole = np.empty((len(layouts), last - first, per), dtype)
    raw = records.rows(first, last)
    for channel, layout in zip(whole, layouts, strict=True):
        stored = raw[:, layout.columns]
        if dtype.itemsize == 2:
            channel.view(np.uint8)[:] = stored
        else:  # 24 bits: moved to the top of 32, byte by byte, since short copies are slow; and down again with their sign
            into, out_of = channel.view(np.uint8).reshape(-1, per, 4), stored.reshape(-1, per, 3)
            for byte in range(3):
                into[..., byte + 1] = out_of[..., byte]
            channel >>= 8
    return whole.reshape(len(layouts), -1)[:, start - first * per : start - first * per + n]
