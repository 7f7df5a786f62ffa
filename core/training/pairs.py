"""Pairs of events that are known to be of one class, or not to be, whichever class that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Pairs:
    """Pairs of training events that must, or cannot, be of one class.

    Attributes
    ----------
    rows : (P, 2) int64 array
        Rows of the training side.
    must : (P,) bool array
    """

    rows: npt.NDArray[np.int64]
    must: npt.NDArray[np.bool_]


def pairs_of(ids: npt.NDArray[np.int64], links: Mapping[str, Any] | None) -> Pairs | None:
    """Return the pairs of linked events; None if there are none.

    A pair of which one event is held out, or is not there, says nothing of training events and is left out.

    Parameters
    ----------
    ids : (n,) int64 array
        The events of the training side.
    links : mapping or None
        ``must`` and ``cannot``: lists of pairs of event ids.
    """
    place = {event: row for row, event in enumerate(ids.tolist())}
    given = [(pair, kind == "must") for kind in ("must", "cannot") for pair in (links or {}).get(kind, ())]
    known = [((place[a], place[b]), must) for (a, b), must in given if a in place and b in place]
    if not known:
        return None
    return Pairs(np.array([rows for rows, _ in known], np.int64), np.array([must for _, must in known]))
