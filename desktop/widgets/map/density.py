"""How densely a map is populated: counted, blurred, coloured on a logarithmic scale. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from desktop.widgets.map.frame import Frame

CELL = 2  # pixels of the side of a cell
SIGMA = 3.0  # cells of the blur
PER = 100 / CELL**2  # cells in the area that the legend counts events in, 10 × 10 pixels


@dataclass(frozen=True)
class Density:
    """Densities, (H, W) shares 0 to 1 of the logarithmic scale from `low` to `high`; NaN where next to nothing is.

    `low` and `high` are events per 10 × 10 pixels.
    """

    shares: npt.NDArray[np.float32]
    low: float
    high: float


def density(u: npt.NDArray[np.float32], v: npt.NDArray[np.float32], frame: Frame) -> Density:
    """Return how densely the points lie in a frame. O(points + pixels)."""
    width, height = (max(1, -(-round(side) // CELL)) for side in (frame.width, frame.height))
    ox, oy = frame.offset
    x = np.floor((u * np.float32(frame.scale) + np.float32(ox)) / CELL).astype(np.int32)
    y = np.floor((v * np.float32(frame.scale) + np.float32(oy)) / CELL).astype(np.int32)
    seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    counts = np.bincount((y * width + x)[seen], minlength=width * height).reshape(height, width).astype(np.float32)
    smooth = _blurred(_blurred(counts).T).T * np.float32(PER)
    low = PER / (2 * np.pi * SIGMA**2) / 4  # a quarter of what one event alone has in its middle
    high = max(float(smooth.max()), 4 * low)
    shares = np.log(np.maximum(smooth, low / 2) / low) / np.log(high / low)
    shares[shares < 0] = np.nan
    shares = shares.astype(np.float32).repeat(CELL, axis=0).repeat(CELL, axis=1)
    return Density(shares[: round(frame.height), : round(frame.width)], low, high)


def coloured(made: Density, scale: npt.NDArray[np.uint32], paper: int) -> npt.NDArray[np.uint32]:
    """Return the pixels of a density by 256 colours from low to high; what is empty is paper."""
    empty = np.isnan(made.shares)
    pixels = scale.take(np.where(empty, 0, made.shares * 255).astype(np.uint8))
    pixels[empty] = paper
    return pixels


def _blurred(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Blur along the first axis by a Gaussian; what reaches beyond the edge is lost."""
    reach = int(3 * SIGMA)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SIGMA) ** 2)
    weights /= weights.sum()
    padded = np.pad(np.ascontiguousarray(values), ((reach, reach), (0, 0)))
    made = np.zeros(values.shape, np.float32)
    for shift, weight in enumerate(weights.astype(np.float32)):
        made += weight * padded[shift : shift + len(values)]
    return made
