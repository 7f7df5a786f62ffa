"""WFDB signal files: the storage formats of signal(5) of the WFDB manual, read a window at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.signals.readers.damage import damaged
from core.signals.readers.digital import Bytes, Integers, int24, signed
from core.signals.readers.flac import read_integers, stated_samples, whole_samples
from core.signals.readers.wfdb_header import Signal
from core.signals.recording import Floats

STEP = 4096  # frames between two known sums of a file of differences


@dataclass(frozen=True)
class Packing:
    """How samples lie in bytes.

    Attributes
    ----------
    n_samples, n_bytes : int
        Of a block.
    unpack : callable
        Whole blocks to the samples in them.
    invalid : int
        The value that says that there is no sample.
    in_part : tuple of int
        Whole samples in 0, 1, … bytes of a block that is cut short.
    """

    n_samples: int
    n_bytes: int
    unpack: Callable[[Bytes], npt.NDArray[np.signedinteger]]
    invalid: int
    in_part: tuple[int, ...] = (0, 0, 0, 0)

    def samples_in(self, n_bytes: int) -> int:
        """Return how many samples so many bytes hold."""
        blocks, rest = divmod(max(n_bytes, 0), self.n_bytes)
        return blocks * self.n_samples + self.in_part[rest]


def _unpack_212(raw: Bytes) -> Integers:
    low, both, high = raw.reshape(-1, 3).T.astype(np.uint32)
    return signed(np.stack([low | (both & 15) << 8, high | (both >> 4) << 8], axis=1).reshape(-1), 12)


def _unpack_310(raw: Bytes) -> Integers:
    first, second = raw.view("<u2").reshape(-1, 2).T.astype(np.uint32)
    return signed(np.stack([first >> 1, second >> 1, first >> 11 | (second >> 11) << 5], axis=1).reshape(-1), 10)


def _unpack_311(raw: Bytes) -> Integers:
    words = raw.view("<u4")
    return signed(np.stack([words, words >> 10, words >> 20], axis=1).reshape(-1), 10)


PACKINGS = {
    "16": Packing(1, 2, lambda raw: raw.view("<i2"), -(1 << 15)),
    "24": Packing(1, 3, int24, -(1 << 23)),
    "32": Packing(1, 4, lambda raw: raw.view("<i4"), -(1 << 31)),
    "61": Packing(1, 2, lambda raw: raw.view(">i2"), -(1 << 15)),
    "80": Packing(1, 1, lambda raw: raw.astype(np.int16) - 128, -(1 << 7)),
    "160": Packing(1, 2, lambda raw: raw.view("<u2").astype(np.int32) - 32768, -(1 << 15)),
    "212": Packing(2, 3, _unpack_212, -(1 << 11), (0, 0, 1)),
    "310": Packing(3, 4, _unpack_310, -(1 << 9), (0, 0, 1, 1)),
    "311": Packing(3, 4, _unpack_311, -(1 << 9), (0, 0, 1, 2)),
}


@dataclass(frozen=True)
class SignalFile(ABC):
    """A signal file and the signals in it, which all have one format."""

    path: Path
    signals: tuple[Signal, ...]

    @abstractmethod
    def frames(self, wanted: int | None) -> int:
        """Return how many frames are whole; where it takes long to find out, of those that are wanted."""

    @abstractmethod
    def read(self, number: int, first: int, last: int) -> Floats:
        """Return the digital values of signal `number` in frames ``first … last - 1``; invalid ones are NaN."""

    @cached_property
    def columns(self) -> tuple[slice, ...]:
        """Where in a frame the samples of each signal lie."""
        ends = np.cumsum([s.per_frame for s in self.signals]).tolist()
        return tuple(slice(end - s.per_frame, end) for s, end in zip(self.signals, ends, strict=True))

    @property
    def width(self) -> int:
        """Samples in a frame."""
        return int(self.columns[-1].stop)


class PackedFile(SignalFile):
    """Samples of all signals, frame by frame, in blocks of a few bytes."""

    @property
    def packing(self) -> Packing:
        """How they are packed."""
        return PACKINGS[self.signals[0].fmt]

    def frames(self, wanted: int | None) -> int:
        """Return how many frames the file's size allows for."""
        return self.packing.samples_in(self.path.stat().st_size - self.signals[0].offset) // self.width

    def read(self, number: int, first: int, last: int) -> Floats:
        """Return digital values; invalid ones are NaN."""
        digital = (self._aligned if self.packing.n_samples == 1 else self._blocks)(self.columns[number], first, last)
        return _valid(digital, self.packing.invalid)

    def _aligned(self, column: slice, first: int, last: int) -> npt.NDArray[np.signedinteger]:
        size = self.packing.n_bytes
        start = self.signals[0].offset + first * self.width * size
        raw = np.memmap(self.path, np.uint8, "r", start, (last - first, self.width, size))
        return self.packing.unpack(np.ascontiguousarray(raw[:, column]).reshape(-1))

    def _blocks(self, column: slice, first: int, last: int) -> npt.NDArray[np.signedinteger]:
        packing, width = self.packing, self.width
        low, high = first * width // packing.n_samples, -(-last * width // packing.n_samples)
        start, n_bytes = self.signals[0].offset + low * packing.n_bytes, (high - low) * packing.n_bytes
        raw = np.zeros(n_bytes, np.uint8)  # the last block of a file may be cut short
        found = np.fromfile(self.path, np.uint8, n_bytes, offset=start)
        raw[: len(found)] = found
        skipped = first * width - low * packing.n_samples
        flat = packing.unpack(raw)[skipped : skipped + (last - first) * width]
        return flat.reshape(-1, width)[:, column].reshape(-1)


class DifferenceFile(SignalFile):
    """Format 8: each byte is what a signal changed by since its last sample.

    So that a window can be read without all that is in front of it, the sums at every `STEP` frames are made once, when
    first needed.
    """

    def frames(self, wanted: int | None) -> int:
        """Return how many frames there are."""
        return max(self.path.stat().st_size - self.signals[0].offset, 0) // self.width

    def read(self, number: int, first: int, last: int) -> Floats:
        """Return digital values."""
        known = first // STEP
        column = self.columns[number]
        differences = self._differences(known * STEP, last)[:, column]
        values = self._sums[known, number] + np.cumsum(differences, dtype=np.int64)
        return values[(first - known * STEP) * (column.stop - column.start) :].astype(np.float64)

    @cached_property
    def _sums(self) -> npt.NDArray[np.int64]:
        """Each signal in front of every `STEP`-th frame, (n_known, n_signals)."""
        n, starts = self.frames(None), [column.start for column in self.columns]
        totals = [[s.initial for s in self.signals]]
        for first in range(0, n - STEP, STEP):
            in_frame = self._differences(first, first + STEP).sum(axis=0, dtype=np.int64)
            totals.append(np.add.reduceat(in_frame, starts).tolist())
        return np.cumsum(totals, axis=0, dtype=np.int64)

    def _differences(self, first: int, last: int) -> npt.NDArray[np.int8]:
        start = self.signals[0].offset + first * self.width
        return np.memmap(self.path, np.int8, "r", start, (last - first, self.width))


class FlacFile(SignalFile):
    """Formats 508, 516 and 524: a FLAC stream with one channel for each signal."""

    def frames(self, wanted: int | None) -> int:
        """Return how many frames can be decoded, of those that are wanted."""
        import soundfile

        per_frame, before = self.signals[0].per_frame, self.signals[0].offset
        try:
            with soundfile.SoundFile(self.path) as file:
                if file.format != "FLAC" or file.channels != len(self.signals):
                    raise damaged(self.path, f"this is no FLAC file of {len(self.signals)} channels")
                stated = stated_samples(self.path, file.frames)
        except (soundfile.LibsndfileError, RuntimeError):
            return 0
        needed = stated if wanted is None else min(wanted * per_frame + before, stated)
        return max(whole_samples(self.path, needed) - before, 0) // per_frame

    def read(self, number: int, first: int, last: int) -> Floats:
        """Return digital values; invalid ones are NaN."""
        signal = self.signals[number]
        start, stop = (frame * signal.per_frame + signal.offset for frame in (first, last))
        return _valid(read_integers(self.path, number, start, stop), FLAC_INVALID[signal.fmt])


FLAC_INVALID = {"508": -(1 << 7), "516": -(1 << 15), "524": -(1 << 23)}
FORMATS: dict[str, type[SignalFile]] = {
    "8": DifferenceFile,
    **dict.fromkeys(PACKINGS, PackedFile),
    **dict.fromkeys(FLAC_INVALID, FlacFile),
}


def signal_file(path: Path, signals: tuple[Signal, ...]) -> SignalFile:
    """Return the reader of a signal file.

    Raises
    ------
    InputError
        If its signals are not all of one format that signal(5) knows, or have rates that the format cannot hold.
    """
    formats = {(s.fmt, s.offset) for s in signals}
    fmt = signals[0].fmt
    if len(formats) > 1:
        raise damaged(path, "its header gives one sample file several formats or beginnings")
    if fmt not in FORMATS:
        raise damaged(path, f"there is no WFDB storage format {fmt} (known: {', '.join(FORMATS)})")
    if FORMATS[fmt] is FlacFile and len({s.per_frame for s in signals}) > 1:
        raise damaged(path, "its header gives the channels of one FLAC file several rates")
    return FORMATS[fmt](path, signals)


def _valid(digital: npt.NDArray[np.signedinteger], invalid: int) -> Floats:
    values = digital.astype(np.float64)
    values[digital == invalid] = np.nan
    return values
