"""Traces as a picture: a raster where many samples share a pixel, lines where they do not. Made in a background thread.

A column of the raster holds all between the smallest and the largest sample that fall into it, so no extreme is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from core.signals import Pyramid
from desktop.views.review.pictures.frame import Frame
from desktop.views.review.pictures.rows import Row

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SPARSE = 1.0  # samples per pixel below which lines between samples are smoothed
APART_PX = 7.0  # between samples that are drawn as dots as well


@dataclass(frozen=True)
class Line:
    """What is drawn of a channel: times (s), and minima and maxima in its unit; the same array where they are samples."""

    channel: int
    t: Floats
    low: Floats
    high: Floats

    @property
    def exact(self) -> bool:
        """Whether these are the samples themselves."""
        return self.low is self.high

    def value_at(self, t: float) -> float:
        """Return the sample nearest to a time, or the middle of what is drawn there; NaN in gaps."""
        if not len(self.t):
            return float("nan")
        n = int(np.searchsorted(self.t, t))
        if n == len(self.t) or (n and abs(self.t[n - 1] - t) <= abs(self.t[n] - t)):
            n -= 1
        return float(self.low[n] + self.high[n]) / 2


@dataclass(frozen=True)
class Page:
    """A stretch of a recording as it is drawn."""

    start_s: float
    length_s: float
    lines: tuple[Line, ...]
    samples_per_px: float


@dataclass(frozen=True)
class DrawnPage:
    """A page with its picture; transparent where nothing is drawn."""

    page: Page
    rows: tuple[Row, ...]
    image: QImage


def read_page(pyramid: Pyramid, channels: Sequence[int], start_s: float, length_s: float, pixels: int) -> Page:
    """Return what is drawn of some channels, one to three values per pixel. O(channels · pixels)."""
    got = pyramid.query_page(channels, start_s, start_s + length_s, 2 * pixels)
    lines = tuple(Line(channel, *found) for channel, found in zip(channels, got, strict=True))
    fastest = max((pyramid.recording.channels[c].fs for c in channels), default=1.0)
    return Page(start_s, length_s, lines, fastest * length_s / pixels)


def draw_page(
    page: Page, rows: tuple[Row, ...], width: int, height: int, ratio: float, colours: dict[str, str]
) -> DrawnPage:
    """Return a page with its picture, `width` × `height` px on a screen of `ratio` dots per px.

    O(pixels + values); `colours` gives those that rows name, and ``muted`` for bad channels.
    """
    w, h = max(1, round(width * ratio)), max(1, round(height * ratio))
    frame = Frame(QRectF(0, 0, w, h), page.start_s, page.length_s)
    layers: dict[str, list[tuple[Ints, Floats, Floats]]] = {}
    sparse = []
    for row, line in zip(rows, page.lines, strict=True):
        name = "muted" if row.bad else row.colour
        if line.exact and len(line.t) <= 2 * w:
            sparse.append((row, line, colours[name]))
            continue
        columns, low, high = _columns(line, frame)
        y = (row.y - (np.array([high, low]) - _middle(row, line)) * row.px_per_unit) * ratio
        layers.setdefault(colours[name], []).append((columns, y[0], y[1]))
    image = _raster(layers, w, h)
    if sparse:
        painter = QPainter(image)
        for row, line, colour in sparse:
            paint_line(painter, frame, row, line, colour, ratio)
        painter.end()
    image.setDevicePixelRatio(ratio)
    return DrawnPage(page, rows, image)


def _middle(row: Row, line: Line) -> float:
    """Return the value that lies on the row's middle line: the same on all pages, unless the signal has drifted off its row."""
    if not len(line.t):
        return row.middle
    with np.errstate(invalid="ignore"):
        here = float(np.nanmedian(line.low + line.high)) / 2 if np.isfinite(line.low).any() else row.middle
    return here if abs(here - row.middle) * row.px_per_unit > row.height / 2 else row.middle


def _columns(line: Line, frame: Frame) -> tuple[Ints, Floats, Floats]:
    """Return the pixel columns that hold something of a line, its minimum and its maximum in each."""
    columns = np.floor((line.t - frame.start_s) * frame.px_per_s).astype(np.int64)
    inside = (columns >= 0) & (columns < frame.rect.width()) & np.isfinite(line.low)
    if not inside.any():
        return columns[:0], line.low[:0], line.high[:0]
    columns, low, high = columns[inside], line.low[inside], line.high[inside]
    first = np.flatnonzero(np.diff(columns, prepend=-1))
    columns, low, high = columns[first], np.minimum.reduceat(low, first), np.maximum.reduceat(high, first)
    # Neighbours touch, as a line would; what is farther apart is a gap.
    joined = np.flatnonzero(np.diff(columns) == 1)
    lower, higher = low[joined], high[joined]
    low[joined] = np.minimum(lower, high[joined + 1])
    high[joined] = np.maximum(higher, low[joined + 1])
    return columns, low, high


def _raster(layers: dict[str, list[tuple[Ints, Floats, Floats]]], width: int, height: int) -> QImage:
    """Return a picture of upright strokes: for each colour, columns with the tops and bottoms of their strokes, px."""
    picture = np.zeros((height, width), np.uint32)
    for colour, strokes in layers.items():
        ends = np.zeros((height + 1, width), np.int16)
        for columns, top, bottom in strokes:
            first = np.clip(np.floor(top), 0, height - 1).astype(np.int64)
            last = np.clip(np.floor(bottom), 0, height - 1).astype(np.int64) + 1
            seen = (bottom >= 0) & (top < height)
            ends[first[seen], columns[seen]] += 1
            ends[last[seen], columns[seen]] -= 1
        covered = np.cumsum(ends[:height], axis=0, out=ends[:height]) > 0
        picture[covered] = QColor(colour).rgba()
    image = QImage(picture.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()  # of its own memory: the array goes


def paint_line(painter: QPainter, frame: Frame, row: Row, line: Line, colour: str, ratio: float = 1.0) -> None:
    """Paint a trace as lines, broken at gaps; on vector devices as well as on pictures.

    `ratio` scales the heights of the row to the device.
    """
    x = (line.t - frame.start_s) * frame.px_per_s + frame.rect.left()
    if line.exact:
        values = line.low
    else:
        x, values = np.repeat(x, 2), np.column_stack([line.low, line.high]).ravel()
    y = frame.rect.top() + (row.y - (values - _middle(row, line)) * row.px_per_unit) * ratio
    apart = frame.rect.width() / max(len(line.t), 1)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, apart > SPARSE * ratio)
    painter.setPen(QPen(QColor(colour), ratio if apart > SPARSE * ratio else 0))
    for piece in finite_runs(y):
        if piece.stop - piece.start == 1:
            painter.drawPoint(QPointF(x[piece.start], y[piece.start]))
        else:
            painter.drawPolyline(_polygon(x[piece], y[piece]))
    if line.exact and apart > APART_PX * ratio:
        painter.setBrush(QColor(colour))
        for at, value in zip(x.tolist(), y.tolist(), strict=True):
            if value == value:
                painter.drawEllipse(QPointF(at, value), 1.2 * ratio, 1.2 * ratio)
        painter.setBrush(QColor(0, 0, 0, 0))


def _polygon(x: Floats, y: Floats) -> QPolygonF:
    polygon: QPolygonF = arrayToQPolygonF(x, np.clip(y, -1e5, 1e5))
    return polygon


def finite_runs(y: Floats) -> list[slice]:
    """Return the stretches without NaN."""
    finite = np.isfinite(y)
    if finite.all():
        return [slice(0, len(y))] if len(y) else []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
