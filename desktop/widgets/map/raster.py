"""Points as pixels: scattered into an image once, then that image is grown to dots. No Qt.

The image first holds, for each pixel, the number of the point that shows there, in drawing order; growing takes the largest
number around. So what was drawn last lies on top, dots stay whole, and a frame costs O(N) once and O(pixels) for each pixel
of a dot, never their product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.widgets.map.frame import Frame

Pixels = npt.NDArray[np.uint32]
Places = npt.NDArray[np.float32]

OWN, PAPER, INK = 0, 1, 2  # what a pixel of a glyph wears: the colour of its point, of the background, of text
FEW = 60  # glyphs are written one by one where each has so many pixels of the image
LEAST_DOT, MOST_DOT = 1, 5  # radius, pixels
_QUESTION = (".###.", "#...#", "....#", "..##.", "..#..", ".....", "..#..")


@dataclass(frozen=True)
class Glyph:
    """The pixels of a mark round its point: `dx`, `dy` (M,) and what each wears."""

    dx: npt.NDArray[np.intp]
    dy: npt.NDArray[np.intp]
    wears: npt.NDArray[np.uint32]

    @property
    def reach(self) -> int:
        """How far it reaches from its point, pixels."""
        return int(max(np.abs(self.dx).max(), np.abs(self.dy).max()))


def dot_radius(n: int, frame: Frame, fitted_scale: float) -> int:
    """Return the radius of dots so that they fill about a fifth of the picture, were they even: larger when zoomed in."""
    near = max(n, 1) / max((frame.scale / fitted_scale) ** 2, 1e-9)
    return int(np.clip(round(0.25 * (frame.width * frame.height / near) ** 0.5), LEAST_DOT, MOST_DOT))


def _rings(*rings: tuple[float, int]) -> Glyph:
    """Return nested discs: radius and what is worn up to there, from the inside to the outside."""
    reach = int(rings[-1][0] + 1)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    wears = np.full(dx.shape, -1)
    for radius, worn in reversed(rings):
        wears[dx**2 + dy**2 <= radius**2 + 0.8 * radius] = worn  # a little more than the circle: small discs look round
    used = wears >= 0
    return Glyph(dx[used], dy[used], wears[used].astype(np.uint32))


def _question(radius: int) -> Glyph:
    size = max(1, round(radius / 3))  # pixels of one of its squares
    paper = _rings((4 * size, PAPER))
    squares = [(x - 2, y - 3) for y, row in enumerate(_QUESTION) for x, square in enumerate(row) if square == "#"]
    inner = np.arange(size)
    x, y = (np.array(axis) * size for axis in zip(*squares, strict=True))
    dx = (x[:, None, None] + inner[None, :, None] + 0 * inner).ravel()
    dy = (y[:, None, None] + inner[None, None, :] + 0 * inner[:, None]).ravel()
    free = ~np.isin(paper.dx * 1000 + paper.dy, dx * 1000 + dy)
    return Glyph(
        np.concatenate([paper.dx[free], dx]),
        np.concatenate([paper.dy[free], dy]),
        np.concatenate([paper.wears[free], np.full(len(dx), OWN, np.uint32)]),
    )


# What a point can be drawn as, by its dot's radius. Hollow and question replace the dot, so they clear what lies under them.
# Rims are for what is selected: first all rims, then all dots, so that a dense selection keeps its colours inside an outline.
GLYPHS: dict[str, Callable[[int], Glyph]] = {
    "dot": lambda r: _rings((r, OWN)),
    "rim": lambda r: _rings((r + 1, INK)),
    "wide rim": lambda r: _rings((max(r, 2) + 3, INK)),
    "ring": lambda r: _rings((r, OWN), (r + 1, PAPER), (r + 2, OWN)),
    "hollow": lambda r: _rings((max(r, 2) - 1, PAPER), (max(r, 2), OWN), (max(r, 2) + 1, PAPER)),
    "question": _question,
}


class Raster:
    """A picture in the making: (H, W) pixels 0xffRRGGBB with a margin, so that glyphs at its edge need no clipping.

    Parameters
    ----------
    frame : Frame
        What is seen, in device pixels.
    reach : int
        How far the largest glyph reaches.
    paper, ink : int
        The colours of background and text, 0xffRRGGBB.
    """

    def __init__(self, frame: Frame, reach: int, paper: int, ink: int) -> None:
        self.frame, self.paper, self.ink = frame, paper, ink
        self.reach, self.margin = reach, 2 * reach
        self.width, self.height = max(1, round(frame.width)), max(1, round(frame.height))
        self.stride = self.width + 2 * self.margin
        self.pixels: Pixels = np.full((self.height + 2 * self.margin) * self.stride, paper, np.uint32)

    @property
    def image(self) -> Pixels:
        """The picture without its margin, a view of (H, W)."""
        whole = self.pixels.reshape(-1, self.stride)
        return whole[self.margin : self.margin + self.height, self.margin : self.margin + self.width]

    def at(self, u: Places, v: Places) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_] | None]:
        """Return the pixel of each point that is seen, and which are; None for all of them."""
        ox, oy = self.frame.offset
        scale = np.float32(self.frame.scale)
        x = (u * scale + np.float32(ox + self.margin)).astype(np.int32)
        y = (v * scale + np.float32(oy + self.margin)).astype(np.int32)
        reach = self.reach
        seen = (x >= reach) & (x < self.stride - reach)
        seen &= (y >= reach) & (y < self.height + 2 * self.margin - reach)
        at = y * np.int32(self.stride) + x
        return (at, None) if seen.all() else (at[seen], seen)

    def draw(
        self, u: Places, v: Places, colours: Pixels, glyph: Glyph, *, rim: Glyph | None = None, rimmed: int = 0
    ) -> None:
        """Draw a glyph at each point, later ones over earlier ones, all over what is there.

        `u`, `v` and `colours` are (N,). The last `rimmed` points get a rim round all of them: it never hides one of them.
        """
        at, seen = self.at(u, v)
        if not len(at):
            return
        colours = colours if seen is None else colours[seen]
        if seen is not None and rimmed:
            rimmed = int(seen[-rimmed:].sum())
        last = slice(len(at) - rimmed, None)
        few = FEW * len(at) < self.pixels.size
        top = None if few else self._grow(at, colours, glyph)
        if few:
            self._write(at, colours, glyph)
        if rim is not None and rimmed:
            if top is not None:
                self._rim(at[last], rim, top <= len(at) - rimmed)
            else:
                self._write(at[last], colours[last], rim)
                self._write(at[last], colours[last], glyph)

    def _write(self, at: npt.NDArray[np.int32], colours: Pixels, glyph: Glyph) -> None:
        shifts = (glyph.dy * self.stride + glyph.dx).astype(np.int32)
        worn = np.broadcast_to(colours[:, None], (len(at), len(shifts))).copy()
        worn[:, glyph.wears == PAPER] = self.paper
        worn[:, glyph.wears == INK] = self.ink
        self.pixels[(at[:, None] + shifts).ravel()] = worn.ravel()

    def _grow(self, at: npt.NDArray[np.int32], colours: Pixels, glyph: Glyph) -> Pixels:
        """Draw, and return the number of the point, from 1, that each pixel shows; 0 where none does."""
        seeds = np.zeros(self.pixels.size, np.uint32)
        seeds[at] = np.arange(1, len(at) + 1, dtype=np.uint32) << 2  # two bits say what is worn
        top = np.zeros_like(seeds)
        for worn in np.unique(glyph.wears):
            tagged = seeds if worn == OWN else np.where(seeds > 0, seeds | worn, np.uint32(0))
            self._spread(tagged, top, glyph, glyph.wears == worn, np.maximum)
        number = top >> 2
        shown = np.concatenate([np.array([self.paper], np.uint32), colours]).take(number)
        if (glyph.wears != OWN).any():
            worn = np.where(number > 0, top & 3, OWN)
            shown[worn == PAPER] = self.paper
            shown[worn == INK] = self.ink
        np.copyto(self.pixels, shown, where=number > 0)
        return number

    def _rim(self, at: npt.NDArray[np.int32], rim: Glyph, free: npt.NDArray[np.bool_]) -> None:
        seeds = np.zeros(self.pixels.size, bool)
        seeds[at] = True
        grown = np.zeros_like(seeds)
        self._spread(seeds, grown, rim, slice(None), np.logical_or)
        grown &= free
        self.pixels[grown] = self.ink

    def _spread(self, seeds: Any, grown: Any, glyph: Glyph, part: Any, join: np.ufunc) -> None:
        """Join the seeds, moved to each pixel of a part of the glyph, into what is grown."""
        for shift in (glyph.dy[part] * self.stride + glyph.dx[part]).tolist():
            to, of = grown[max(0, shift) :], seeds[max(0, -shift) :]
            size = grown.size - abs(shift)
            join(to[:size], of[:size], out=to[:size])
