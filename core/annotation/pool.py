"""The events that could be labelled next, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import Floats, Ints, hard_and_soft
from core.errors import InputError


@dataclass(frozen=True)
class Asked:
    """An event to label next.

    Attributes
    ----------
    id : int
    value : float
        What it was chosen by.
    why : str
        One sentence that says it, with its number.
    """

    id: int
    value: float
    why: str


@dataclass(frozen=True)
class Pool:
    """What a query chooses from; what it does not need may be left out.

    Attributes
    ----------
    ids : (N,) int array
        Each once.
    labels : (N,) int array or (N, C) array
        As of `propagate`; who has a label is not asked again.
    points : (N, D) array, optional
        A map or features.
    quality : (N,) array, optional
    probabilities : sequence of (N, C) arrays
        Of one model or several; a row of NaN where a model knows nothing.
    closed : (N,) bool array, optional
        Events that are not to be asked though they have no class, such as those marked unsure.
    classes : sequence of str
        Names of the classes, for the sentences.
    neighbours : (N, k) int array, optional
        Lists of the nearest other points.
    """

    ids: npt.ArrayLike
    labels: npt.ArrayLike
    points: npt.ArrayLike | None = None
    quality: npt.ArrayLike | None = None
    probabilities: Sequence[npt.ArrayLike] = ()
    closed: npt.ArrayLike | None = None
    classes: Sequence[str] = ()
    neighbours: npt.ArrayLike | None = None

    @cached_property
    def names(self) -> Ints:
        """The ids, checked."""
        names = np.asarray(self.ids)
        if names.shape != self.hard.shape or names.dtype.kind not in "iu" or len(np.unique(names)) < len(names):
            raise InputError(
                f"ids {names.shape} are not one whole number per label {self.hard.shape}, each once",
                remedy="Give every event once, with its label or -1",
            )
        return names.astype(np.int64)

    @cached_property
    def hard(self) -> Ints:
        """Labels as classes, -1 for unlabelled."""
        return hard_and_soft(self.labels)[0]

    @cached_property
    def free(self) -> Ints:
        """Rows that may be asked, in the order of their ids, so that the first of equals has the lowest."""
        order = np.argsort(self.names, kind="stable")
        closed = np.zeros(len(order), bool) if self.closed is None else self.column(self.closed, "closed").astype(bool)
        return order[(self.hard[order] < 0) & ~closed[order]]

    def column(self, values: npt.ArrayLike, name: str) -> npt.NDArray[np.generic]:
        """Return values that there must be one of per event.

        Raises
        ------
        InputError
            If there is another number of them.
        """
        array = np.asarray(values)
        if array.shape[:1] != self.hard.shape:
            raise InputError(
                f"{name} {array.shape} does not fit {len(self.hard)} events", remedy="Give one value or row per event"
            )
        return array

    @cached_property
    def map(self) -> Floats:
        """The points, checked."""
        points = self.column(np.asarray(self.points, dtype=np.float64), "points")
        if points.ndim != 2 or not np.isfinite(points).all():
            raise InputError("the map holds NaN or infinity, or is no array (N, D)", remedy="Make the map again")
        return points.astype(np.float64)

    @cached_property
    def models(self) -> tuple[Floats, ...]:
        """The probabilities, checked."""
        return tuple(self._shares(p) for p in self.probabilities)

    def _shares(self, given: npt.ArrayLike) -> Floats:
        shares = self.column(np.asarray(given, dtype=np.float64), "probabilities").astype(np.float64)
        known = ~np.isnan(shares).all(axis=1) if shares.ndim == 2 else np.zeros(0, bool)
        good = shares.ndim == 2 and shares.shape[1] > 1 and (shares[known] >= 0).all()
        if not good or not np.allclose(shares[known].sum(axis=1), 1, atol=1e-3):
            raise InputError(
                f"probabilities {shares.shape} are not rows of shares of two or more classes that sum to 1",
                remedy="Give what a model's softmax returns, or NaN in the whole row of an event it has not seen",
            )
        return shares

    def name(self, number: int) -> str:
        """Return a class in words."""
        return self.classes[number] if number < len(self.classes) else f"class {number}"

    def first(self, score: Floats, n: int, why: Callable[[int], str]) -> list[Asked]:
        """Return the `n` free events of the highest score, which `why` explains by row; NaN is never asked."""
        rows = self.free[~np.isnan(score[self.free])]
        rows = rows[np.argsort(-score[rows], kind="stable")][:n]
        return [self.asked(row, score[row], why(row)) for row in rows.tolist()]

    def asked(self, row: int, value: float, why: str) -> Asked:
        """Return the event of a row as asked."""
        return Asked(int(self.names[row]), float(value), why)
