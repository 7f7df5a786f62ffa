"""What a map looks like: its points in colours, marks of a few of them, the selection. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from desktop.widgets.map.cloud import Cloud, Rows
from desktop.widgets.map.density import Density, coloured, density
from desktop.widgets.map.frame import Frame
from desktop.widgets.map.raster import GLYPHS, Pixels, Raster, dot_radius

MOST_PIXELS = 2_500_000  # device pixels of a picture; on a larger screen it is made coarser and stretched


@dataclass(frozen=True)
class Inks:
    """The colours of a theme as 0xffRRGGBB, and 256 of a density from low to high."""

    paper: int
    text: int
    plain: int
    scale: Pixels


@dataclass(frozen=True)
class Mark:
    """Events drawn as another glyph than a dot, in the colours (M, 3) uint8 or, without any, in those of their codes."""

    ids: npt.ArrayLike
    colours: npt.NDArray[np.uint8] | None = None


class Picture:
    """The points of a cloud with a colour code each. Code 0 (unlabelled, unknown) is drawn under all others."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.dense: Density | None = None  # of the last picture, for its legend
        self.as_density = False
        self._codes: npt.NDArray[np.uint8] = np.zeros(len(cloud), np.uint8)
        self._palette: Pixels | None = None
        self._marks: dict[str, tuple[Rows, Pixels | None]] = {}
        self.selected: Rows = np.empty(0, np.intp)
        self._arrange()

    def show_codes(self, codes: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> None:
        """Colour the points by codes into a palette of at most 256 colours, (K, 3) uint8."""
        codes = self.cloud.of_placed(codes).astype(np.uint8)
        if len(codes) and int(codes.max()) >= len(palette):
            raise ValueError(f"code {int(codes.max())} has no colour: the palette has {len(palette)}")
        self._codes, self._palette = codes, packed(palette)
        self._arrange()

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """Draw events as other glyphs of `GLYPHS` than a dot, over the dots, the last on top."""
        for glyph in marks:
            if glyph not in GLYPHS:
                raise ValueError(f"no glyph {glyph!r}: there are {', '.join(GLYPHS)}")
        self._marks = {}
        for glyph, mark in marks.items():
            rows, there = self.cloud.find(mark.ids)
            colours = None if mark.colours is None else packed(mark.colours)
            if colours is not None and len(colours) != len(there):
                raise ValueError(f"{len(there)} events marked {glyph!r}, but {len(colours)} colours")
            if len(rows):
                self._marks[glyph] = rows, None if colours is None else colours[there]

    def show_selection(self, rows: Rows) -> None:
        """Show rows as selected, all of them."""
        self.selected = rows
        self._arrange()

    @property
    def marks(self) -> dict[str, Rows]:
        """The rows of each glyph."""
        return {glyph: rows for glyph, (rows, _colours) in self._marks.items()}

    @property
    def codes(self) -> npt.NDArray[np.uint8]:
        """The colour code of each row."""
        return self._codes

    @property
    def palette(self) -> Pixels | None:
        """The colours of the codes, 0xffRRGGBB; None before there are any."""
        return self._palette

    def _arrange(self) -> None:
        """Sort the points as they are drawn: unlabelled ones first, selected ones last."""
        order = self.cloud.order
        codes, chosen = self._codes[order], np.zeros(len(order), bool)
        chosen[self.selected] = True
        self._last = int(chosen.sum())  # so many of those drawn last are selected
        chosen, over = chosen[order], codes > 0
        groups = [group for group in (~chosen & ~over, ~chosen & over, chosen & ~over, chosen & over) if group.any()]
        sort = (lambda values: np.concatenate([values[group] for group in groups])) if len(groups) > 1 else np.asarray
        self._u, self._v, self._sorted_codes = sort(self.cloud.u), sort(self.cloud.v), sort(codes)

    def render(self, frame: Frame, inks: Inks, *, most: int | None = None) -> Raster:
        """Return the picture of a frame in device pixels; with `most`, of an even sample of them."""
        fitted = Frame.fitted(self.cloud.half, frame.width, frame.height).scale
        radius = dot_radius(len(self.cloud), frame, fitted)
        wide = self._selected_marks()
        names = dict.fromkeys(["dot", "rim", *(["wide rim"] if len(wide) else []), *self._marks])
        glyphs = {name: GLYPHS[name](radius) for name in names}
        raster = Raster(frame, max(glyph.reach for glyph in glyphs.values()), inks.paper, inks.text)
        palette = self._palette if self._palette is not None else np.full(256, inks.plain, np.uint32)
        self.dense = None
        shown = slice(None, None, 1 if most is None else max(1, -(-len(self._u) // most)))
        if self.as_density and len(self.cloud):
            self.dense = density(self._u, self._v, frame)
            raster.image[:] = coloured(self.dense, inks.scale, inks.paper)
            shown = slice(len(self._u) - self._last, None)
        u, v, colours = self._u[shown], self._v[shown], palette.take(self._sorted_codes[shown])
        rimmed = self._last // (shown.step or 1)
        raster.draw(u, v, colours, glyphs["dot"], rim=glyphs["rim"], rimmed=min(rimmed, len(u)))
        for name, rows, own in [("wide rim", wide, None), *((name, *mark) for name, mark in self._marks.items())]:
            if len(rows):
                u, v = self.cloud.places[rows].T
                raster.draw(u, v, palette.take(self._codes[rows]) if own is None else own, glyphs[name])
        return raster

    def _selected_marks(self) -> Rows:
        """Return the selected rows that have a mark: it lies on their dot, so their rim must reach further."""
        marked = np.zeros(len(self.cloud), bool)
        for rows, _colours in self._marks.values():
            marked[rows] = True
        return self.selected[marked[self.selected]] if self._marks else np.empty(0, np.intp)


def packed(colours: npt.NDArray[np.uint8]) -> Pixels:
    """Return colours (K, 3) uint8 as 0xffRRGGBB, (K,)."""
    r, g, b = np.asarray(colours, np.uint8).reshape(-1, 3).astype(np.uint32).T
    return np.uint32(0xFF000000) | (r << 16) | (g << 8) | b


def device_ratio(width: float, height: float, wanted: float) -> float:
    """Return how many pixels of the picture make one of the window: those of the screen, but not too many."""
    return min(wanted, max(1e-3, (MOST_PIXELS / max(width * height, 1.0)) ** 0.5))
