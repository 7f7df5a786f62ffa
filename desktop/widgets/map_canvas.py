"""The map: a raster of points that stays quick at a hundred thousand, with lasso, hover and selection."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QRectF, Qt, Signal

from desktop.services import theme
from desktop.widgets.plots import ThemedPlot

Colours = npt.NDArray[np.uint8]

# Offsets of the pixels of a dot and of a ring, radius 2 and 3.
_GRID = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2)
DOT = _GRID[(_GRID**2).sum(axis=1) <= 5]
# An event that somebody could not decide is a question mark, told from a class by its shape.
_QUESTION = (".###.", "#...#", "....#", "..##.", "..#..", ".....", "..#..")
QUESTION = np.array([(x - 2, 3 - y) for y, row in enumerate(_QUESTION) for x, dot in enumerate(row) if dot == "#"])
RING = _GRID[((_GRID**2).sum(axis=1) >= 5) & ((_GRID**2).sum(axis=1) <= 10)]


class MapBox(pg.ViewBox):
    """Drag pans, wheel zooms, click picks; while the lasso is on, drag draws it."""

    picked = Signal(float, float)
    lassoed = Signal(object, object)

    def __init__(self) -> None:
        super().__init__(enableMenu=False, lockAspect=True)
        self.lasso_on = False
        self._path: list[tuple[float, float]] = []
        self._line = pg.PlotCurveItem(pen=pg.mkPen(theme.token("accent"), width=1.5, style=Qt.PenStyle.DashLine))
        self._line.setZValue(50)
        self.addItem(self._line, ignoreBounds=True)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if not self.lasso_on:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            self._path = []
        point = self.mapToView(event.pos())
        self._path.append((point.x(), point.y()))
        self._line.setData(*np.array(self._path).T)
        if event.isFinish():
            path, self._path = self._path, []
            self._line.setData([], [])
            if len(path) >= 3:
                self.lassoed.emit(np.array(path), event.modifiers())

    def mouseClickEvent(self, event: Any) -> None:
        event.accept()
        point = self.mapToView(event.pos())
        self.picked.emit(point.x(), point.y())


class MapCanvas(ThemedPlot):
    """Points of events in colours; `selected(ids, modifiers)` tells what a lasso or a click holds.

    The cloud is painted into an image of the view's size: 100,000 points in about 20 ms; only the selection is drawn as
    items. A lasso is tested once, when it is let go.
    """

    selected = Signal(object, object)
    hovered = Signal(object)

    def __init__(self) -> None:
        self.box = MapBox()
        axes = [QCoreApplication.translate("MapCanvas", "Map axis {} (arbitrary units)").format(n) for n in (1, 2)]
        super().__init__(QCoreApplication.translate("MapCanvas", "Map of events"), *axes, box=self.box)
        for side in ("bottom", "left"):
            self.getAxis(side).setStyle(showValues=False)
        self.ids = np.empty(0, np.int64)
        self.points = np.empty((0, 2))
        self._colours: Colours = np.empty((0, 3), np.uint8)
        self._rings = np.empty(0, bool)
        self._unsure = np.empty(0, bool)
        self._image = pg.ImageItem(axisOrder="row-major")
        self.addItem(self._image, ignoreBounds=True)
        self._marks = pg.ScatterPlotItem(size=12, brush=None, pxMode=True)
        self.dress(lambda: self._marks.setPen(pg.mkPen(theme.token("text"), width=1.5)))
        self._marks.setZValue(40)
        self.addItem(self._marks, ignoreBounds=True)
        self.box.sigRangeChanged.connect(lambda *_: self.paint_cloud())
        self.box.sigResized.connect(lambda *_: self.paint_cloud())
        self.box.picked.connect(self._pick)
        self.box.lassoed.connect(self._lasso)
        self.scene().sigMouseMoved.connect(self._hover)

    def show_points(self, ids: npt.NDArray[np.int64], points: npt.NDArray[np.float64]) -> None:
        """Show other points and fit them into the view."""
        self.ids, self.points = ids, points
        self._colours = np.full((len(ids), 3), 128, np.uint8)
        self._rings = np.zeros(len(ids), bool)
        self._unsure = np.zeros(len(ids), bool)
        if len(points):
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            self.box.setRange(QRectF(x0, y0, max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)), padding=0.06)
        self.paint_cloud()

    def show_colours(
        self,
        colours: Colours,
        rings: npt.NDArray[np.bool_] | None = None,
        unsure: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Colour the points, (N, 3) uint8; those with a ring are proposals, those `unsure` are question marks."""
        self._colours = colours
        self._rings = np.zeros(len(self.ids), bool) if rings is None else rings
        self._unsure = np.zeros(len(self.ids), bool) if unsure is None else unsure
        self.paint_cloud()

    def show_selection(self, ids: tuple[int, ...]) -> None:
        """Mark the selected points; beyond 2,000 the raster alone would do, so an even sample is marked."""
        rows = np.flatnonzero(np.isin(self.ids, ids))
        if len(rows) > 2000:
            rows = rows[np.linspace(0, len(rows) - 1, 2000).astype(int)]
        self._marks.setData(pos=self.points[rows] if len(rows) else np.empty((0, 2)))

    def paint_cloud(self) -> None:
        """Paint the points into an image of the view's size. O(points)."""
        rect = self.box.viewRect()
        width, height = max(1, int(self.box.width())), max(1, int(self.box.height()))
        if not len(self.points) or rect.width() <= 0 or rect.height() <= 0:
            self._image.clear()
            return
        image = np.zeros((height, width, 4), np.uint8)
        x = ((self.points[:, 0] - rect.left()) / rect.width() * width).astype(np.int64)
        y = ((self.points[:, 1] - rect.top()) / rect.height() * height).astype(np.int64)
        seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        # Unlabelled points first, so that they never hide a labelled one.
        muted = (self._colours == _rgb(theme.token("unlabelled"))).all(axis=1)
        plain = seen & ~self._rings & ~self._unsure
        for rows, stamp in (
            (plain & muted, DOT),
            (plain & ~muted, DOT),
            (seen & self._unsure & ~self._rings, QUESTION),
            (seen & self._rings, RING),
        ):
            px, py, colours = x[rows], y[rows], self._colours[rows]
            for dx, dy in stamp:
                cx, cy = np.clip(px + dx, 0, width - 1), np.clip(py + dy, 0, height - 1)
                image[cy, cx, :3] = colours
                image[cy, cx, 3] = 255
        self._image.setImage(image, levels=(0, 255))
        self._image.setRect(rect)

    def _nearest(self, x: float, y: float) -> int | None:
        if not len(self.points):
            return None
        pixel = self.box.viewRect().width() / max(1.0, self.box.width())
        distance = np.hypot(self.points[:, 0] - x, self.points[:, 1] - y)
        row = int(distance.argmin())
        return row if distance[row] < 10 * pixel else None

    def _pick(self, x: float, y: float) -> None:
        row = self._nearest(x, y)
        self.selected.emit(() if row is None else (int(self.ids[row]),), Qt.KeyboardModifier.NoModifier)

    def _lasso(self, path: npt.NDArray[np.float64], modifiers: Qt.KeyboardModifier) -> None:
        import shapely

        area = shapely.make_valid(shapely.Polygon(path))
        shapely.prepare(area)
        inside = shapely.contains_xy(area, self.points[:, 0], self.points[:, 1])
        self.selected.emit(tuple(self.ids[inside].tolist()), modifiers)

    def _hover(self, position: Any) -> None:
        point = self.box.mapSceneToView(position)
        row = self._nearest(point.x(), point.y())
        self.hovered.emit(None if row is None else int(self.ids[row]))


def _rgb(colour: str) -> npt.NDArray[np.uint8]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def class_colours(labels: npt.NDArray[Any], position_of: dict[str, int]) -> Colours:
    """Return a colour for each label: grey at position 0, which is that of ``unsure``, paler where there is none."""
    table = {"": _rgb(theme.token("unlabelled"))}
    for key, position in position_of.items():
        table[key] = _rgb(theme.class_colour(position) if position else theme.token("muted"))
    return np.array([table.get(text, table[""]) for text in labels], np.uint8).reshape(-1, 3)


def scale_colours(values: npt.NDArray[np.float64]) -> Colours:
    """Return cividis colours of values between 0 and 1."""
    index = np.clip(np.nan_to_num(values) * 255, 0, 255).astype(np.uint8)
    return theme.cividis()[index]
