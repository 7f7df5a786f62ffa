"""How the events of a page are drawn: as boxes while they can be told apart, else as ticks in a strip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from desktop.widgets.trace_layers import Box

BOX_PX = 3  # a narrower box is all outline
APART_PX = 12  # narrower ones are lines over the picture while so much lies between them, on average
TICK_PX = 2

Flags = npt.NDArray[np.bool_]


def boxed(lengths_s: npt.NDArray[np.float64], selected: Flags, px_per_s: float, width_px: float) -> Flags:
    """Return which events of a page are drawn as boxes; selected ones always are, the others without hiding the picture."""
    wide = lengths_s * px_per_s >= BOX_PX
    if wide.sum() * BOX_PX > width_px:
        wide = np.zeros_like(wide)
    if (~wide).sum() * APART_PX <= width_px:
        wide = np.ones_like(wide)
    return wide | selected


def ticks(starts_s: npt.NDArray[np.float64], colours: Sequence[str], origin_s: float, px_per_s: float) -> list[Box]:
    """Return a tick for each colour and place that has an event, rare colours last, so that no frequent one hides them."""
    places = np.floor((starts_s - origin_s) * px_per_s / TICK_PX).astype(int).tolist()
    often = Counter(colours)
    seen = sorted(set(zip(colours, places, strict=True)), key=lambda tick: (-often[tick[0]], tick))
    length = TICK_PX / px_per_s
    return [Box(origin_s + place * length, length, colour) for colour, place in seen]
