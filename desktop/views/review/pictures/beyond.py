"""What reaches beyond a picture: lines cut at its edges, and the channels that are named for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication

from desktop.views.review.pictures.raster import Floats
from desktop.widgets.parts import number

NAMED = 3  # channels; of more, how many there are


def beyond_text(names: Sequence[str]) -> str:
    """Return which channels reach beyond the picture, in words; empty for none."""
    if not names:
        return ""
    if len(names) == 1:
        return QCoreApplication.translate("pictures", "{} reaches beyond the picture").format(names[0])
    named, more = list(names[:NAMED]), len(names) - NAMED
    last = QCoreApplication.translate("pictures", "{} more").format(number(more)) if more > 0 else named.pop()
    said = QCoreApplication.translate("pictures", "{} and {} reach beyond the picture")
    return said.format(", ".join(named), last)


def cut_line(x: Floats, y: Floats, top: float, bottom: float) -> tuple[Floats, Floats]:
    """Return a line between two heights: what lies beyond is NaN, and where the line crosses an edge it has a point more."""
    for limit, sign in ((top, -1.0), (bottom, 1.0)):
        over = sign * (y - limit)
        beyond = over > 0
        across = np.flatnonzero((beyond[:-1] != beyond[1:]) & np.isfinite(over[:-1] + over[1:]))
        share = over[across] / (over[across] - over[across + 1])
        crossing = x[across] + share * (x[across + 1] - x[across])
        x, y = np.insert(x, across + 1, crossing), np.insert(np.where(beyond, np.nan, y), across + 1, limit)
    return x, y
