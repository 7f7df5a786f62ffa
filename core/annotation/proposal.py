"""A proposal of labels: what propagation would give, and for each label why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import Floats, Given, Ints
from core.annotation.registry import PROPAGATORS
from core.checks import check, finite
from core.errors import InputError

COLUMNS = ("ids", "labels", "donor", "origin", "round", "confidence", "soft")
SHARE = finite(above=0, most=1)


@dataclass(frozen=True)
class Proposal:
    """Labels proposed by propagation; nothing is changed until somebody accepts it.

    Attributes
    ----------
    ids : (n,) int64 array
        Points that would be labelled: event ids, or row numbers where none were given.
    labels : (n,) int64 array
        Proposed classes.
    donor : (n,) int64 array
        The point that gave the label, same kind of id; -1 where a method mixes all labels (label spreading).
    origin : (n,) int64 array
        The human label that it descends from; -1 where a method mixes all labels.
    round : (n,) int64 array
        Steps from the human label: 1 for its direct neighbours, and so on; 0 where a method mixes all labels.
    confidence : (n,) float64 array
        0 to 1 for a quality of 0 to 1; what it means is said by the method.
    coverage : float
        Share of all points that would be labelled, 0 to 1.
    soft : (n, C) float64 array, optional
        Share of each class, of rows that sum to 1; None where only classes were passed on.
    method : str
        Key in `core.annotation.PROPAGATORS`.
    params : mapping of str to value
        Its parameters.
    share : float
        Of what the method proposed, the surest, that this is; 1 for all of it.
    """

    ids: Ints
    labels: Ints
    donor: Ints
    origin: Ints
    round: Ints
    confidence: Floats
    coverage: float
    soft: Floats | None = None
    method: str = "lq_knn"
    params: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name in COLUMNS if (column := getattr(self, name)) is not None}
        if len(set(lengths.values())) > 1:
            raise InputError(f"columns of a proposal differ in length: {lengths}", remedy="Take rows by `take`")

    def take(self, keep: npt.NDArray[Any]) -> Proposal:
        """Return a proposal of some rows only, by a mask or by row numbers; coverage shrinks with them."""
        columns = {name: column[keep] for name in COLUMNS if (column := getattr(self, name)) is not None}
        share = len(columns["ids"]) / len(self.ids) if len(self.ids) else 1.0
        return replace(self, **columns, coverage=self.coverage * share)

    @property
    def sureness(self) -> Floats:
        """How sure each label is, (n,), to order them by: the confidence; where a method mixes all labels, the margin of
        the largest share over the second, since a large share says little while another is nearly as large.
        """
        if self.soft is None or self.soft.shape[1] < 2:
            return self.confidence
        second, largest = np.partition(self.soft, -2, axis=1)[:, -2:].T
        return np.where(self.origin < 0, largest - second, self.confidence)

    def surest(self, share: float) -> Proposal:
        """Return the surest labels only; of equally sure ones, those of fewer steps, then of the lower id.

        Parameters
        ----------
        share : float
            Of these labels, above 0 and at most 1, rounded up to whole labels.

        Raises
        ------
        InputError
            If `share` is out of its range.
        """
        check(SHARE, share=share)
        if share == 1:
            return self
        order = np.lexsort((self.ids, self.round, -self.sureness))
        kept = np.sort(order[: math.ceil(round(share * len(order), 9))])
        return replace(self.take(kept), share=self.share * share)

    def path(self, point: int) -> tuple[int, ...]:
        """Return the ids from a point back to the human label that its label descends from.

        Where rows on the way were taken out of the proposal, it goes on at the human label. Of a method that mixes all
        labels, it is the point alone.

        Raises
        ------
        InputError
            If no label is proposed for the point.
        """
        row = self._row_of.get(int(point))
        if row is None:
            raise InputError(f"no label is proposed for {point}", remedy="Choose one of the proposed events")
        origin, steps = int(self.origin[row]), [int(point)]
        while origin >= 0 and steps[-1] != origin:
            step = int(self.donor[row])
            row = self._row_of.get(step, -1)
            steps.append(step if row >= 0 else origin)
        return tuple(steps)

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {event: row for row, event in enumerate(self.ids.tolist())}

    def describe(self, on: str = "") -> str:
        """Return one sentence, without its full stop: method, parameters, how many labels and from how many.

        Parameters
        ----------
        on : str
            What it was made on, such as ``projection-20261121-101500-ab12, map 0``.
        """
        entry = PROPAGATORS[self.method]
        values = [f"{entry.parameters[name].symbol} = {value:g}" for name, value in self.params.items()]
        if self.share < 1:
            values.append(f"the surest {100 * self.share:g} %")
        made = ", ".join([f"{entry.title} on {on}" if on else entry.title, *values])
        n, origins = len(self.ids), np.unique(self.origin[self.origin >= 0])
        what = f"{n:,} label{'' if n == 1 else 's'}"
        if n and len(origins):
            most = int(self.round.max())
            what += f" from {len(origins):,} given, in at most {most} step{'' if most == 1 else 's'}"
        return f"{made}: {what}"


def proposed(
    given: Given,
    *,
    method: str,
    params: Mapping[str, Any],
    labels: Ints,
    donor: Ints,
    origin: Ints,
    round: Ints,
    confidence: Floats,
    soft: Floats | None = None,
) -> Proposal:
    """Return the proposal of the points that were unlabelled and are labelled now.

    Parameters
    ----------
    given : Given
    method, params
        As in `Proposal`.
    labels, donor, origin, round, confidence : (N,) arrays
        Of all points; donors and origins as row numbers, -1 for none.
    soft : (N, C) array, optional
    """
    free = given.labels < 0 if given.soft is None else ~given.soft.any(axis=1)  # a tie is no free place
    new = np.flatnonzero(free & (labels >= 0))
    named = np.append(given.ids, -1)  # the last for -1
    return Proposal(
        ids=given.ids[new],
        labels=labels[new],
        donor=named[donor[new]],
        origin=named[origin[new]],
        round=round[new],
        confidence=confidence[new],
        coverage=len(new) / len(labels),
        soft=None if soft is None else soft[new],
        method=method,
        params=dict(params),
    )
