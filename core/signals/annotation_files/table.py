"""Annotations as the rows of a table: which column says what, whatever it is called and wherever it stands."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.signals.annotation_files.details import completed, details_of
from core.signals.annotation_files.moments import as_seen
from core.signals.readers.encoding import encoding_of
from core.signals.recording import Annotation

ONSET = ("onset", "start", "onset_time", "start_time", "begin", "time", "from")
DURATION = ("duration", "length", "dur")
END = ("end", "stop", "end_time", "stop_time", "until", "to")
# In this order: the first that a row fills is its text, and the others are attributes.
TEXT = (
    "text",
    "description",
    "trial_type",
    "annotation",
    "event",
    "event_type",
    "name",
    "type",
    "value",
    "symbol",
    "label",
)
ATTRIBUTES = {
    **dict.fromkeys(("channel", "channels", "ch", "lead", "electrode"), "channel"),
    **dict.fromkeys(("comment", "comments", "note", "notes", "remark"), "comment"),
    **dict.fromkeys(("annotator", "rater", "scorer", "author"), "annotator"),
    "kind": "kind",
}
OWN = ("channel", "kind", "label", "annotator", "comment")  # the attributes that have a column of their own
DETAILS = "attributes"
MISSING = ("", "n/a")
LARGEST_CELL = 2**31 - 1
UNIT = re.compile(r"(?<![\s_])[\s_]*[(\[]\s*(m?s|sec|seconds?)\s*[)\]]$|(?<![\s_])[\s_]+(m?s|sec|seconds?)$")
SCALES = {"ms": 1e-3}


@dataclass(frozen=True)
class Columns:
    """Which cell of a row says what; `scales` turn the times into seconds."""

    names: tuple[str, ...]
    onset: int
    duration: int | None
    end: int | None
    texts: tuple[int, ...]
    attributes: dict[int, str]
    details: int | None
    scales: dict[int, float]


def find_columns(names: Sequence[str]) -> Columns | None:
    """Return which of the columns of these names say what; None if none says when."""
    plain, scales = [], {}
    for number, name in enumerate(names):
        name = name.strip().lower()
        unit = UNIT.search(name)
        scales[number] = SCALES.get((unit[1] or unit[2]) if unit else "s", 1.0)
        plain.append(re.sub(r"\s+", "_", UNIT.sub("", name)))
    onset = _first(plain, ONSET)
    if onset is None:
        return None
    duration, end = _first(plain, DURATION), _first(plain, END)
    texts = tuple(plain.index(known) for known in TEXT if known in plain)
    details = plain.index(DETAILS) if DETAILS in plain else None
    used = {onset, duration, details, None if duration is not None else end}
    others = {n: ATTRIBUTES.get(plain[n]) or names[n].strip() for n in range(len(names)) if n not in used}
    for n in texts:
        others[n] = plain[n]
    return Columns(tuple(names), onset, duration, end, texts, others, details, scales)


def _first(names: Sequence[str], wanted: Iterable[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def says_annotations(names: Sequence[str]) -> bool:
    """Return whether a table with these columns holds annotations; a time and a value may as well be samples."""
    columns = find_columns(names)
    if columns is None:
        return False
    texts = [n for n in columns.texts if columns.attributes[n] != "value"]
    return bool(texts or columns.duration is not None or columns.end is not None)


def annotation_of(row: Sequence[str], columns: Columns, decimal: str = ".") -> Annotation:
    """Return the annotation of one row.

    Raises
    ------
    ValueError
        Saying which cell is wrong.
    """

    def seconds(column: int | None) -> float | None:
        cell = "" if column is None else row[column].strip()
        if column is None or cell.lower() in MISSING:
            return None
        try:
            value = float(cell.replace(decimal, "."))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{columns.names[column].strip()} is no time but {cell!r}")
        return value if columns.scales[column] == 1 else value * columns.scales[column]

    onset, duration = seconds(columns.onset), seconds(columns.duration)
    if onset is None:
        raise ValueError(f"{columns.names[columns.onset].strip()} is missing")
    if duration is None:
        end = seconds(columns.end)
        duration = 0.0 if end is None else end - onset
    if duration < 0:
        raise ValueError(f"it lasts {duration:g} s, less than nothing")
    filled = {n: row[n].strip() for n in columns.attributes if row[n].strip() not in MISSING}
    said_by = next((n for n in columns.texts if n in filled), None)
    text = filled.pop(said_by) if said_by is not None else ""
    plain = Annotation(onset, duration, text, {columns.attributes[n]: cell for n, cell in filled.items()})
    details = "" if columns.details is None else row[columns.details].strip()
    return completed(plain, "" if details in MISSING else details)


def annotations_in(rows: Iterator[tuple[int, list[str]]], path: Path, decimal: str = ".") -> list[Annotation]:
    """Return the annotations of the rows of a file; the first row names the columns.

    Parameters
    ----------
    rows : iterator of (int, list of str)
        With the number of the line each stands in.

    Raises
    ------
    InputError
        Naming the row that is wrong, and why.
    """
    found: list[Annotation] = []
    columns: Columns | None = None
    line = 1
    try:
        for numbered_row in rows:
            line, row = numbered_row  # the error below names the line
            if not any(cell.strip() for cell in row):
                continue
            if columns is None:
                columns = find_columns(row)
                if columns is None:
                    raise ValueError(f"no column says when: there are {', '.join(row)[:200]}")
            elif len(row) != len(columns.names):
                raise ValueError(f"it has {len(row)} cells, and there are {len(columns.names)} columns")
            else:
                found.append(annotation_of(row, columns, decimal))
    except (ValueError, csv.Error) as error:
        raise InputError(
            f"row {line}: {error}",
            subject=path,
            kept="Nothing was taken from the file",
            remedy="Name a column onset (s), and give every row its cells; further columns: duration, text, channel",
        ) from error
    return found


def rows_of(
    events: Sequence[Annotation],
    header: tuple[str, ...],
    spell: dict[str, str],
    clean: re.Pattern[str] | None = None,
    *,
    plain: bool = False,
) -> list[list[str]]:
    """Return header and rows; `spell` says how a missing cell is written by column, and `clean` what no cell may hold.

    If `plain`, the last column, which only Hitscope reads, is empty.
    """
    columns = find_columns(header)
    assert columns is not None
    rows = [list(header)]
    for event in events:
        seen = as_seen(event)
        said = [repr(seen.onset_s), repr(seen.duration_s), event.text, *(event.attributes.get(n) for n in OWN)]
        cells = [cell if isinstance(cell, str) else "" for cell in said]
        cells = [clean.sub(" ", cell) if clean else cell for cell in cells]
        # What cannot be encoded (half a surrogate pair) is said by the details alone.
        cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
        cells = [cell or spell.get(name, spell[""]) for cell, name in zip(cells, header[:-1], strict=True)]
        details = "" if plain else details_of(event, annotation_of([*cells, ""], columns))
        rows.append([*cells, details or spell[""]])
    return rows


def text_of(path: Path) -> str:
    """Return what a text file says: UTF-8, with or without a byte order mark, else Latin-1."""
    data = path.read_bytes()
    return data.decode(encoding_of(data)).removeprefix("\ufeff")


def numbered(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table, whose cells may be quoted, with the line that each ends in."""
    csv.field_size_limit(LARGEST_CELL)  # the library's own limit is 128 KiB, less than a long comment with its details
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for row in reader:
        yield reader.line_num, row
