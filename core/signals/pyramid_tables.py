"""The files of a pyramid: for each rate a table of the extremes of all channels, and how far it is built.

Channels of one rate and length share a table ``(2, n_channels, n_bins)``: minima and maxima, the levels one after the other,
as the integers that the recording stores, else as float32. ``built.npy`` holds, for each table, the samples that are in it;
it is written after them, so that what it says is true whenever the writer dies.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from core.jobs import replacing
from core.signals.extremes import Values, fold
from core.signals.recording import Recording

BASE, FACTOR = 64, 4
LONGEST_BIN_S = 1024.0  # of 24 h, 84 bins are left: further levels would save nothing
BUILT = "built.npy"


@dataclass(frozen=True)
class Table:
    """What one file holds: channels of one rate and one length, with `sizes[level]` samples a bin."""

    number: int
    channels: tuple[int, ...]
    fs: float
    n_samples: int
    dtype: np.dtype[Any]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Samples per bin of each level."""
        sizes = [BASE]
        while sizes[-1] * FACTOR <= LONGEST_BIN_S * self.fs:
            sizes.append(sizes[-1] * FACTOR)
        return tuple(sizes)

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Bins of each level."""
        return tuple(-(-self.n_samples // size) for size in self.sizes)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First bin of each level in the file."""
        return tuple(sum(self.lengths[:level]) for level in range(len(self.lengths)))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the array in the file."""
        return (2, len(self.channels), sum(self.lengths))

    @property
    def step(self) -> int:
        """Samples that fill whole bins of every level."""
        return self.sizes[-1]

    def file(self, folder: Path) -> Path:
        """Return where it is."""
        return folder / f"levels-{self.number}.npy"

    def level_for(self, per_bin: float) -> int:
        """Return the coarsest level whose bins are no longer than `per_bin` samples."""
        return max(int(np.searchsorted(self.sizes, per_bin, side="right")) - 1, 0)

    def levels(self, low: Values, high: Values) -> Iterator[tuple[int, Values, Values]]:
        """Yield the extremes of each level, given those of the first."""
        for level in range(len(self.sizes)):
            if level:
                low, high = fold(low, high, FACTOR)
            yield level, low, high


def tables_of(recording: Recording) -> tuple[Table, ...]:
    """Return the tables of a recording; a channel without samples is in none."""
    alike: dict[tuple[float, int], list[int]] = {}
    for number, channel in enumerate(recording.channels):
        if channel.n_samples:
            alike.setdefault((channel.fs, channel.n_samples), []).append(number)
    tables = []
    for number, ((fs, n_samples), channels) in enumerate(alike.items()):
        stored = recording.digital(channels, 0, 0).values.dtype
        dtype = np.dtype("<f4") if stored.kind == "f" else stored
        tables.append(Table(number, tuple(channels), fs, n_samples, dtype))
    return tuple(tables)


def map_tables(folder: Path, tables: tuple[Table, ...]) -> tuple[npt.NDArray[np.int64], list[Values]] | None:
    """Return how many samples each table holds and the tables, memory-mapped; None unless all are there and as they must be.

    What a builder writes, also in another process, is seen at once.
    """
    try:
        built = np.load(folder / BUILT, mmap_mode="r", allow_pickle=False)
        arrays = [np.load(table.file(folder), mmap_mode="r", allow_pickle=False) for table in tables]
    except (OSError, ValueError, EOFError):
        return None
    fit = all(a.shape == t.shape and a.dtype == t.dtype for a, t in zip(arrays, tables, strict=True))
    return (built, arrays) if fit and built.shape == (len(tables),) and built.dtype == np.int64 else None


def create_tables(folder: Path, tables: tuple[Table, ...]) -> None:
    """Make the files, with nothing in them yet.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    with suppress(FileNotFoundError):
        (folder / BUILT).unlink()
    for table in tables:
        with replacing(table.file(folder)) as file:
            _write_header(file, table.dtype, table.shape)
            file.truncate(file.tell() + table.dtype.itemsize * int(np.prod(table.shape)))
    with replacing(folder / BUILT) as file:
        _write_header(file, np.dtype("<i8"), (len(tables),))
        file.write(bytes(8 * len(tables)))


def _write_header(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


class TableWriter:
    """Fills the files of a pyramid, by ordinary writes: a full disk is then an error, where a memory map ends the process."""

    def __init__(self, folder: Path, tables: tuple[Table, ...]) -> None:
        self._built = (folder / BUILT).open("r+b", buffering=0)
        self._files = [table.file(folder).open("r+b", buffering=0) for table in tables]

    def close(self) -> None:
        """Close the files."""
        for file in (self._built, *self._files):
            file.close()

    def add(self, table: Table, start: int, stop: int, low: Values, high: Values) -> None:
        """Write the extremes of samples ``start … stop - 1`` on every level; `start` is a multiple of `table.step`."""
        file, itemsize = self._files[table.number], table.dtype.itemsize
        header = os.fstat(file.fileno()).st_size - itemsize * int(np.prod(table.shape))
        for level, *both in table.levels(low, high):
            first = table.offsets[level] + start // table.sizes[level]
            for side, values in enumerate(both):
                with np.errstate(over="ignore"):  # beyond float32, it is drawn as infinite
                    stored = values.astype(table.dtype, copy=False)
                for row, line in enumerate(stored):
                    file.seek(header + itemsize * ((side * len(stored) + row) * table.shape[2] + first))
                    file.write(line.tobytes())
        os.fsync(file.fileno())  # a loss of power must not leave the note without what it says
        self._built.seek(os.fstat(self._built.fileno()).st_size - 8 * (len(self._files) - table.number))
        self._built.write(np.int64(stop).tobytes())
