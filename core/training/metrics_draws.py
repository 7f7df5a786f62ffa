"""The bootstrap that all intervals come from: whole subjects are drawn where they are known, else events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
N_BOOTSTRAP = 2000
FEWEST = 5  # subjects; an interval from fewer says nothing
BLOCK = 4_000_000  # weights held at a time


@dataclass(frozen=True)
class Draws:
    """Bootstrap draws of the units that rows belong to; every statistic of one object sees the same draws of subjects.

    Attributes
    ----------
    unit : (n,) int64 array
        Number of the subject, or of the event, of each row.
    n_units : int
    over : str
        ``subjects`` or ``events``.
    seed : int
    """

    unit: Ints
    n_units: int
    over: str
    seed: int = 0

    @classmethod
    def of(
        cls,
        n: int,
        subject: npt.NDArray[Any] | None = None,
        seed: int = 0,
        events: npt.NDArray[Any] | None = None,
    ) -> Draws:
        """Return draws of whole subjects if all are known and at least five, else of events.

        Parameters
        ----------
        n : int
            Number of rows.
        subject : (n,) array, optional
        seed : int
        events : (n,) array, optional
            Which event each row is a prediction of, where an event has several: they are drawn together.
        """
        if subject is not None and all(subject) and len(set(subject)) >= FEWEST:
            names, unit = np.unique(np.asarray(subject, dtype=str), return_inverse=True)
            return cls(unit.astype(np.int64), len(names), "subjects", seed)
        if events is None:
            return cls(np.arange(n), n, "events", seed)
        numbers, unit = np.unique(events, return_inverse=True)
        return cls(unit.astype(np.int64), len(numbers), "events", seed)

    def counts(self, cells: Ints, n_cells: int) -> Floats:
        """Return how many rows fall into each cell in each draw: (draws, n_cells).

        Parameters
        ----------
        cells : (n,) int64 array
            0 to n_cells - 1.
        """
        if self.n_units == len(self.unit) and self.over == "events":
            # Events of one cell are interchangeable: draw how many of each cell, not which events.
            chance = np.bincount(cells, minlength=n_cells) / len(cells)
            draws = np.random.default_rng(self.seed).multinomial(len(cells), chance, size=N_BOOTSTRAP)
            return draws.astype(np.float64)
        from scipy.sparse import csr_array

        table = csr_array((np.ones(len(cells)), (cells, self.unit)), shape=(n_cells, self.n_units))
        return np.concatenate([(table @ weights.T).T for weights in self._weights()])

    def sums(self, values: Floats) -> Floats:
        """Return the sums of values (n, columns) over the rows of each draw: (draws, columns)."""
        totals = np.zeros((self.n_units, values.shape[1]))
        np.add.at(totals, self.unit, values)
        return np.concatenate([weights @ totals for weights in self._weights()])

    def _weights(self) -> Iterator[Floats]:
        """Yield how often each unit is drawn, (draws, n_units), in blocks that fit into memory."""
        n, step = self.n_units, max(1, BLOCK // self.n_units)
        for start in range(0, N_BOOTSTRAP, step):
            size = min(step, N_BOOTSTRAP - start)
            drawn = np.random.default_rng([self.seed, start]).integers(n, size=(size, n))
            drawn += np.arange(size)[:, None] * n
            yield np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def interval(values: Floats) -> list[float] | None:
    """Return the 95 % percentile interval of the draws of a statistic; None where most draws leave it undefined (NaN)."""
    defined = values[np.isfinite(values)]
    if 2 * len(defined) <= len(values):
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return [float(low), float(high)]


def number(value: float) -> float | None:
    """Return a figure as JSON has it: None where it is undefined (NaN)."""
    return float(value) if np.isfinite(value) else None


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where the whole is 0."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)
