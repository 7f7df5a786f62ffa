"""Codes and palettes: what a map is coloured by, as a number below 256 for each point. Code 0 is always "unknown"."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from desktop.services import theme
from desktop.widgets.map.picture import Inks, packed

Codes = npt.NDArray[np.uint8]
Palette = npt.NDArray[np.uint8]

MOST = 255  # places of a palette besides the unknown one; of more names, the later ones share the colours again


def rgb(colour: str) -> npt.NDArray[np.uint8]:
    """Return a colour ``#rrggbb`` as three numbers."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def class_codes(names: npt.ArrayLike, position_of: Mapping[str, int]) -> Codes:
    """Return codes of class keys (N,) by their position: 0 has no class, 1 is unsure (position 0), then the classes."""
    code_of = {
        key: 1 + (0 if position < 1 else 1 + (position - 1) % (MOST - 1)) for key, position in position_of.items()
    }
    return np.fromiter((code_of.get(name, 0) for name in np.asarray(names, object).tolist()), np.uint8)


def class_palette() -> Palette:
    """Return the colours of `class_codes` in the theme in use."""
    classes = [rgb(theme.class_colour(position)) for position in range(1, MOST)]
    return np.stack([rgb(theme.token("unlabelled")), rgb(theme.token("muted")), *classes])


def value_codes(values: npt.ArrayLike) -> Codes:
    """Return codes of values from 0 to 1, those beyond as the ends; what is not a number is unknown."""
    values = np.asarray(values, float)
    known = np.isfinite(values)
    return np.where(known, 1 + np.round(np.clip(np.where(known, values, 0), 0, 1) * 254), 0).astype(np.uint8)


def value_palette() -> Palette:
    """Return the colours of `value_codes`: cividis, from low to high."""
    stops = np.round(np.linspace(0, 255, MOST)).astype(int)
    return np.concatenate([rgb(theme.token("unlabelled"))[None], theme.cividis()[stops]])


def inks() -> Inks:
    """Return the colours of a map in the theme in use. A density is darker on paper where there is more, lighter on black."""
    paper, text, plain = (int(packed(rgb(theme.token(key)))[0]) for key in ("plot", "text", "unlabelled"))
    scale = packed(theme.cividis())
    bright = int(rgb(theme.token("plot")).sum()) > 3 * 128
    return Inks(paper, text, plain, scale[::-1].copy() if bright else scale)
