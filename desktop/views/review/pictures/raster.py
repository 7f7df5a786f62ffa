"""Upright strokes, one for each pixel column of a trace, as a picture. No painter draws so many lines in time.

A column of a trace holds all between its smallest and its largest value, so no extreme is lost.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
BLOCK = 32  # rows that are summed one by one
WHOLE = 64  # how much a pixel is covered, at most
FEW = 32_767 // WHOLE  # strokes over each other that sixteen bits can sum; they are faster than thirty-two


def columns_of(x: Floats, low: Floats, high: Floats, width: int) -> tuple[Ints, Floats, Floats]:
    """Return the columns that hold something, and their minima and maxima; NaN where all is missing. O(values).

    `x` (px, ascending) are the places of `low` and `high`, (n_traces, n).
    """
    inside = slice(*np.searchsorted(x, (0.0, width)).tolist())
    columns, low, high = x[inside].astype(np.intp), low[:, inside], high[:, inside]
    first = np.flatnonzero(np.diff(columns, prepend=-1))
    last = np.append(first[1:], len(columns)) - 1
    lowest, highest = low[:, first], high[:, first]
    for further in range(1, int((last - first).max(initial=0)) + 1):  # few: values are asked for by the width
        at = np.minimum(first + further, last)
        lowest, highest = np.fmin(lowest, low[:, at]), np.fmax(highest, high[:, at])
    return columns[first], lowest, highest


def touching(columns: Ints, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return extremes stretched so that neighbouring columns touch, as a line would; what is farther apart is a gap."""
    near = (np.diff(columns) == 1) & np.isfinite(low[:, :-1])
    np.fmin(low[:, :-1], high[:, 1:], out=low[:, :-1], where=near)
    np.fmax(high[:, :-1], low[:, 1:], out=high[:, :-1], where=near)
    return low, high


def between_samples(x: Floats, values: Floats, width: int) -> tuple[Ints, Floats, Floats]:
    """Return for every column the extremes of the straight lines between samples, (n_traces, n); NaN in gaps."""
    edges = np.arange(width + 1.0)
    after = np.clip(np.searchsorted(x, edges, side="right"), 1, len(x) - 1)
    share = (edges - x[after - 1]) / (x[after] - x[after - 1])
    before = values[:, after - 1]
    at_edges = np.where(share == 0, before, before + share * (values[:, after] - before))  # a sample before a gap stays
    at_edges[:, (edges < x[0]) | (edges > x[-1])] = np.nan
    low, high = np.fmin(at_edges[:, :-1], at_edges[:, 1:]), np.fmax(at_edges[:, :-1], at_edges[:, 1:])
    columns, lowest, highest = columns_of(x, values, values, width)
    low[:, columns], high[:, columns] = np.fmin(low[:, columns], lowest), np.fmax(high[:, columns], highest)
    return np.arange(width), low, high


def strokes_picture(columns: Ints, top: Floats, bottom: Floats, colour: str, size: tuple[int, int]) -> QImage:
    """Return strokes of one colour, ends smoothed, as a picture of a size (width, height), clear elsewhere.

    `top` and `bottom` (px, (n_traces, n_columns)) are NaN where nothing is drawn. Each stroke adds to the pixel where it
    begins and takes away where it ends; sums from top to bottom then say how much of each pixel is covered. O(pixels).
    """
    (width, height), n_traces = size, len(top)
    top, bottom = np.clip(top, 0, height), np.clip(bottom, 0, height)
    seen = top < bottom
    columns, top, bottom = np.broadcast_to(columns, top.shape)[seen], top[seen], bottom[seen]
    kind = np.int16 if n_traces <= FEW else np.int32
    cover = np.zeros((-(-(height + 2) // BLOCK), BLOCK, width), kind)
    for ends, whole in ((top, WHOLE), (bottom, -WHOLE)):
        rows = ends.astype(np.intp)
        at, later = rows * width + columns, ((ends - rows) * whole).astype(kind)
        np.add.at(cover.reshape(-1), at, whole - later)
        if later.any():  # not where they end between pixels, as most do
            np.add.at(cover.reshape(-1), at + width, later)
    # Down each block, then from block to block: forty times as fast as cumsum down the columns, in few calls.
    for row in range(1, BLOCK):
        cover[:, row] += cover[:, row - 1]
    for above, below in itertools.pairwise(cover):
        below += above[-1]
    covered = np.minimum(cover, WHOLE, out=cover).astype(np.uint8)
    shades = QImage(covered.data, width, height, width, QImage.Format.Format_Indexed8)
    shades.setColorTable(_shades(colour))
    return shades.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _shades(colour: str) -> list[int]:
    """Return a colour from clear to full, as pixels."""
    full = QColor(colour).rgba() & 0xFFFFFF
    return [(255 * n // WHOLE) << 24 | full for n in range(WHOLE + 1)]
