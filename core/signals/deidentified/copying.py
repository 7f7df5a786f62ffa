"""Copying bytes, and the names that must not be among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.jobs import Reporter
from core.signals.readers.encoding import encoding_of

BLOCK = 1 << 22
Write = Callable[[IO[bytes], Reporter], None]
"""Writes one file of a copy."""

NO_NAMES = ("sex", "gender", "age")  # what is said there is no name, and is common in other texts
NAMES = re.compile(r"\b(?:name|initials|technician|patient|subject)\b")


@dataclass(frozen=True)
class Changes:
    """What a copy lacks, and what it still has that can tell something of the person.

    Attributes
    ----------
    removed, kept : tuple of str
        By what the fields are called.
    """

    removed: tuple[str, ...]
    kept: tuple[str, ...]


def copy_bytes(path: Path, start: int, n: int | None, out: IO[bytes], report: Reporter) -> None:
    """Copy `n` bytes of a file from `start` on, or all the rest of it."""
    left = path.stat().st_size - start if n is None else n
    total = max(left, 1)
    with path.open("rb") as stream:
        stream.seek(start)
        while left > 0 and (block := stream.read(min(BLOCK, left))):
            report.check()
            out.write(block)
            left -= len(block)
            report.progress(total - left, total, path.name)


def names_of(identifying: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return what finds any name, code or date of the identifying fields in a text; None where there is none.

    Of fields that hold names, each word counts for itself.
    """
    wanted = set()
    for field, value in identifying.items():
        if field in NO_NAMES:
            continue
        wanted.add(r"[\s_]+".join(re.escape(word) for word in re.split(r"[\s_]+", value)))
        if NAMES.search(field) and "code" not in field and not field.startswith("further"):
            wanted.update(re.escape(word) for word in re.findall(r"[^\W\d_]{2,}", value))
    if not wanted:
        return None
    longest_first = "|".join(sorted(wanted, key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{longest_first})(?![^\W_])", re.IGNORECASE)


def without_names(raw: bytes, names: re.Pattern[str], fill: Callable[[str], str]) -> bytes:
    """Return a text with each name in it replaced by ``fill(name)``, in the encoding that it had."""
    encoding = encoding_of(raw)
    return names.sub(lambda match: fill(match[0]), raw.decode(encoding)).encode(encoding)
