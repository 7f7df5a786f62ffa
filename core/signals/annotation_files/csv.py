"""CSV: a row each, with a header; read with the columns in any order and under their usual names."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from core.signals.annotation_files.table import (
    OWN,
    Columns,
    annotations_in,
    find_columns,
    numbered,
    rows_of,
    says_annotations,
    text_of,
)
from core.signals.readers.commas import DECIMAL, meaning_of, unclear
from core.signals.recording import Annotation, Recording

HEADER = ("onset", "duration", "text", *OWN, "attributes")
DELIMITERS = (",", ";", "\t", "|")


def read(path: Path) -> list[Annotation]:
    """Return the annotations; between the columns may be a comma, a semicolon, a tab or a bar.

    Raises
    ------
    InputError
        Naming the row that is wrong, or if times have commas of which they do not tell whether they are decimal.
    """
    text = text_of(path)
    delimiter = delimiter_of(text)
    cells = [] if delimiter == "," else _times(text, delimiter)
    meaning = meaning_of(cells)
    if meaning is None:
        raise unclear(path, cells, "Save it with points as decimal signs and without signs between thousands")
    return annotations_in(numbered(text, delimiter=delimiter), path, decimal="," if meaning == DECIMAL else ".")


def _times(text: str, delimiter: str) -> list[str]:
    """Return the cells that say when, as far as the rows can be read."""
    cells: list[str] = []
    columns: Columns | None = None
    with suppress(csv.Error):
        for _, row in numbered(text, delimiter=delimiter):
            if columns is None:
                columns = find_columns(row)
            else:
                stated = (columns.onset, columns.duration, columns.end)
                cells += [row[n].strip() for n in stated if n is not None and n < len(row)]
    return cells


def delimiter_of(text: str) -> str:
    """Return what separates the columns: by which one of them says when, and of these what makes most columns."""
    return max(DELIMITERS, key=lambda d: (find_columns(_header(text, d)) is not None, len(_header(text, d))))


def holds_annotations(path: Path) -> bool:
    """Return whether a text file is a table of annotations, and not one of samples; only its beginning is read."""
    with path.open("rb") as stream:
        head = stream.read(4096).decode("utf-8-sig", errors="replace")
    return says_annotations(_header(head, delimiter_of(head)))


def _header(text: str, delimiter: str) -> list[str]:
    try:
        return next((row for _, row in numbered(text[:4096], delimiter=delimiter) if any(row)), [])
    except csv.Error:
        return []


def encode(events: Sequence[Annotation], recording: Recording | None, plain: bool = False) -> bytes:
    """Return the bytes of the file: UTF-8, times with all their digits."""
    out = io.StringIO(newline="")
    # The line ends of RFC 4180: Python quotes a cell that holds one of their characters, and no other line break.
    csv.writer(out, lineterminator="\r\n").writerows(rows_of(events, HEADER, {"": ""}, plain=plain))
    return out.getvalue().encode()
