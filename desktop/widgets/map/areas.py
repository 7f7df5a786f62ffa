"""Which points lie in a lasso, a rectangle, or under a brush. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.widgets.map.cloud import Rows

Path = npt.NDArray[np.float64]
Places = npt.NDArray[np.float32]

MANY = 20_000  # points for which a grid over the area pays
GRID = 64  # its cells along each side
INSIDE, EDGE = 1, 2


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
    x, y = (places[:, axis][rows].astype(np.float64) for axis in (0, 1))  # by columns: see `Cloud`
    if len(rows) < MANY:
        return rows[shapely.contains_xy(area, x, y)]
    where = _cells(area)[_cell_of(x, y, area.bounds)]
    doubtful = np.flatnonzero(where == EDGE)
    inside = where == INSIDE
    inside[doubtful] = shapely.contains_xy(area, x[doubtful], y[doubtful])
    return rows[inside]


def _cells(area: Any) -> npt.NDArray[np.uint8]:
    """Return for each cell of a grid over the area whether it is inside, or on the edge: only there points need a look."""
    import shapely

    left, top, right, bottom = area.bounds
    x, y = np.linspace(left, right, GRID + 1), np.linspace(top, bottom, GRID + 1)
    spare = 1e-6 * np.array([x[1] - x[0], y[1] - y[0]])  # a point on the border of two cells may be rounded into either
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(GRID), np.arange(GRID)))
    boxes = shapely.box(x[column] - spare[0], y[row] - spare[1], x[column + 1] + spare[0], y[row + 1] + spare[1])
    boundary = area.boundary
    shapely.prepare(boundary)
    on_edge = shapely.intersects(boundary, boxes)
    middles = (x[column] + x[column + 1]) / 2, (y[row] + y[row + 1]) / 2
    return np.where(on_edge, EDGE, np.where(shapely.contains_xy(area, *middles), INSIDE, 0)).astype(np.uint8)


def _cell_of(x: Path, y: Path, bounds: tuple[float, float, float, float]) -> npt.NDArray[np.int32]:
    left, top, right, bottom = bounds
    column = ((x - left) * (GRID / max(right - left, 1e-300))).astype(np.int32)
    row = ((y - top) * (GRID / max(bottom - top, 1e-300))).astype(np.int32)
    return np.minimum(row, GRID - 1) * np.int32(GRID) + np.minimum(column, GRID - 1)


def _in_box(places: Places, left: float, top: float, right: float, bottom: float) -> Rows:
    x, y = places[:, 0], places[:, 1]
    return np.flatnonzero((x >= left) & (x <= right) & (y >= top) & (y <= bottom))
