"""Events on a page: boxes while they can be told apart, else ticks in a strip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.services import theme
from desktop.views.review.pictures.frame import Frame
from desktop.views.review.pictures.rows import Row

BOX_PX = 3  # a narrower box is all outline
APART_PX = 12  # narrower ones are lines over the picture while so much lies between them, on average
TICK_PX = 2
STRIP_PX = 8  # the strip of ticks at the top of the traces
TEXTS = 60  # more would write over each other
# How strong a box is: over other channels, over all of them where it names none, over its own, selected.
FAINT, WHOLE, FULL, CHOSEN = 22, 34, 60, 110

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """An event to draw: its time (s), channel and colour, whether it is selected, what is written on it, if it may be moved."""

    id: int
    start_s: float
    length_s: float
    channel: str
    colour: str
    selected: bool = False
    text: str = ""
    movable: bool = False

    @property
    def stop_s(self) -> float:
        """Where it ends, s."""
        return self.start_s + self.length_s


class Tick(NamedTuple):
    """A tick for one or more events: its place on the page (px from the left) and its colour."""

    x: int
    colour: str


def boxed(lengths_s: npt.NDArray[np.float64], selected: Flags, px_per_s: float, width_px: float) -> Flags:
    """Return which events of a page are drawn as boxes; selected ones always are, the others without hiding the picture."""
    wide = lengths_s * px_per_s >= BOX_PX
    if wide.sum() * BOX_PX > width_px:
        wide = np.zeros_like(wide)
    if (~wide).sum() * APART_PX <= width_px:
        wide = np.ones_like(wide)
    return wide | selected


def ticks(
    frame: Frame, starts_s: npt.NDArray[np.float64], codes: npt.NDArray[np.intp], colours: Sequence[str]
) -> list[Tick]:
    """Return a tick for each label and place that has an event, rare ones last, so that no frequent one hides them.

    `codes` say which of the `colours`, one for each label, an event has. At most one tick per label and two pixels, however
    many events there are. O(events · log events), however many labels.
    """
    if not len(codes):
        return []
    places = np.floor((starts_s - frame.start_s) * frame.px_per_s / TICK_PX).astype(np.int64)
    first = places.min()
    span = int(places.max() - first) + 1
    code_of, place_of = np.divmod(np.unique(codes.astype(np.int64) * span + places - first), span)
    x, often = ((place_of + first) * TICK_PX).tolist(), np.bincount(codes).tolist()
    there, begins = np.unique(code_of, return_index=True)
    stops = [*begins[1:].tolist(), len(x)]
    labels = zip(there.tolist(), begins.tolist(), stops, strict=True)
    order = sorted(labels, key=lambda label: (-often[label[0]], colours[label[0]]))
    return [Tick(at, colours[code]) for code, begin, stop in order for at in x[begin:stop]]


def paint_boxes(
    painter: QPainter, frame: Frame, boxes: Sequence[Box], rows: Mapping[str, Row] | None = None, strength: float = 1.0
) -> None:
    """Paint events over a page: strong on the row of their own channel, faint over the others; selected ones last."""
    for box in sorted(boxes, key=lambda box: box.selected):
        whole = frame.span(box.start_s, box.length_s) & frame.rect  # on paper nothing clips it
        whole.setWidth(max(whole.width(), 1.0))
        row = rows.get(box.channel) if rows else None
        outline = QColor(box.colour)
        outline.setAlpha(255 if box.selected else 120)
        if row is None:
            alone = (
                (CHOSEN if box.selected else FULL) if rows is None or box.channel else (FULL if box.selected else WHOLE)
            )
            _fill(painter, whole, box.colour, strength * alone, outline)
            continue
        _fill(painter, whole, box.colour, strength * (FULL if box.selected else FAINT))
        own = QRectF(whole.left(), frame.rect.top() + row.y - row.height / 2, whole.width(), row.height)
        _fill(painter, own & frame.rect, box.colour, strength * (CHOSEN if box.selected else FULL), outline)


def _fill(painter: QPainter, rect: QRectF, colour: str, alpha: float, outline: QColor | None = None) -> None:
    fill = QColor(colour)
    fill.setAlpha(round(min(alpha, 255)))
    painter.fillRect(rect, fill)
    if outline is not None:
        painter.setPen(QPen(outline, 0))
        painter.drawRect(rect)


def paint_names(painter: QPainter, frame: Frame, boxes: Sequence[Box]) -> None:
    """Write what boxes are at their upper ends, as far as there is room; selected ones always."""
    named = [box for box in boxes if box.text]
    few = named if len(named) <= TEXTS else [box for box in named if box.selected][:TEXTS]
    metrics, free, veil = painter.fontMetrics(), -1e9, QColor(theme.token("plot"))
    veil.setAlpha(190)  # names can be read over traces too
    for box in sorted(few, key=lambda box: box.start_s):
        x = max(frame.x(box.start_s), frame.rect.left())
        if x >= free or box.selected:
            wide = metrics.horizontalAdvance(box.text)
            painter.fillRect(QRectF(x + 1, frame.rect.top() + STRIP_PX - 1, wide + 2, metrics.height()), veil)
            painter.setPen(QColor(theme.token("text")))
            painter.drawText(QPointF(x + 2, frame.rect.top() + STRIP_PX + metrics.ascent()), box.text)
            free = x + wide + 8


def paint_ticks(painter: QPainter, left: float, top: float, height: float, found: Sequence[Tick]) -> None:
    """Paint ticks in a strip; neighbours of a colour at once."""
    for colour, several in groupby(found, key=lambda tick: tick.colour):
        fill, start, stop = QColor(colour), None, 0
        for x in [tick.x for tick in several]:
            if start is None or x != stop:
                if start is not None:
                    painter.fillRect(QRectF(left + start, top, stop - start, height), fill)
                start = x
            stop = x + TICK_PX
        if start is not None:
            painter.fillRect(QRectF(left + start, top, stop - start, height), fill)
