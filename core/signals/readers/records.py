"""Files of records of one size, such as the data records of EDF and the frames of WAV, memory-mapped where they are read.

The map lives only as long as a read: what it touched does not stay in the memory of the process, and the file stays free.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

SHORT = 1 << 18  # bytes
BLOCK = 1 << 24  # bytes of a file that are mapped together where all of it is gone through
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Records:
    """The data records of a file, memory-mapped where they are read: one row a record, one byte a column."""

    path: Path
    header_bytes: int
    n: int
    n_bytes: int
    sample_bytes: int

    def rows(self, first: int, last: int) -> Bytes:
        """Return records ``first … last - 1``, ``(last - first, n_bytes)``; only what is looked at is read."""
        shape = (max(last - first, 0), self.n_bytes)
        if not (shape[0] and self.n_bytes):
            return np.empty(shape, np.uint8)
        begin = self.header_bytes + first * self.n_bytes
        before = begin % mmap.ALLOCATIONGRANULARITY
        with self.path.open("rb") as file:
            length = before + shape[0] * self.n_bytes
            mapped = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ, offset=begin - before)
        if length <= SHORT and hasattr(mapped, "madvise"):
            # Reading ahead, by up to megabytes, would make 500 looks over a day as slow as reading the day.
            mapped.madvise(mmap.MADV_RANDOM)
            mapped.madvise(mmap.MADV_WILLNEED)
        return np.frombuffer(mapped, np.uint8, offset=before).reshape(shape)

    def bytes_of(self, records: slice, columns: slice) -> Bytes:
        """Return some bytes of consecutive records."""
        first, last, _ = records.indices(self.n)
        return np.ascontiguousarray(self.rows(first, last)[:, columns])

    def blocks_of(self, columns: slice) -> Iterator[Bytes]:
        """Yield some bytes of all records, block after block, so that never more than a block is in memory."""
        step = max(1, BLOCK // max(self.n_bytes, 1))
        for first in range(0, self.n, step):
            yield self.bytes_of(slice(first, first + step), columns)
