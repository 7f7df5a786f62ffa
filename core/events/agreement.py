"""How far two annotators agree on the events that both have judged.

Cohen's kappa (Educ Psychol Meas 1960) has the interval of its asymptotic standard error (Fleiss, Cohen and Everitt, Psychol
Bull 1969, for a kappa that need not be 0); Gwet's AC1 (Br J Math Stat Psychol 2008) stays usable where nearly all events are
of one class. The proportion of specific agreement of a class, ``2a / (2a + b + c)``, is what intercentre studies of embolic
signals report (Markus et al., Stroke 1997), since nobody counts the moments on which all agree that nothing is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.events.intervals import NORMAL_QUANTILE, Estimate, proportion
from core.events.verdicts import ARTEFACT, EMBOLUS, LabelRows, group_of, order_of

NOTHING_COMMON = "no event was judged by both"


@dataclass(frozen=True)
class Agreement:
    """Agreement of two annotators.

    Attributes
    ----------
    classes : tuple of str
    table : (K, K) int64 array
        Events by class: rows are the first annotator's, columns the second's, both in the order of `classes`.
    observed : Estimate
        Share of events of which both said the same, with Wilson's interval.
    kappa : Estimate
        Cohen's kappa, -1 to 1.
    ac1 : Estimate
        Gwet's AC1, without interval.
    specific : dict of str to Estimate
        Proportion of specific agreement of each class, 0 to 1. It grows with ``a / (a + b + c)`` alone, whose Wilson
        interval gives its own.
    """

    classes: tuple[str, ...]
    table: npt.NDArray[np.int64]
    observed: Estimate
    kappa: Estimate
    ac1: Estimate
    specific: dict[str, Estimate]

    @property
    def n(self) -> int:
        """Events that both judged."""
        return int(self.table.sum())


def agreement(first: Sequence[str], second: Sequence[str], classes: Sequence[str] | None = None) -> Agreement:
    """Return how far two annotators agree.

    Parameters
    ----------
    first, second : sequence of str
        Their classes of the same events, in the same order.
    classes : sequence of str, optional
        Of which they chose, as AC1 wants to know; by default those that occur.

    Raises
    ------
    InputError
        If they judged different numbers of events, or a class is not among `classes`.
    """
    if len(first) != len(second):
        raise InputError(
            f"{len(first)} events cannot be compared with {len(second)}", remedy="Give both verdicts of each event"
        )
    used = {*first, *second}
    names = tuple(sorted(used, key=order_of)) if classes is None else tuple(classes)
    if unknown := sorted(used - set(names)):
        raise InputError(f"there is no class {unknown[0]!r}", remedy=f"Known classes: {', '.join(names)}")
    place = {name: number for number, name in enumerate(names)}
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    for a, b in zip(first, second, strict=True):
        table[place[a], place[b]] += 1
    return agreement_of_table(table, names)


def agreement_of_table(table: npt.ArrayLike, classes: Sequence[str]) -> Agreement:
    """Return how far two annotators agree, from the (K, K) counts of what they said of the same events."""
    counts = np.asarray(table, dtype=np.int64)
    n, same = int(counts.sum()), int(np.trace(counts))
    observed = proportion(same, n) if n else Estimate(None, why=NOTHING_COMMON)
    specific = {name: _specific(counts, number) for number, name in enumerate(classes)}
    return Agreement(tuple(classes), counts, observed, cohen_kappa(counts), gwet_ac1(counts), specific)


def cohen_kappa(table: npt.ArrayLike) -> Estimate:
    """Return Cohen's kappa of (K, K) counts; undefined where both used one and the same class only."""
    counts = np.asarray(table, dtype=np.float64)
    n = counts.sum()
    if n == 0:
        return Estimate(None, why=NOTHING_COMMON)
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, chance = float(np.trace(p)), float(rows @ columns)
    if np.count_nonzero(counts.sum(axis=0) + counts.sum(axis=1)) == 1:
        return Estimate(None, why="both used one class only, so that chance alone explains all agreement")
    kappa = (observed - chance) / (1 - chance)
    diagonal = float(np.diag(p) @ (1 - (rows + columns) * (1 - kappa)) ** 2)
    crossed = (columns[:, None] + rows[None, :]) ** 2 * p
    beside = (1 - kappa) ** 2 * float(crossed.sum() - np.trace(crossed))
    variance = (diagonal + beside - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2)
    if variance < 1e-15:
        return Estimate(kappa, why="no interval: of such a table the asymptotic error is 0, which says nothing")
    half = NORMAL_QUANTILE * math.sqrt(variance)
    return Estimate(kappa, max(-1.0, kappa - half), min(1.0, kappa + half))


def gwet_ac1(table: npt.ArrayLike) -> Estimate:
    """Return Gwet's AC1 of (K, K) counts, without interval; it needs two classes to choose from."""
    counts = np.asarray(table, dtype=np.float64)
    n, k = counts.sum(), len(counts)
    if n == 0:
        return Estimate(None, why=NOTHING_COMMON)
    if k < 2:
        return Estimate(None, why="there was one class only to choose from")
    mean = (counts.sum(axis=0) + counts.sum(axis=1)) / (2 * n)
    chance = float((mean * (1 - mean)).sum()) / (k - 1)
    return Estimate((float(np.trace(counts)) / n - chance) / (1 - chance))


def _specific(counts: npt.NDArray[np.int64], number: int) -> Estimate:
    both = int(counts[number, number])
    either = int(counts[number].sum() + counts[:, number].sum()) - both
    if either == 0:
        return Estimate(None, why="neither used this class" if counts.sum() else NOTHING_COMMON)
    of_either = proportion(both, either)
    # 2a / (2a + b + c) of p = a / (a + b + c); it only grows with p, and so do the ends of the interval
    value, low, high = (2 * (p or 0.0) / (1 + (p or 0.0)) for p in (of_either.value, of_either.low, of_either.high))
    return Estimate(value, low, high)


@dataclass(frozen=True)
class RaterAgreement:
    """Agreement of two named annotators on HITS, solid and gaseous emboli being emboli.

    Attributes
    ----------
    raters : (str, str)
    every : Agreement
        Of all classes that they used, unsure among them.
    decided : Agreement
        Of embolus and artefact alone, on the events of which both said one of the two.
    """

    raters: tuple[str, str]
    every: Agreement
    decided: Agreement


def agree_on_hits(labels: LabelRows, ids: Iterable[int], first: str, second: str) -> RaterAgreement:
    """Return how far two annotators agree on events; what was propagated is nobody's verdict and left out.

    Parameters
    ----------
    labels : mapping of (event, annotator) to label row
        As `Study.label_rows` gives it.
    ids : iterable of int
        Events.
    first, second : str
        Annotators.
    """
    pairs = []
    for event in ids:
        rows = labels.get((event, first)), labels.get((event, second))
        if rows[0] and rows[1] and "propagated" not in (rows[0]["source"], rows[1]["source"]):
            pairs.append((group_of(rows[0]["label"]), group_of(rows[1]["label"])))
    two = (EMBOLUS, ARTEFACT)
    clear = [pair for pair in pairs if pair[0] in two and pair[1] in two]
    used = sorted({*two, *(key for pair in pairs for key in pair)}, key=order_of)
    every = agreement([a for a, _ in pairs], [b for _, b in pairs], used)
    return RaterAgreement((first, second), every, agreement([a for a, _ in clear], [b for _, b in clear], two))
