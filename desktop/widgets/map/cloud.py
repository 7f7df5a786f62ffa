"""The points of a map with the ids of their events. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]

SPARSE = 8  # ids that spread over more numbers than so many times their count are searched, not looked up


class Cloud:
    """Points in the unit plane: the larger side of the map is 1, its middle 0, y downwards.

    A point without a finite place is left out; `missing` counts them. Rows are those of the points that have a place.

    Parameters
    ----------
    ids : (N,) array of int
        Event ids, each once.
    points : (N, 2) array of float
        Places on the map in any unit and with any offset.

    Raises
    ------
    ValueError
        If there are not as many points as ids, or the points are not two-dimensional.
    """

    def __init__(self, ids: npt.ArrayLike, points: npt.ArrayLike) -> None:
        ids, points = np.asarray(ids, np.int64), np.asarray(points, np.float64)
        if points.shape != (len(ids), 2):
            raise ValueError(f"{len(ids)} ids need points of shape ({len(ids)}, 2), not {points.shape}")
        self.placed = np.isfinite(points).all(axis=1)
        self.missing = int((~self.placed).sum())
        self.given = len(ids)
        self.ids: Ids = ids if not self.missing else ids[self.placed]
        points = points if not self.missing else points[self.placed]
        self.centre, self.unit = _middle(points)
        places = (points / self.unit - self.centre / self.unit) * (1.0, -1.0)  # divided first: no overflow
        # By columns: x and y are looked at one after the other, for all points.
        self.places: npt.NDArray[np.float32] = np.asfortranarray(places, np.float32)
        self.half = tuple(np.abs(places).max(axis=0).tolist()) if len(places) else (0.0, 0.0)
        # Drawn in a random order that stays: in that of the events, the last recording would hide the others.
        self.order: Rows = np.random.default_rng(0).permutation(len(self.ids))
        self.u, self.v = (np.ascontiguousarray(axis) for axis in self.places[self.order].T)  # in that order
        self._look_up()

    def __len__(self) -> int:
        return len(self.ids)

    def of_placed(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the values, one for each id that was given, of the points that have a place."""
        values = np.asarray(values)
        if len(values) != self.given:
            raise ValueError(f"{self.given} points, but {len(values)} values")
        return values[self.placed] if self.missing else values

    def rows_of(self, ids: npt.ArrayLike) -> Rows:
        """Return the rows of those of the ids that are on the map, in their order. O(ids)."""
        return self.find(ids)[0]

    def find(self, ids: npt.ArrayLike) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """Return the rows of those of the ids that are on the map, and which of the ids these are (M,)."""
        wanted = np.asarray(ids, np.int64).ravel()
        if not len(wanted) or not len(self.ids):
            return np.empty(0, np.intp), np.zeros(len(wanted), bool)
        if self._table is not None:
            at = wanted - self._first
            there = (at >= 0) & (at < len(self._table))
            there[there] = self._table[at[there]] >= 0
            return self._table[at[there]], there
        place = np.minimum(np.searchsorted(self._sorted, wanted), len(self.ids) - 1)
        there = self._sorted[place] == wanted
        return self._sorter[place[there]], there

    def _look_up(self) -> None:
        self._table: Rows | None = None
        if not len(self.ids):
            return
        self._first, last = int(self.ids.min()), int(self.ids.max())
        if last - self._first < SPARSE * len(self.ids) + 1000:
            self._table = np.full(last - self._first + 1, -1, np.intp)
            self._table[self.ids - self._first] = np.arange(len(self.ids))
        else:
            self._sorter = np.argsort(self.ids, kind="stable")
            self._sorted = self.ids[self._sorter]


def _middle(points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """Return the middle of the bounding box and its larger side; 1 where all points are one."""
    if not len(points):
        return np.zeros(2), 1.0
    low, high = points.min(axis=0) / 2, points.max(axis=0) / 2  # halves: their sum and difference cannot overflow
    side = float((high - low).max())
    return high + low, min(2 * side, np.finfo(float).max) if side > 0 else 1.0
