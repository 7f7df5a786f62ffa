"""Traces as a picture, made in a background thread; and as lines, for paper and vector files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from core.signals import Pyramid
from desktop.services import theme
from desktop.views.review.pictures.beyond import cut_line
from desktop.views.review.pictures.frame import Frame
from desktop.views.review.pictures.raster import Floats, Ints, between_samples, columns_of, strokes_picture, touching
from desktop.views.review.pictures.rows import Row, fit_strokes

LINE_PX = 0.8  # of lines in vector files
APART_PX = 7.0  # between samples that are drawn as dots as well
DOT_PX = 1.2  # their radius
PYRAMID_FROM = 64  # samples per bin that pyramids have
MIDDLE_OF = 256  # values of a page that tell where a trace lies


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
    """A page with its picture, transparent where nothing is drawn; `cut` names the channels that reach beyond it."""

    page: Page
    rows: tuple[Row, ...]
    image: QImage
    cut: tuple[str, ...] = ()


def read_page(pyramid: Pyramid, channels: Sequence[int], start_s: float, length_s: float, pixels: int) -> Page:
    """Return what is drawn of some channels, one to three values per pixel. O(channels · pixels).

    Two per pixel are asked for; fewer where the pyramid then has them, and the samples need not be read.
    """
    fastest = max((pyramid.recording.channels[c].fs for c in channels), default=1.0)
    in_pyramid = int(fastest * length_s / PYRAMID_FROM)
    n_bins = in_pyramid if pixels <= in_pyramid < 2 * pixels else 2 * pixels
    got = pyramid.query_page(channels, start_s, start_s + length_s, n_bins)
    lines = tuple(Line(channel, *found) for channel, found in zip(channels, got, strict=True))
    return Page(start_s, length_s, lines, fastest * length_s / pixels)


def trace_colours() -> dict[str, str]:
    """Return the colours of traces in the theme in use, by their names."""
    return {key: theme.token(key) for key in (*(f"trace-{n}" for n in range(1, 9)), "muted")}


def draw_page(
    page: Page, rows: tuple[Row, ...], width: int, height: int, ratio: float, colours: dict[str, str]
) -> DrawnPage:
    """Return a page with its picture, `width` × `height` px on a screen of `ratio` dots per px.

    O(pixels + values); `colours` gives those that rows name, and ``muted`` for bad channels. Rows of one colour whose lines
    have the same times are drawn in one go.
    """
    w, h = max(1, round(width * ratio)), max(1, round(height * ratio))
    rows = fit_strokes(rows, [_stroke_of(line) for line in page.lines])
    alike: dict[tuple[int, bool, str], list[tuple[Row, Line]]] = {}
    for row, line in zip(rows, page.lines, strict=True):
        if len(line.t):
            alike.setdefault((id(line.t), line.exact, "muted" if row.bad else row.colour), []).append((row, line))
    pictures, cut = [], set()
    for (_, exact, colour), members in alike.items():
        x = (members[0][1].t - page.start_s) * (w / page.length_s)
        columns, top, bottom = _strokes(x, members, w, ratio, exact)
        cut |= _cut(members, top, bottom, h, DOT_PX * ratio)
        pictures.append(strokes_picture(columns, top, bottom, colours[colour], (w, h)))
    image = _over_each_other(pictures, w, h)
    image.setDevicePixelRatio(ratio)
    return DrawnPage(page, rows, image, tuple(row.name for row in rows if row.channel in cut))


def _cut(members: Sequence[tuple[Row, Line]], top: Floats, bottom: Floats, height: int, thick: float) -> set[int]:
    """Return the channels whose values lie beyond the picture; that a line or a dot is `thick` does not count."""
    highest, lowest = np.fmin.reduce(top, axis=1, initial=np.inf), np.fmax.reduce(bottom, axis=1, initial=-np.inf)
    beyond = (highest < -thick) | (lowest > height + thick)
    return {row.channel for (row, _), out in zip(members, beyond.tolist(), strict=True) if out}


def _over_each_other(pictures: list[QImage], width: int, height: int) -> QImage:
    """Return pictures of one size as one, which the first becomes; a clear one for none."""
    if not pictures:
        clear = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        clear.fill(0)
        return clear
    image, *others = pictures
    if others:
        painter = QPainter(image)
        for other in others:
            painter.drawImage(0, 0, other)
        painter.end()
    return image


def _stroke_of(line: Line) -> float:
    """Return how tall the strokes of a line typically are, in its unit; 0 where it shows samples."""
    if line.exact or not len(line.t):
        return 0.0
    few = slice(None, None, max(1, len(line.t) // MIDDLE_OF))
    tall = line.high[few] - line.low[few]
    tall = tall[np.isfinite(tall)]
    return float(np.median(tall)) if len(tall) else 0.0


def _strokes(
    x: Floats, members: list[tuple[Row, Line]], width: int, ratio: float, exact: bool
) -> tuple[Ints, Floats, Floats]:
    """Return the columns of lines of the same times, with the tops and bottoms of their strokes, (n_lines, n) px."""
    low, high = np.stack([line.low for _, line in members]), np.stack([line.high for _, line in members])
    y, per_unit = (np.array([[getattr(row, name)] for row, _ in members]) * ratio for name in ("y", "px_per_unit"))
    middle = _middles([row for row, _ in members], low, high)[:, None]
    thick = max(1.0, ratio)  # in coarse prints too a line is a dot wide
    if not exact or len(x) < 2 or x[-1] - x[0] < len(x) - 1:  # a sample or more in every column
        columns, low, high = columns_of(x, low, high, width)
        low, high = touching(columns, low, high)
        top, bottom = np.floor(y - (high - middle) * per_unit), np.floor(y - (low - middle) * per_unit)
        return columns, top - (thick - 1) // 2, bottom + (thick + 1) // 2
    columns, lowest, highest = between_samples(x, low, width)
    top, bottom = y - (highest - middle) * per_unit - thick / 2, y - (lowest - middle) * per_unit + thick / 2
    if width > APART_PX * ratio * len(x):
        places, at, _ = columns_of(x, low, low, width)
        for beside in range(-round(DOT_PX * ratio), round(DOT_PX * ratio) + 1):
            near = np.clip(places + beside, 0, width - 1)
            top[:, near] = np.fmin(top[:, near], y - (at - middle) * per_unit - DOT_PX * ratio)
            bottom[:, near] = np.fmax(bottom[:, near], y - (at - middle) * per_unit + DOT_PX * ratio)
    return columns, top, bottom


def _middles(rows: Sequence[Row], low: Floats, high: Floats) -> Floats:
    """Return the values on the middle lines of rows: the same on all pages, unless a signal has drifted off its row."""
    middle, above, per_unit, height = np.array([(r.middle, r.above, r.px_per_unit, r.height) for r in rows]).T
    usual = middle - above
    few = slice(None, None, max(1, low.shape[1] // MIDDLE_OF))
    here = np.median((low[:, few] + high[:, few]) / 2, axis=1)
    for n in np.flatnonzero(np.isnan(here)).tolist():  # gaps are left out
        seen = (low[n] + high[n])[np.isfinite(low[n])] / 2
        here[n] = np.median(seen) if len(seen) else usual[n]
    return np.where(np.abs(here - usual) * per_unit > height / 2, here + above, middle)


def paint_line(painter: QPainter, frame: Frame, row: Row, line: Line, colour: str) -> None:
    """Paint a trace as lines, broken at gaps and cut at the frame, for vector devices: SVG knows no clipping."""
    if not len(line.t):
        return
    rect, middle = frame.rect, _middles([row], line.low[None], line.high[None])[0]
    x, values = (line.t - frame.start_s) * frame.px_per_s + rect.left(), line.low
    if not line.exact:
        x, values = np.repeat(x, 2), np.column_stack([line.low, line.high]).ravel()
    inside = (x >= rect.left()) & (x <= rect.right())
    x, y = x[inside], rect.top() + row.y - (values[inside] - middle) * row.px_per_unit
    dots = np.column_stack([x, y])[(y >= rect.top()) & (y <= rect.bottom())]
    x, y = cut_line(x, y, rect.top(), rect.bottom())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), LINE_PX))
    for piece in finite_runs(y):
        if piece.stop - piece.start == 1:
            painter.drawPoint(QPointF(x[piece.start], y[piece.start]))
        else:
            polygon: QPolygonF = arrayToQPolygonF(x[piece], y[piece])
            painter.drawPolyline(polygon)
    if line.exact and rect.width() > APART_PX * len(line.t):
        painter.setBrush(QColor(colour))
        for at, value in dots.tolist():
            painter.drawEllipse(QPointF(at, value), DOT_PX, DOT_PX)
        painter.setBrush(QColor(0, 0, 0, 0))


def finite_runs(y: Floats) -> list[slice]:
    """Return the stretches without NaN."""
    finite = np.isfinite(y)
    if finite.all():
        return [slice(0, len(y))] if len(y) else []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
