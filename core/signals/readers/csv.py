"""Text tables: one row a sample, one column a channel; or one value a line.

Delimiter, decimal comma (where the numbers tell; else it is asked for), comments, names, units and the column of times
are found in the first lines. The file is gone through once for an index of byte offsets; from then on a window costs the
parsing of the rows that it touches, all channels of a page together. No copy is made. Text cannot say where it should
end: a file that was cut between two rows looks whole.

A table that is wider than long, such as one heartbeat a row, could be either; it is asked along which axis time runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from inspect import Signature, signature
from pathlib import Path
from typing import Any

import numpy as np

from core.checks import check, one_of
from core.errors import InputError
from core.signals.readers.arrays import open_mapped
from core.signals.readers.clock import UnsteadyError, clock_of
from core.signals.readers.commas import DECIMAL, MEANINGS, NONE, meaning_of, unclear
from core.signals.readers.encoding import encoding_of
from core.signals.readers.guessing import TIME_UNITS, is_time, plain
from core.signals.readers.layouts import DOPPLER
from core.signals.readers.mapping import Contents, StoredArray
from core.signals.readers.naming import distinct
from core.signals.readers.text_table import COMMENTS, Dialect, Stamps, Table, find_rows
from core.signals.recording import Floats, Recording

FORMAT = "csv"
TITLE = "Text tables (CSV)"
EXTENSIONS: tuple[str, ...] = (".csv", ".tsv", ".txt")
LISTED = EXTENSIONS
LAYOUTS = DOPPLER
PROBE = 1 << 16  # bytes
PROBED_ROWS = 200
PARSING = 30.0  # a number, against reading a stored one
WIDE = 64  # columns that a table of channels rarely has
DELIMITERS = (",", "\t", ";", "|", None)  # the first of those that fit equally well
ROW_NUMBERS = frozenset(("", "sample", "samples", "index", "row", "samplenumber", "sampleindex", "sampleno"))
STATED = re.compile(
    r"[\s#%\"']*([A-Za-z][\w .-]*?)\s*(?:[(\[](k?Hz)[)\]])?\s*[:=,;\t]\s*(\d+\.?\d*(?:[eE][-+]?\d+)?)\s*(k?Hz)?[\s\"',;]*"
)
PADDED = re.compile(r"0\d")  # what is left of 3,05 when it is taken for two numbers
WITH_UNIT = re.compile(r"((?:.*\S)?)\s*+[(\[]([^()\[\]]+)[)\]]")
STATED_MOST = 200  # letters of a line that states something

Line = tuple[int, str]  # its byte offset and its text


def sniff(head: bytes) -> bool:
    """Return False: any text may be a table or a shopping list, so only the name of a file decides."""
    return False


def contents(path: Path, allow_truncated: bool = False, decimal: str | None = None) -> Contents:
    """Return the columns of numbers, the names and units that head them, and what comments state.

    `decimal` says what the decimal sign is, ``comma`` or ``point``, where numbers like 1,234 do not.
    """
    lines, comments, encoding = _lines(path)
    dialect = _dialect(path, [text for _, text in lines], encoding, decimal)
    width, numeric, above = _columns([text for _, text in lines], dialect)
    if not numeric:
        raise InputError("it holds no rows of numbers", subject=path, remedy="Choose a table with one sample a row")
    names, units = _heading([dialect.cells(text) for _, text in lines[:above]], width)
    table = find_rows(path, dialect, numeric, width, lines[above][0], allow_truncated)
    first = [row for row in (dialect.cells(text) for _, text in lines[above:][:PROBED_ROWS]) if len(row) == width]
    values = np.array([[dialect.value(row[c]) for c in numeric] for row in first], np.float64)
    roles = {c: _role(names[c], units[c], values[:, i], first=c == 0) for i, c in enumerate(numeric)}
    stamps = Stamps(dialect.delimiter, dialect.comma, encoding)
    stamped = next((c for c in range(width) if all(stamps.value(row[c]) is not None for row in first)), None)
    arrays = _arrays(table, roles, names, units)
    if stamped is not None:
        alone = replace(table, dialect=stamps, columns=(stamped,))
        arrays += (StoredArray("time", (table.rows[-1],), "float64", partial(alone.cut, [stamped])),)
    return Contents(
        arrays=arrays,
        start_time=None if stamped is None else _start(stamps.value(first[0][stamped])),
        scalars=_stated([*comments, *(text for _, text in lines[:above])]),
        fixed_axis=0,
        asks_axis=width > max(WIDE, table.rows[-1]),
    )


def _columns(lines: list[str], dialect: Dialect) -> tuple[int, tuple[int, ...], int]:
    """Return how many cells a row has, which columns hold numbers, and how many lines stand above the first such row."""
    settled = [dialect.cells(line) for line in lines[max(len(lines) // 2, len(lines) - PROBED_ROWS) :]]
    width = Counter(map(len, settled)).most_common(1)[0][0] if settled else 0

    def holds(row: list[str], columns: Iterable[int]) -> bool:
        return len(row) == width and all(dialect.value(row[c]) is not None for c in columns)

    numeric = tuple(c for c in range(width) if all(holds(row, [c]) for row in settled if len(row) == width))
    above = (n for n, line in enumerate(lines) if holds(dialect.cells(line), numeric))
    return width, numeric, next(above, 0)


def _lines(path: Path) -> tuple[list[Line], list[str], str]:
    """Return the first lines of a file, its comments, and how it is encoded."""
    with path.open("rb") as stream:
        head = stream.read(PROBE)
    if b"\0" in head:
        raise InputError(
            "it holds bytes that are no text of a table", subject=path, remedy="Save it as CSV in the encoding UTF-8"
        )
    if len(head) == PROBE:
        head = head[: head.rfind(b"\n") + 1]
    encoding = encoding_of(head)
    lines, comments, place = [], [], 0
    for raw in head.splitlines(keepends=True):
        text = raw.decode(encoding).lstrip("\ufeff")
        if text.startswith(COMMENTS):
            comments.append(text)
        elif text.strip():
            lines.append((place, text))
        place += len(raw)
    return lines, comments, encoding


def _dialect(path: Path, lines: list[str], encoding: str, decimal: str | None) -> Dialect:
    """Return the way of writing in which most cells of the last lines are numbers."""
    lines = lines[-PROBED_ROWS:]

    def numbers(dialect: Dialect) -> float:
        cells = [cell for line in lines for cell in dialect.cells(line)]
        plain_numbers = (dialect.value(cell) is not None and not PADDED.match(cell) for cell in cells)
        return sum(plain_numbers) / max(len(cells), 1)

    ways: dict[Dialect, list[str]] = {}  # with the cells of those that leave open what a comma is
    for delimiter in DELIMITERS:
        plainly = Dialect(delimiter, NONE, encoding)
        cells = [cell for line in lines for cell in plainly.cells(line)]
        meaning = NONE if delimiter == "," else meaning_of(cells)
        if meaning != NONE and decimal is not None:
            meaning = MEANINGS[decimal]
        ways[replace(plainly, comma=DECIMAL if meaning is None else meaning)] = cells if meaning is None else []
    chosen = max(ways, key=numbers)
    if ways[chosen]:
        remedy = "Say it (--reader decimal=comma or decimal=point), or save the table with points as decimal signs"
        raise unclear(path, ways[chosen], remedy)
    return chosen


def _heading(rows: list[list[str]], width: int) -> tuple[list[str], list[str]]:
    """Return names and units of the columns: of the last row above the numbers, or of the last two."""
    heads = [[cell.strip("\"' ") for cell in row] for row in rows if len(row) == width]
    if not heads:
        return [""] * width, [""] * width
    if len(heads) > 1 and all(heads[-2]) and all(len(cell) <= 12 for cell in heads[-1]):
        return heads[-2], heads[-1]
    parted = [WITH_UNIT.fullmatch(cell) for cell in heads[-1]]
    names = [match[1] if match else cell for match, cell in zip(parted, heads[-1], strict=True)]
    return names, [match[2].strip() if match else "" for match in parted]


def _role(name: str, unit: str, values: Floats, first: bool) -> str:
    """Return whether a column is ``time``, the ``number`` of the row, or a ``signal``."""
    if len(values) > 2 and plain(name) in ROW_NUMBERS and np.all(np.diff(values) == 1):
        return "number"
    if is_time(name) or (unit in TIME_UNITS and first):
        return "time"
    if name or not first:
        return "signal"
    try:  # no name, but it may count the seconds
        clock_of([values])
    except UnsteadyError:
        return "signal"
    return "time" if len(values) > 2 else "signal"


def _arrays(table: Table, roles: dict[int, str], names: list[str], units: list[str]) -> tuple[StoredArray, ...]:
    """Return the signal columns as one array, and each column of times as one of its own."""
    n = table.rows[-1]
    signals = [c for c, role in roles.items() if role == "signal"]
    titles = tuple(distinct(names[c] or f"column {c + 1}" for c in signals)) if any(names) else ()
    arrays = [
        StoredArray(
            "table",
            (n, len(signals)),
            "float64",
            partial(table.cut, signals),
            titles,
            tuple(units[c] for c in signals),
            cost=PARSING,
        )
    ]
    for c in (c for c, role in roles.items() if role == "time"):
        alone = replace(table, columns=(c,))  # parsed without the others: all of it is gone through once
        arrays.append(StoredArray(names[c] or "time", (n,), "float64", partial(alone.cut, [c]), (), (units[c],)))
    return tuple(arrays) if signals else tuple(arrays[1:])


def _start(seconds: float | None) -> datetime | None:
    """Return when a table starts whose first row states a date."""
    return datetime(1970, 1, 1) + timedelta(seconds=seconds) if seconds is not None and seconds > 86400 * 366 else None


def _stated(lines: list[str]) -> dict[str, float]:
    """Return the numbers that lines above the table state, such as ``# Sampling rate: 250 Hz``."""
    found = {}
    for line in lines:
        said = " ".join(line.split())  # a pattern would try every way to part long blanks
        match = STATED.fullmatch(said) if len(said) <= STATED_MOST else None
        if match:
            kilo = "k" in (match[2] or match[4] or "")
            found[match[1]] = float(match[3]) * (1000 if kilo else 1)
    return found


def open_file(path: Path, *, decimal: str | None = None, **options: Any) -> Recording:
    """Open a table; `decimal` is as of `contents`, the other options are those of `open_mapped`."""
    if decimal is None:
        return open_mapped(contents, FORMAT, path, **options)
    check(one_of(MEANINGS), decimal=decimal)
    recording = open_mapped(partial(contents, decimal=decimal), FORMAT, path, **options)
    return replace(recording, options={**recording.options, "decimal": decimal})


_options = [p for p in signature(open_mapped).parameters.values() if p.kind is p.KEYWORD_ONLY]
_said = list(signature(open_file).parameters.values())[:2]
open_file.__signature__ = Signature([*_said, *_options])  # type: ignore[attr-defined]


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]
