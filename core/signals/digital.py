"""Samples as they are stored: integers with the way to physical units, of several channels at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
AT_ONCE = 1 << 21  # values that derived signals are computed from at a time: long enough for margins to matter little


@dataclass(frozen=True, slots=True)
class Digital:
    """A stretch of several channels: ``gain * values + shift`` is in physical units.

    Attributes
    ----------
    values : (n_channels, n) array
        Signed integers as the file holds them, or floats where it holds no integers; anything where `missing`.
    gain, shift : (n_channels,) float64 arrays
        A gain may be negative.
    missing : (n,) or (n_channels, n) bool array, or None
        Where there are no samples; None where all are there.
    """

    values: npt.NDArray[Any]
    gain: Floats
    shift: Floats
    missing: Bools | None = None

    @classmethod
    def of_floats(cls, values: Floats) -> Digital:
        """Return samples that are in physical units already; NaN are missing."""
        missing = np.isnan(values)
        return cls(values, np.ones(len(values)), np.zeros(len(values)), missing if missing.any() else None)

    def physical(self) -> Floats:
        """Return the samples in physical units, (n_channels, n); NaN where they are missing."""
        if self.missing is None and self.values.dtype == np.float64 and (self.gain == 1).all() and not self.shift.any():
            return self.values
        values = self.values * self.gain[:, None] + self.shift[:, None]
        if self.missing is not None:
            values[np.broadcast_to(self.missing, values.shape)] = np.nan
        return values


@runtime_checkable
class DigitalSource(Protocol):
    """A source that can give what is stored, faster than `Source.read` and many channels in one pass."""

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return the samples ``start … stop - 1``, none if they are equal, of channels of one rate and one length."""


@runtime_checkable
class DerivedSource(Protocol):
    """A source that computes what it gives, and knows how much slower that is."""

    def cost(self, channels: Sequence[int], n: int) -> float:
        """Return what `DigitalSource.digital` of `n` samples costs: as many stored samples could be read meanwhile."""
