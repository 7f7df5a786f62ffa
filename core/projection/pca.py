"""Principal components: the map that needs no choice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.jobs import Reporter
from core.projection.methods import Drawn, Prepared

Floats = npt.NDArray[np.float64]


def principal_axes(x: Floats) -> Floats:
    """Return the first two (2, D), signs fixed so that the largest loading is positive; zeros where D is 1."""
    _, values, axes = np.linalg.svd(x, full_matrices=False)
    axes = np.pad(axes[:2], ((0, max(0, 2 - len(values))), (0, 0)))
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    return np.asarray(axes * np.where(signs == 0, 1, signs)[:, None], dtype=np.float64)


def draw(prepared: Prepared, params: dict[str, Any], report: Reporter) -> Drawn:
    """Return the first two components, with what maps new features to them."""
    how = {"mean": prepared.mean, "spread": np.array(prepared.spread), "axes": prepared.axes}
    return Drawn(prepared.start, how)
