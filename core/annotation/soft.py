"""Labels as distributions over classes: of several annotators, of one annotator's doubt, or as propagation carried them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import TIED, Floats, Ints, hard_numbers
from core.checks import check, finite
from core.errors import InputError
from core.study import ADJUDICATED, UNSURE, Study

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SoftLabels:
    """What events are, as shares of classes.

    Attributes
    ----------
    ids : (n,) int64 array
        Events of which something is said, in order.
    shares : (n, C) float64 array
        0 to 1; each row has the sum 1.
    classes : tuple of str
        The C classes; `UNSURE` is none of them.
    annotators : (n,) int64 array
        Of how many labels each row is made.
    propagated : (n,) bool array
        Whether these are propagated ones, since nobody has said anything.
    """

    ids: Ints
    shares: Floats
    classes: tuple[str, ...]
    annotators: Ints
    propagated: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Ints) -> SoftLabels:
        """Return some rows only."""
        return replace(
            self,
            ids=self.ids[rows],
            shares=self.shares[rows],
            annotators=self.annotators[rows],
            propagated=self.propagated[rows],
        )

    def hard(self) -> list[str]:
        """Return the class of the largest share of each event; `UNSURE` where two classes share it."""
        return [UNSURE if place < 0 else self.classes[place] for place in hard_numbers(self.shares).tolist()]


def distribution(row: Row, classes: Sequence[str]) -> Floats | None:
    """Return what one label says, as (C,) shares of `classes`; None if nothing, as `UNSURE` or a label of no such class.

    The shares that it is stored with count, those of other classes left out. Else, a confidence of p gives the class p and
    the others equal parts of the rest: unless it was propagated, since its confidence is then the quality of a map and no
    probability. Else, and of a confidence that is none from 0 to 1, the class has all.
    """
    shares = np.zeros(len(classes))
    if row.get("soft"):
        shares[:] = [row["soft"].get(name, 0.0) for name in classes]
        return shares / shares.sum() if shares.sum() > 0 else None
    if row["label"] == UNSURE or row["label"] not in classes:
        return None
    p = row.get("confidence")
    if row["source"] == "propagated" or p is None or not 0 <= p <= 1 or len(classes) == 1:
        p = 1.0
    shares[:] = (1 - p) / max(len(classes) - 1, 1)
    shares[classes.index(row["label"])] = p
    return shares


def soft_labels(
    study: Study,
    ids: Iterable[int] | None = None,
    classes: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    *,
    propagated: bool = True,
) -> SoftLabels:
    """Return what events are as distributions over classes: the mean of what each annotator said, by weight.

    What somebody gave counts before what was propagated, and what was settled by `ADJUDICATED` before all.

    Parameters
    ----------
    study : Study
    ids : iterable of int, optional
        Only these events.
    classes : sequence of str, optional
        By default those of the study, in their order.
    weights : mapping of str to float, optional
        0 or more by annotator; 1 for whoever is not named. 0 leaves them out.
    propagated : bool
        Whether events that nobody has labelled have what was propagated to them; else they are left out.

    Raises
    ------
    InputError
        If a weight is below 0, or there is no class.
    """
    for who, weight in (weights or {}).items():
        check(finite(least=0), **{f"weight of {who}": weight})
    names = tuple(classes) if classes is not None else tuple(c.key for c in study.classes() if c.key != UNSURE)
    if not names:
        raise InputError("there is no class", subject=study.folder, remedy="Label events first")
    of: defaultdict[int, dict[str, Row]] = defaultdict(dict)
    for (event, who), row in study.label_rows(ids).items():
        if (weights or {}).get(who, 1.0) > 0 and (propagated or row["source"] != "propagated"):
            of[event][who] = row
    made = []
    for event in sorted(of):
        said = {
            who: share for who, row in _counting(of[event]).items() if (share := distribution(row, names)) is not None
        }
        if said:
            mean = _mean(said, weights or {})
            given = any(of[event][who]["source"] != "propagated" for who in said)
            made.append((event, mean, len(said), not given))
    columns = list(zip(*made, strict=True)) if made else [()] * 4
    return SoftLabels(
        np.array(columns[0], np.int64),
        np.array(columns[1], np.float64).reshape(len(made), len(names)),
        names,
        np.array(columns[2], np.int64),
        np.array(columns[3], bool),
    )


def contested_labels(study: Study) -> SoftLabels | None:
    """Return the `soft_labels` of events that people labelled differently, or somebody in doubt; None without any.

    What was settled is not contested, unless that label has shares itself. Propagated labels play no part.
    """
    events = study.contested_events()
    if not events:
        return None
    found = soft_labels(study, events, propagated=False)
    return found.take(np.flatnonzero(found.shares.max(axis=1, initial=0.0) < 1 - TIED))


def _mean(said: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    if len(said) == 1:
        return next(iter(said.values()))
    return np.average(list(said.values()), axis=0, weights=[weights.get(who, 1.0) for who in said])


def _counting(rows: Mapping[str, Row]) -> Mapping[str, Row]:
    """Return the labels of an event that count; one that says unsure keeps what was propagated from counting."""
    if ADJUDICATED in rows:
        return {ADJUDICATED: rows[ADJUDICATED]}
    return {who: row for who, row in rows.items() if row["source"] != "propagated"} or rows
