"""How far several annotators agree: Fleiss' kappa.

Fleiss (Psychol Bull 1971) has each event judged by the same number of raters, not necessarily the same ones. Where the numbers
differ, Gwet's generalisation (Handbook of Inter-Rater Reliability, 4th ed. 2014) is used: of equal numbers it is the same. The
interval is that of Gwet's variance (Br J Math Stat Psychol 2008), which holds whatever kappa is. The variance of Fleiss, Nee and
Landis (Psychol Bull 1979) holds under chance alone: it is for the test, never for an interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.events.intervals import LEVEL, Estimate

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FleissKappa:
    """Agreement of several raters.

    Attributes
    ----------
    n : int
        Events that at least two judged; what one alone said counts only for how usual the classes are.
    kappa : Estimate
        -1 to 1, with Gwet's interval (t distribution, degrees of freedom one less than events); of unequal numbers of raters
        it can be less than -1 where few events were judged by two.
    by_class : dict of str to Estimate
        The same of each class against all others.
    z, p : float or None
        Test of chance alone, two-sided; None unless all events were judged by the same number.
    """

    n: int
    kappa: Estimate
    by_class: dict[str, Estimate]
    z: float | None
    p: float | None


def fleiss_kappa(counts: npt.ArrayLike, classes: Sequence[str]) -> FleissKappa:
    """Return Fleiss' kappa.

    Parameters
    ----------
    counts : (N, C) array of int
        How many raters said of each event that it is of each class.
    classes : sequence of str
        Names of the C classes.

    Raises
    ------
    InputError
        If there is not a column for each class, or a number is below 0 or not whole.
    """
    table = np.asarray(counts, dtype=np.float64)
    table = table if table.size else table.reshape(0, len(classes))
    if table.ndim != 2 or table.shape[1] != len(classes):
        raise InputError(
            f"counts of shape {table.shape} are not those of {len(classes)} classes",
            remedy="Give a column for each class",
        )
    if not (np.isfinite(table).all() and (table >= 0).all() and (table == np.floor(table)).all()):
        raise InputError("numbers of raters are whole numbers from 0", remedy="Give how many said which class")
    table = table[table.sum(axis=1) >= 1]
    single = {name: _estimate(_against_others(table, column)) for column, name in enumerate(classes)}
    kappa = _estimate(table)
    z = None if kappa.value is None else _z(table, kappa.value)
    n = int((table.sum(axis=1) >= 2).sum())
    return FleissKappa(n, kappa, single, z, None if z is None else math.erfc(abs(z) / math.sqrt(2)))


def _against_others(table: Floats, column: int) -> Floats:
    return np.stack([table[:, column], table.sum(axis=1) - table[:, column]], axis=1)


def _estimate(table: Floats) -> Estimate:
    """Return kappa and its interval, of events that were judged."""
    n, raters = len(table), table.sum(axis=1)
    compared = raters >= 2
    if not compared.any():
        return Estimate(None, why="no event was judged by two")
    if np.count_nonzero(table.sum(axis=0)) < 2:
        return Estimate(None, why="all said the same class of all events, so that chance alone explains all agreement")
    usual = (table / raters[:, None]).mean(axis=0)
    agreed = (table * (table - 1)).sum(axis=1) / np.maximum(raters * (raters - 1), 1)
    chance = float(usual @ usual)
    kappa = float(agreed[compared].mean() - chance) / (1 - chance)
    # How each event moves kappa: by its own agreement, and by moving what chance alone gives.
    own = np.where(compared, (agreed - chance) / (1 - chance), 0) * n / compared.sum()
    moved = own - 2 * (1 - kappa) * (table @ usual / raters - chance) / (1 - chance)
    variance = float(((moved - kappa) ** 2).sum()) / (n * (n - 1)) if n > 1 else 0.0
    if variance < 1e-15:
        return Estimate(kappa, why="no interval: the events do not differ in how far they were agreed on")
    from scipy.stats import t

    half = float(t.isf((1 - LEVEL) / 2, n - 1)) * math.sqrt(variance)
    return Estimate(kappa, min(kappa, max(-1.0, kappa - half)), min(1.0, kappa + half))


def _z(table: Floats, kappa: float) -> float | None:
    """Return kappa over its standard error under chance alone; None where the numbers of raters differ."""
    raters = table.sum(axis=1)
    if (raters != raters[0]).any():
        return None
    n, m, p = len(table), raters[0], table.sum(axis=0) / table.sum()
    within = p * (1 - p)
    spread = within.sum() ** 2 - float((within * (1 - 2 * p)).sum())
    return float(kappa * within.sum() / math.sqrt(2 * spread / (n * m * (m - 1))))
