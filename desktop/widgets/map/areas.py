"""Which points lie in a lasso, a rectangle, or under a brush. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.widgets.map.cloud import Rows

Path = npt.NDArray[np.float64]
Places = npt.NDArray[np.float32]


def warm_up() -> None:
    """Load what the first lasso and the first hover need: half a second that nobody should wait for with the mouse down."""
    in_lasso(np.zeros((1, 2), np.float32), np.array([[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]]))


def in_lasso(places: Places, path: Path) -> Rows:
    """Return the rows inside a closed path (M, 2); where it crosses itself, what it goes round an odd number of times."""
    if len(path) < 3:
        return np.empty(0, np.intp)
    import shapely

    return _inside(places, shapely.make_valid(shapely.Polygon(path)))


def in_rectangle(places: Places, path: Path) -> Rows:
    """Return the rows in the rectangle between the first and the last place of a path, its edges included."""
    (left, top), (right, bottom) = np.minimum(path[0], path[-1]), np.maximum(path[0], path[-1])
    return _in_box(places, left, top, right, bottom)


def under_brush(places: Places, path: Path, radius: float) -> Rows:
    """Return the rows at most `radius` (in the units of the places) from a path."""
    import shapely

    stroke = shapely.LineString(path) if len(path) > 1 else shapely.Point(path[0])
    return _inside(places, shapely.buffer(stroke, radius, quad_segs=16))


def _inside(places: Places, area: Any) -> Rows:
    import shapely

    if area.is_empty:
        return np.empty(0, np.intp)
    rows = _in_box(places, *area.bounds)  # cheap, and most points are not near
    shapely.prepare(area)
    inside = shapely.contains_xy(area, *places[rows].astype(np.float64).T)
    return rows[inside]


def _in_box(places: Places, left: float, top: float, right: float, bottom: float) -> Rows:
    x, y = places[:, 0], places[:, 1]
    return np.flatnonzero((x >= left) & (x <= right) & (y >= top) & (y <= bottom))
