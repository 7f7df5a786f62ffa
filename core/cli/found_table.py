"""Found events as a table of CSV: times, ratios and frequencies with the digits that they are good for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

# Digits after the point, by how a name ends; the first that fits.
DIGITS = {
    "_cm_s": 1, "_ms": 1, "_s": 4, "_db": 2, "_hz": 1,
    "direction": 3, "kurtosis": 2, "quality": 2, "probability": 4,
}  # fmt: skip


def found_csv(events: Sequence[Mapping[str, Any]], *, without: Sequence[str] = ()) -> str:
    """Return events as CSV with a header, a column for each name that one of them has; those of `without` are left out."""
    names = [name for name in dict.fromkeys(name for event in events for name in event) if name not in without]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _cell(name, value) for name, value in event.items()} for event in events)
    return out.getvalue()


def _cell(name: str, value: object) -> object:
    if isinstance(value, float):
        digits = next((n for end, n in DIGITS.items() if name.endswith(end)), None)
        return value if digits is None else f"{value:.{digits}f}"
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list | tuple) else value
