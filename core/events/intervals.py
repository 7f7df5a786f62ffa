"""Counts with their uncertainty: exact Poisson intervals of rates and Wilson intervals of proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import InputError

LEVEL = 0.95
NORMAL_QUANTILE = 1.959963984540054  # of (1 + LEVEL) / 2


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; what is undefined is None, and `why` says so in words.

    Attributes
    ----------
    value : float or None
    low, high : float or None
        Ends of the interval, ``low <= value <= high``.
    why : str
        Why the figure, or its interval, is undefined; else empty.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""

    def text(self, decimals: int | None = None, factor: float = 1.0) -> str:
        """Return ``3.50 [1.81, 6.11]``, multiplied by a factor; a dash where it is undefined.

        Without `decimals`, two below 10, one below 100 and none above, as the larger end of the interval is.
        """
        if self.value is None:
            return "–"
        largest = abs(factor * (self.value if self.high is None else self.high))
        some = decimals if decimals is not None else 2 if largest < 10 else 1 if largest < 100 else 0
        said = f"{factor * self.value:,.{some}f}"
        if self.low is None or self.high is None:
            return said
        return f"{said} [{factor * self.low:,.{some}f}, {factor * self.high:,.{some}f}]"


def poisson_interval(n: int) -> tuple[float, float]:
    """Return the exact 95 % interval of the mean of a Poisson variable of which `n` was seen (Garwood, Biometrika 1936).

    Parameters
    ----------
    n : int
        0 or more; of 0, the lower end is 0 and the upper one 3.69.

    Raises
    ------
    InputError
        If `n` is less than 0.
    """
    from scipy.stats import chi2

    if n < 0:
        raise InputError(f"{n} events cannot have been counted", remedy="Give 0 or more")
    tail = (1 - LEVEL) / 2
    low = float(chi2.ppf(tail, 2 * n)) / 2 if n else 0.0
    return low, float(chi2.isf(tail, 2 * n + 2)) / 2


def rate(n: int, hours: float) -> Estimate:
    """Return how many events there were per hour, with the exact Poisson interval; undefined without recorded time.

    Raises
    ------
    InputError
        If `n` or `hours` is less than 0, or `hours` is not finite.
    """
    if not 0 <= hours < math.inf:
        raise InputError(f"hours={hours:g} is no length of time", remedy="Give 0 or more")
    low, high = poisson_interval(n)
    if hours == 0:
        return Estimate(None, why="no recorded time")
    return Estimate(n / hours, low / hours, high / hours)


def proportion(k: int, n: int) -> Estimate:
    """Return `k` of `n` with its score interval (Wilson, J Am Stat Assoc 1927); undefined of nothing.

    Raises
    ------
    InputError
        Unless ``0 <= k <= n``.
    """
    if not 0 <= k <= n:
        raise InputError(f"{k} of {n} is no proportion", remedy="Give 0 <= k <= n")
    if n == 0:
        return Estimate(None, why="of no event")
    p, z = k / n, NORMAL_QUANTILE
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # At 0 and n the ends are exact; arithmetic would leave them a rounding error away.
    return Estimate(p, 0.0 if k == 0 else middle - half, 1.0 if k == n else middle + half)
