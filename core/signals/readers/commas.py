"""What a comma in a number stands for, where commas do not part the cells of a table: 1,234 is one, or a thousand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from core.errors import InputError

DECIMAL, GROUPING, NONE = ".", "", ","  # by what a comma is replaced
MEANINGS = {"comma": DECIMAL, "point": GROUPING}  # by what is said to be the decimal sign
COMMA_NUMBER = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?$")
GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$")
POINTED = re.compile(r"[-+]?[\d,]*\.\d+([eE][-+]?\d+)?$")


def meaning_of(cells: Iterable[str]) -> str | None:
    """Return what commas in the numbers of some cells are to be replaced by; None where the cells do not tell.

    They are decimal only if no number has a point, and at least one of them cannot part thousands: 0,5 or 12,25.
    """
    cells = list(cells)
    commas = [cell for cell in cells if COMMA_NUMBER.match(cell) or GROUPED.match(cell)]
    if not commas:
        return NONE
    pointed = any(POINTED.match(cell) for cell in cells)
    return None if pointed or all(GROUPED.match(cell) for cell in commas) else DECIMAL


def unclear(path: Path, cells: Iterable[str], remedy: str) -> InputError:
    """Return the error for numbers whose commas may be decimal or part thousands."""
    example = next((cell for cell in cells if COMMA_NUMBER.match(cell) or GROUPED.match(cell)), "")
    return InputError(
        f"it does not say whether the comma in {example} is the decimal sign or parts thousands",
        subject=path,
        kept="Nothing was taken from the file",
        remedy=remedy,
    )
