"""How newly chosen events join those that were selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt

from desktop.widgets.map.cloud import Ids

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


@dataclass(frozen=True)
class Mode:
    """A way to join: its title, the keys that are held for it, and what it makes of the old and the new ids."""

    title: str
    held: Qt.KeyboardModifier
    join: Callable[[Ids, Ids], Ids]


MODES: dict[str, Mode] = {
    "replace": Mode(QT_TRANSLATE_NOOP("map", "Replace"), Qt.KeyboardModifier.NoModifier, lambda _old, new: new),
    "add": Mode(
        QT_TRANSLATE_NOOP("map", "Add"), SHIFT, lambda old, new: np.concatenate([old, new[~np.isin(new, old)]])
    ),
    "subtract": Mode(QT_TRANSLATE_NOOP("map", "Take away"), ALT, lambda old, new: old[~np.isin(old, new)]),
    "intersect": Mode(QT_TRANSLATE_NOOP("map", "Keep only"), SHIFT | ALT, lambda old, new: old[np.isin(old, new)]),
}


def mode_of(held: Qt.KeyboardModifier, otherwise: str = "replace") -> str:
    """Return the mode that the held keys ask for, or, with neither Shift nor Alt, the other."""
    asked = held & (SHIFT | ALT)
    if asked == Qt.KeyboardModifier.NoModifier:
        return otherwise
    return next(name for name, mode in MODES.items() if mode.held == asked)


def join(old: npt.ArrayLike, new: npt.ArrayLike, mode: str) -> Ids:
    """Return the ids selected after `new` ones were chosen in a mode; the old ones first, none twice."""
    return MODES[mode].join(np.asarray(old, np.int64).ravel(), np.asarray(new, np.int64).ravel())
