"""The tiles of spectrograms: computed in the background one by one, those of the page first, and kept while there is room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.signals import Tile, TileGrid, levels_of, read_tile
from desktop.services.session import Session
from desktop.views.review.data import Opened
from desktop.views.review.pictures.spectrogram_canvas import TileImage
from desktop.views.review.spectral import SpectralLook, palette

KEPT = 240  # tiles, some 60 MB


class Place(NamedTuple):
    """Which tile of which signal."""

    signal: int  # serial number of what is shown; another montage is another signal
    channel: int
    grid: TileGrid
    index: int


class Tiles(QObject):
    """Gives what is there of a page's spectrogram and computes the rest; `changed` tells that more is there."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tiles: dict[Place, Tile] = {}  # those used last at the end
        self._images: dict[Place, tuple[object, TileImage]] = {}
        self._levels: dict[tuple[object, ...], tuple[float, float]] = {}
        self._wanted: list[tuple[Opened, Place, SpectralLook]] = []
        self._asked: Place | None = None
        self._broken: set[Place] = set()
        self._held = False

    def hold(self) -> None:
        """Begin no tile until `go_on`: the traces are read first, and two threads would take longer over both."""
        self._held = True

    def go_on(self) -> None:
        """Compute what is missing."""
        self._held = False
        self._next()

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        return self._asked is None and not self._wanted

    def forget(self) -> None:
        """Forget all tiles: another recording is shown."""
        self._tiles.clear()
        self._images.clear()
        self._levels.clear()
        self._wanted.clear()
        self._broken.clear()
        self._asked = None

    def ask(
        self, opened: Opened, channel: int, grid: TileGrid, start_s: float, length_s: float, look: SpectralLook
    ) -> list[TileImage]:
        """Return the tiles of a page that are there, coarser or finer ones first, and compute those that are missing."""
        signal = opened.serial
        places = [Place(signal, channel, grid, index) for index in grid.tiles(start_s, length_s)]
        missing = [place for place in places if place not in self._tiles and place not in self._broken]
        middle = len(places) / 2
        missing.sort(key=lambda place: abs(places.index(place) - middle))
        self._wanted = [(opened, place, look) for place in missing if place != self._asked]
        self._next()
        levels = self.levels(opened, channel, look)
        if levels is None:
            return []
        other = []
        if missing:
            stop_s = start_s + length_s
            other = [
                p for p, tile in self._tiles.items()
                if tile.start_s < stop_s and tile.stop_s > start_s
                and (p.signal, p.channel) == (signal, channel) and p.grid != grid
            ]  # fmt: skip
        return [self._image(place, levels, look.colours) for place in (*other, *places) if place in self._tiles]

    def levels(self, opened: Opened, channel: int, look: SpectralLook) -> tuple[float, float] | None:
        """Return the levels in use, dB; None while they are not known."""
        return look.levels or self._levels.get(_levels_key(opened, channel, look))

    def _next(self) -> None:
        if self._held or self._asked is not None or not self._wanted:
            return
        opened, place, look = self._wanted.pop(0)
        self._asked, recording = place, opened.recording
        key, highest = _levels_key(opened, place.channel, look), look.highest_of(recording, place.channel)
        known = self._levels.get(key)

        def compute() -> tuple[Tile, tuple[float, float]]:
            levels = known or levels_of(recording, place.channel, place.grid, look.clip, highest_hz=highest)
            return read_tile(recording, place.channel, place.grid, place.index), levels

        def done(got: tuple[Tile, tuple[float, float]]) -> None:
            if self._asked is not place:
                return  # another recording is shown by now
            self._asked = None
            self._levels[key] = got[1]
            self._keep(place, got[0])
            self._next()
            self.changed.emit()

        def failed(error: Exception) -> None:
            if self._asked is not place:
                return
            self._asked, first = None, not self._broken
            self._broken.add(place)
            if first:  # what is wrong with one tile is mostly wrong with the others
                self.failed.emit(error)
            self._next()
            self.changed.emit()

        self._session.tasks.submit("review tile", compute, done=done, failed=failed)

    def _keep(self, place: Place, tile: Tile) -> None:
        self._tiles[place] = tile
        while len(self._tiles) > KEPT:
            gone = next(iter(self._tiles))
            del self._tiles[gone]
            self._images.pop(gone, None)

    def _image(self, place: Place, levels: tuple[float, float], colours: str) -> TileImage:
        self._tiles[place] = self._tiles.pop(place)
        style, made = self._images.get(place, (None, None))
        if made is None or style != (levels, colours):
            made = draw_tile(self._tiles[place], levels, colours)
            self._images[place] = ((levels, colours), made)
        return made


def _levels_key(opened: Opened, channel: int, look: SpectralLook) -> tuple[object, ...]:
    """Return what the levels of a channel depend on."""
    return opened.serial, channel, look.clip, look.highest_of(opened.recording, channel)


def draw_tile(tile: Tile, levels: tuple[float, float], colours: str) -> TileImage:
    """Return a tile as a picture; what has no samples is transparent."""
    low, high = levels
    scaled = (tile.db[::-1] - low) * (255.0 / max(high - low, 1e-9))
    missing = np.isnan(scaled)
    index = np.clip(np.nan_to_num(scaled, posinf=255.0, neginf=0.0), 0.0, 255.0).astype(np.uint8)
    pixels = np.ascontiguousarray(palette(colours)[index])
    pixels[missing] = 0
    image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], 4 * pixels.shape[1], QImage.Format.Format_ARGB32)
    step = float(tile.freqs_hz[1] - tile.freqs_hz[0]) if len(tile.freqs_hz) > 1 else 1.0
    low_hz, high_hz = float(tile.freqs_hz[0]) - step / 2, float(tile.freqs_hz[-1]) + step / 2
    return TileImage(image.copy(), tile.start_s, tile.stop_s, low_hz, high_hz, tile.db)
