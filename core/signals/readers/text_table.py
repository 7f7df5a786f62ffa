"""Rows of numbers in a text file, found by an index of byte offsets and parsed block by block."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.readers.commas import COMMA_NUMBER, GROUPED, GROUPING, NONE
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.mapping import Index
from core.signals.recording import Floats

BLOCK = 1 << 16  # bytes of text that are parsed together
BLOCKS_KEPT = 256  # parsed ones, for the other channels of a page
CHUNK = BLOCK << 4
COMMENTS = ("#", "%")
NO_ROW = np.frombuffer(b"#%\r\n", np.uint8)  # what a line begins with that holds no row
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "?"))
NUMBER = re.compile(r"[-+]?((\d++\.?\d*+|\.\d+)([eE][-+]?\d+)?|inf)$", re.IGNORECASE)
STAMP = re.compile(r"(?:(\d{4})[-/](\d\d)[-/](\d\d)[T ])?(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)Z?$")
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Dialect:
    """How rows are written.

    Attributes
    ----------
    delimiter : str or None
        None for any white space.
    comma : str
        What a comma in a number is replaced by, as `commas` has it.
    encoding : str
    """

    delimiter: str | None
    comma: str
    encoding: str

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line."""
        if self.delimiter is None:
            return line.split()
        return [cell.strip() for cell in next(csv.reader([line.strip("\r\n")], delimiter=self.delimiter), [])]

    def value(self, cell: str) -> float | None:
        """Return the number in a cell, NaN if it is empty, None if something else is in it."""
        if cell.lower() in MISSING:
            return np.nan
        if self.comma != NONE and (GROUPED if self.comma == GROUPING else COMMA_NUMBER).match(cell):
            cell = cell.replace(",", self.comma)
        return float(cell) if NUMBER.match(cell) else None

    def parse(self, text: str, columns: tuple[int, ...]) -> Floats:
        """Return some columns of rows; a cell that is no number raises ValueError."""
        try:
            read: Floats = np.loadtxt(
                io.StringIO(text.replace(",", self.comma)),
                delimiter=self.delimiter,
                usecols=columns,
                ndmin=2,
                comments=None,
                quotechar='"',
            )
        except ValueError:  # an empty cell, or damage: slowly, cell by cell
            return np.array([self._row(line, columns) for line in text.splitlines() if line.strip()])
        return read

    def _row(self, line: str, columns: tuple[int, ...]) -> list[float]:
        cells = self.cells(line)
        values = [self.value(cells[c]) if c < len(cells) else None for c in columns]
        if None in values:
            raise ValueError(f"{line.strip()[:60]!r} is no row of numbers like the others")
        return [value for value in values if value is not None]


class Stamps(Dialect):
    """The same for a column of dates and times of day, which it reads as seconds; since 1970 where there is a date."""

    def value(self, cell: str) -> float | None:
        """Return the seconds that a cell states."""
        match = STAMP.match(cell.strip("'"))
        if match is None:
            return None
        year, month, day, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        days = date(int(year), int(month), int(day)).toordinal() - EPOCH if year else 0
        return 86400.0 * days + 3600 * hours + 60 * minutes + seconds

    def parse(self, text: str, columns: tuple[int, ...]) -> Floats:
        """Return some columns of rows, cell by cell."""
        return np.array([self._row(line, columns) for line in text.splitlines() if line.strip()])


@dataclass(frozen=True)
class Table:
    """The rows of a file.

    Attributes
    ----------
    path : Path
    dialect : Dialect
    columns : tuple of int
        Those that are read.
    stamp : tuple of int
        Size and time of change of the file, so that no parsed block outlives its text.
    rows, offsets : tuple of int
        Number and place of the first row of each block, and of the end of the last.
    """

    path: Path
    dialect: Dialect
    columns: tuple[int, ...]
    stamp: tuple[int, int]
    rows: tuple[int, ...] = field(hash=False)
    offsets: tuple[int, ...] = field(hash=False)

    def cut(self, columns: list[int], index: Index) -> npt.NDArray[Any]:
        """Return what an index into rows and, if it has a second part, into `columns` asks for."""
        which, *of_columns = index
        rows = which if isinstance(which, slice) else slice(which, which + 1)
        first = int(np.searchsorted(self.rows, rows.start, side="right")) - 1
        last = int(np.searchsorted(self.rows, rows.stop, side="left"))
        places = np.searchsorted(self.columns, np.array(columns)[of_columns[0] if of_columns else 0])
        parts = [_parsed(self, block)[:, places] for block in range(first, max(last, first + 1))]
        values = np.concatenate(parts)[rows.start - self.rows[first] : rows.stop - self.rows[first]]
        return values if isinstance(which, slice) else values[0]


@lru_cache(BLOCKS_KEPT)
def _parsed(table: Table, block: int) -> Floats:
    """Return a block of rows, ``(n_rows, n_columns)``."""
    start, stop = table.offsets[block : block + 2]
    with table.path.open("rb") as stream:
        stream.seek(start)
        raw = stream.read(stop - start)
    text = raw.decode(table.dialect.encoding)
    if any(mark in text for mark in COMMENTS):
        text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(COMMENTS))
    try:
        values = table.dialect.parse(text, table.columns)
    except ValueError as error:
        raise damaged(table.path, f"{error} (below row {table.rows[block] + 1:,})") from error
    if len(values) != table.rows[block + 1] - table.rows[block]:
        raise damaged(table.path, f"its rows cannot be counted (below row {table.rows[block] + 1:,})")
    return values


def find_rows(
    path: Path, dialect: Dialect, columns: tuple[int, ...], width: int, first: int, allow_truncated: bool
) -> Table:
    """Return the table that begins at byte `first`, whose rows have `width` cells; O(bytes) time, O(blocks) memory.

    Raises
    ------
    TruncatedError
        If the last row has no end and too few cells, unless it is to be left out.
    """
    status = path.stat()
    rows, offsets, n, last = [], [], 0, first
    for starts in _row_starts(path, first):
        blocks = np.unique((starts - first) // BLOCK, return_index=True)[1]
        rows += (n + blocks).tolist()
        offsets += starts[blocks].tolist()
        n, last = n + len(starts), int(starts[-1])
    with path.open("rb") as stream:
        stream.seek(last)
        ending = stream.read()
    end = status.st_size
    if not ending.endswith(b"\n") and len(dialect.cells(ending.decode(dialect.encoding, "replace"))) < width:
        if not allow_truncated:
            raise ends_early(path, n - 1, n, "rows")
        n, end = n - 1, last
        if offsets[-1] == end:
            rows, offsets = rows[:-1], offsets[:-1]
    return Table(path, dialect, columns, (status.st_size, status.st_mtime_ns), (*rows, n), (*offsets, end))


def _row_starts(path: Path, first: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield where rows start, chunk by chunk; empty lines and comments are none."""
    with path.open("rb") as stream:
        stream.seek(first)
        place, begins = first, [0]
        while chunk := stream.read(CHUNK):
            data = np.frombuffer(chunk, np.uint8)
            starts = np.concatenate([np.array(begins, np.int64), np.flatnonzero(data == 10) + 1])
            begins = [0] if len(starts) and starts[-1] == len(data) else []
            starts = starts[: len(starts) - len(begins)]
            starts = starts[~np.isin(data[starts], NO_ROW)]
            if len(starts):
                yield starts + place
            place += len(data)
