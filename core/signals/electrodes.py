"""Names and places of EEG electrodes in the 10-20 and 10-10 systems.

Places follow from how the systems are laid out (Jurcak, Tsuzuki and Dan 2007, doi 10.1016/j.neuroimage.2006.09.024), here
on a head that is a sphere: the midline from nasion to inion and the ring through Fpz, T7, Oz and T8 are cut into tenths, and
each row between them into quarters on either side. Heads differ from it; which electrodes are neighbours does not.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import numpy.typing as npt

TENTH = np.pi / 10  # a tenth of the way from nasion to inion, and of half the ring
# Rows from the front to the back: on the midline and inside, and what the row is called where it meets the ring.
ROWS = (
    ("AF", "AF"),
    ("F", "F"),
    ("FC", "FT"),
    ("C", "T"),
    ("CP", "TP"),
    ("P", "P"),
    ("PO", "PO"),
)
OLD_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
# Below the ring: names that are known, without a place.
LOW = ("A1", "A2", "M1", "M2", "F9", "F10", "FT9", "FT10", "T9", "T10", "TP9", "TP10", "P9", "P10", "Iz")
PREFIX = re.compile(r"^(eeg|pol|ecg|ekg|lead)[\s_-]+", re.IGNORECASE)
# Only references that all channels share. C3-A2 beside C4-A1 is no pair of electrodes against one reference.
SUFFIX = re.compile(r"(?<![\s_-])[\s_-]*-\s*(ref|le|avg|ar)\d*$", re.IGNORECASE)


def bare(name: str) -> str:
    """Return a channel's name without what file formats add: ``EEG Fp1-REF`` and ``Fp1..`` become ``Fp1``."""
    return SUFFIX.sub("", PREFIX.sub("", name.strip().rstrip("."))).rstrip(". ")


@lru_cache(maxsize=4096)
def electrode(name: str) -> str | None:
    """Return the modern name of the electrode that a channel is of, such as ``T7`` for ``EEG T3-REF``; None for others."""
    plain = bare(name).upper()
    return _spelling().get(OLD_NAMES.get(plain, plain))


def is_pair(name: str) -> bool:
    """Return whether a channel was recorded against an electrode of its own, such as ``EEG Fpz-Cz`` and ``C3-A2``."""
    first, dash, second = bare(name).partition("-")
    return bool(dash and electrode(first) and electrode(second))


@lru_cache(maxsize=1)
def positions() -> dict[str, npt.NDArray[np.float64]]:
    """Return the place of each electrode on the unit sphere, (3,): right, front, up."""
    # Fp and O lie on the ring altogether; it meets the other rows from three tenths of its half on.
    places = {"Fpz": _midline(4), "Oz": _midline(-4), "Cz": _midline(0)}
    places |= {f"Fp{1 + right}": _ring(1, right) for right in (0, 1)} | {
        f"O{1 + right}": _ring(9, right) for right in (0, 1)
    }
    for number, (inside, outside) in enumerate(ROWS):
        middle = _midline(3 - number)
        places[f"{inside}z"] = middle
        for right in (0, 1):
            end = _ring(2 + number, right)
            for quarter in (1, 2, 3, 4):
                row = outside if quarter == 4 else inside
                places[f"{row}{2 * quarter - 1 + right}"] = _between(middle, end, quarter / 4)
    return places


@lru_cache(maxsize=1)
def _spelling() -> dict[str, str]:
    return {name.upper(): name for name in (*positions(), *LOW)}


def _midline(tenths: int) -> npt.NDArray[np.float64]:
    """Return the point so many tenths in front of the vertex."""
    return np.array([0.0, np.sin(tenths * TENTH), np.cos(tenths * TENTH)])


def _ring(tenths: int, right: int) -> npt.NDArray[np.float64]:
    """Return the point of the ring so many tenths of its half behind Fpz."""
    radius, height = np.sin(4 * TENTH), np.cos(4 * TENTH)
    side = 1 if right else -1
    return np.array([side * radius * np.sin(tenths * TENTH), radius * np.cos(tenths * TENTH), height])


def _between(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], part: float) -> npt.NDArray[np.float64]:
    """Return the point of the great circle from `a` to `b` at a part of the way."""
    angle = np.arccos(np.clip(a @ b, -1, 1))
    mixed: npt.NDArray[np.float64] = (np.sin((1 - part) * angle) * a + np.sin(part * angle) * b) / np.sin(angle)
    return mixed
