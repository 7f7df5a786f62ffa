"""What part of a map is seen, and where a point of it lies on the picture. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

MOST_SCALE = 5e5  # pixels per unit; beyond it the single precision of the points would show
LEAST_SHARE = 0.25  # the map never gets smaller than that share of the picture
FILLED = 0.92  # share of the picture that a fitted map fills


@dataclass(frozen=True)
class Frame:
    """A window on the unit plane of a `Cloud`: the place in its middle, the pixels of one unit, its size in pixels.

    y grows downwards, as on the screen. Both axes have one scale, since only distances mean something.
    """

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    width: float = 1.0
    height: float = 1.0

    @classmethod
    def fitted(cls, half: tuple[float, float], width: float, height: float) -> Frame:
        """Return the frame that shows a cloud of these half widths whole."""
        wide, high = (max(2 * side, 1e-6) for side in half)
        if max(half) == 0:  # one place: there is nothing to fill the picture with
            wide = high = 1.0
        scale = FILLED * min(width / wide, height / high)
        return cls(0.0, 0.0, max(scale, 1e-9), max(width, 1.0), max(height, 1.0))

    @property
    def offset(self) -> tuple[float, float]:
        """Where the origin of the plane lies, in pixels."""
        return self.width / 2 - self.x * self.scale, self.height / 2 - self.y * self.scale

    def to_pixels(self, places: Floats) -> npt.NDArray[np.float64]:
        """Return pixels of places, both (…, 2)."""
        return np.asarray(places, float) * self.scale + self.offset

    def to_places(self, pixels: Floats) -> npt.NDArray[np.float64]:
        """Return places of pixels, both (…, 2)."""
        return (np.asarray(pixels, float) - self.offset) / self.scale

    def moved(self, dx: float, dy: float) -> Frame:
        """Return the frame after what is seen was pushed by pixels; the middle of the map stays near."""
        x, y = (np.clip(at, -1.0, 1.0) for at in (self.x - dx / self.scale, self.y - dy / self.scale))
        return replace(self, x=float(x), y=float(y))

    def zoomed(self, factor: float, at: tuple[float, float] | None = None) -> Frame:
        """Return the frame with other pixels per unit; what lies under the pixel `at` stays there."""
        least = LEAST_SHARE * min(self.width, self.height)
        scale = float(np.clip(self.scale * factor, min(least, self.scale), max(MOST_SCALE, self.scale)))
        px, py = at if at is not None else (self.width / 2, self.height / 2)
        held = self.to_places(np.array([px, py]))
        grown = replace(self, scale=scale)
        now = grown.to_places(np.array([px, py]))
        return replace(grown, x=float(self.x + held[0] - now[0]), y=float(self.y + held[1] - now[1]))

    def resized(self, width: float, height: float) -> Frame:
        """Return the frame of a picture of another size: what was seen is still seen, at most smaller."""
        width, height = max(width, 1.0), max(height, 1.0)
        grown = min(width / self.width, height / self.height)
        return replace(self, width=width, height=height, scale=self.scale * grown)

    def magnified(self, ratio: float) -> Frame:
        """Return the same frame in device pixels, `ratio` of which make one pixel."""
        return replace(self, scale=self.scale * ratio, width=self.width * ratio, height=self.height * ratio)
