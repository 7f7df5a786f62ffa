"""WFDB signal files: the storage formats of signal(5) of the WFDB manual, read a window at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from core.signals.readers.damage import damaged
from core.signals.readers.digital import Bytes, int24, signed
from core.signals.readers.flac import read_integers, stated_samples, whole_samples
from core.signals.readers.wfdb_header import Signal

Digits = npt.NDArray[np.signedinteger]
IN_CACHE = 1 << 16  # samples unpacked at a time: they stay in the cache of the processor
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
    cost : float
        Of unpacking a sample, against reading a stored one (`Recording.cost`).
    """

    n_samples: int
    n_bytes: int
    unpack: Callable[[Bytes], Digits]
    invalid: int
    in_part: tuple[int, ...] = (0, 0, 0, 0)
    cost: float = 0.5

    def samples_in(self, n_bytes: int) -> int:
        """Return how many samples so many bytes hold."""
        blocks, rest = divmod(max(n_bytes, 0), self.n_bytes)
        return blocks * self.n_samples + self.in_part[rest]


def _unpack_212(raw: Bytes) -> Digits:
    low, both, high = raw.reshape(-1, 3).T
    both = both.astype(np.int16)
    out = np.empty((len(both), 2), np.int16)
    out[:, 0] = (both << 12) >> 4 | low  # moved to the top, and down again with its sign
    out[:, 1] = ((both & 0xF0) << 8) >> 4 | high
    return out.reshape(-1)


def _unpack_310(raw: Bytes) -> Digits:
    first, second = raw.view("<u2").reshape(-1, 2).T.astype(np.uint32)
    return signed(np.stack([first >> 1, second >> 1, first >> 11 | (second >> 11) << 5], axis=1).reshape(-1), 10)


def _unpack_311(raw: Bytes) -> Digits:
    words = raw.view("<u4")
    return signed(np.stack([words, words >> 10, words >> 20], axis=1).reshape(-1), 10)


PACKINGS = {
    "16": Packing(1, 2, lambda raw: raw.view("<i2"), -(1 << 15)),
    "24": Packing(1, 3, int24, -(1 << 23), cost=1.5),
    "32": Packing(1, 4, lambda raw: raw.view("<i4"), -(1 << 31)),
    "61": Packing(1, 2, lambda raw: raw.view(">i2"), -(1 << 15)),
    "80": Packing(1, 1, lambda raw: raw.astype(np.int16) - 128, -(1 << 7)),
    "160": Packing(1, 2, lambda raw: raw.view("<u2").astype(np.int32) - 32768, -(1 << 15)),
    "212": Packing(2, 3, _unpack_212, -(1 << 11), (0, 0, 1), 1.0),
    "310": Packing(3, 4, _unpack_310, -(1 << 9), (0, 0, 1, 1), 2.0),
    "311": Packing(3, 4, _unpack_311, -(1 << 9), (0, 0, 1, 2), 2.0),
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
    def read(self, numbers: Sequence[int], first: int, last: int) -> Digits:
        """Return the digital values of frames ``first … last - 1``, (n_signals, n), in one pass.

        The signals have equally many samples in a frame.
        """

    @property
    @abstractmethod
    def invalid(self) -> int | None:
        """The value that says that there is no sample."""

    @property
    @abstractmethod
    def cost(self) -> float:
        """What a sample costs of any signal in the file, all of which are gone through, against a stored one."""

    @property
    def dtype(self) -> np.dtype[np.signedinteger]:
        """What the digital values fit into."""
        return np.dtype(np.int32 if self.signals[0].fmt in WIDE else np.int16)

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

    def read(self, numbers: Sequence[int], first: int, last: int) -> Digits:
        """Return digital values."""
        columns = [self.columns[number] for number in numbers]
        out = np.empty((len(columns), last - first, self.signals[numbers[0]].per_frame), self.dtype)
        step = max(1, IN_CACHE // self.width)
        with self.path.open("rb") as stream:
            for low in range(first, last, step):
                frames = self._frames(stream, low, min(low + step, last))
                for row, column in zip(out, columns, strict=True):
                    row[low - first : low - first + len(frames)] = frames[:, column]
        return out.reshape(len(columns), -1)

    def _frames(self, stream: IO[bytes], first: int, last: int) -> Digits:
        """Return all signals, (n_frames, width)."""
        packing, width = self.packing, self.width
        low, high = first * width // packing.n_samples, -(-last * width // packing.n_samples)
        stream.seek(self.signals[0].offset + low * packing.n_bytes)
        raw = stream.read((high - low) * packing.n_bytes)
        rest = (high - low) * packing.n_bytes - len(raw)
        if rest >= packing.n_bytes:
            raise ValueError(f"{self.path.name} ends {rest:,} bytes early")
        skipped = first * width - low * packing.n_samples
        flat = packing.unpack(np.frombuffer(raw + bytes(rest), np.uint8))  # the last block of a file may be cut short
        return flat[skipped : skipped + (last - first) * width].reshape(-1, width)

    @property
    def invalid(self) -> int:
        """The value that says that there is no sample."""
        return self.packing.invalid

    @property
    def cost(self) -> float:
        """What a sample costs."""
        return self.packing.cost


class DifferenceFile(SignalFile):
    """Format 8: each byte is what a signal changed by since its last sample.

    So that a window can be read without all that is in front of it, the sums at every `STEP` frames are made once, when
    first needed.
    """

    def frames(self, wanted: int | None) -> int:
        """Return how many frames there are."""
        return max(self.path.stat().st_size - self.signals[0].offset, 0) // self.width

    def read(self, numbers: Sequence[int], first: int, last: int) -> Digits:
        """Return digital values."""
        known, per = first // STEP, self.signals[numbers[0]].per_frame
        differences = self._differences(known * STEP, last)
        out = np.empty((len(numbers), (last - first) * per), self.dtype)
        for row, number in zip(out, numbers, strict=True):
            changes = np.cumsum(differences[:, self.columns[number]], dtype=np.int64)
            row[:] = self._sums[known, number] + changes[(first - known * STEP) * per :]
        return out

    invalid = None
    cost = 1.0

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

    def read(self, numbers: Sequence[int], first: int, last: int) -> Digits:
        """Return digital values."""
        signal = self.signals[numbers[0]]
        start, stop = (frame * signal.per_frame + signal.offset for frame in (first, last))
        return read_integers(self.path, numbers, start, stop)

    @property
    def invalid(self) -> int:
        """The value that says that there is no sample."""
        return FLAC_INVALID[self.signals[0].fmt]

    cost = 3.0


FLAC_INVALID = {"508": -(1 << 7), "516": -(1 << 15), "524": -(1 << 23)}
WIDE = ("8", "24", "32", "524")  # formats whose values need more than 16 bits
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
