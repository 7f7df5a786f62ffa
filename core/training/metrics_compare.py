"""Two classifiers on the same events: the difference of MCC, how large it is, and whether chance alone would give it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.training.metrics_draws import Draws, Floats, Ints, interval
from core.training.metrics_mcc import mcc

EXACT = 14  # subjects, of whom every exchange is tried
N_EXCHANGES = 10_000
BLOCK = 1000


def paired_difference(
    y_true: Ints,
    full: npt.NDArray[Any],
    other: npt.NDArray[Any],
    subject: npt.NDArray[Any] | None = None,
    seed: int = 0,
) -> tuple[float, list[float]]:
    """Return MCC of `other` minus that of `full` on the same events, with its 95 % paired bootstrap interval.

    Parameters
    ----------
    full, other : (n, K) arrays
        Probabilities.
    """
    found = _difference(y_true, (full, other), Draws.of(len(y_true), subject, seed))
    return found["difference"], found["interval"]


def compare(
    y_true: Ints,
    one: npt.NDArray[Any],
    other: npt.NDArray[Any],
    subject: npt.NDArray[Any] | None = None,
    seed: int = 0,
    events: npt.NDArray[Any] | None = None,
) -> dict[str, Any]:
    """Compare two classifiers by their probabilities (n, K) of the same events.

    Where subjects are known, and five or more, `one` and `other` are exchanged for whole subjects: the share of exchanges
    that make the difference of MCC at least as large is p, exact up to 14 subjects, else of 10,000 drawn ones. Otherwise it
    is the exact test of McNemar (1947) of events that only one of them has right; it takes events as independent.

    Parameters
    ----------
    y_true : (n,) int64 array
    one, other : (n, K) arrays
    subject : (n,) array, optional
    seed : int
    events : (n,) array, optional
        As `evaluate`. McNemar's test then counts each event once: by whether most of its predictions are right.

    Returns
    -------
    dict
        ``n`` events, ``mcc`` of both, ``difference`` (other minus one), ``interval`` (95 %, paired bootstrap over
        ``interval_over``), ``only_one`` and ``only_other`` (predictions that only that one has right), ``test``
        (``permutation`` or ``mcnemar``), ``exact``, ``n_units`` (subjects or events of the test), ``p``, ``effect``
        (``name``, ``value``; None where undefined): ``cohen_dz``, the mean difference of the subjects' accuracies over its
        standard deviation, or ``cohen_g``, the share of differing events that `other` has right, less a half.
    """
    draws = Draws.of(len(y_true), subject, seed, events)
    right = [p.argmax(axis=1) == y_true for p in (one, other)]
    test = _exchanges if draws.over == "subjects" else _mcnemar
    return {
        "n": draws.n_units if draws.over == "events" else len(y_true if events is None else np.unique(events)),
        **_difference(y_true, (one, other), draws),
        "only_one": int((right[0] & ~right[1]).sum()),
        "only_other": int((right[1] & ~right[0]).sum()),
        **test(y_true, (one, other), draws),
    }


def corrected_t_test(differences: Sequence[float], n_train: float, n_test: float) -> dict[str, Any]:
    """Compare two classifiers by their differences over folds, repeats and seeds: the corrected resampled t-test.

    The variance is multiplied by 1/J + n_test/n_train instead of 1/J, since training sides overlap (Nadeau and Bengio,
    Machine Learning 52, 2003).

    Parameters
    ----------
    differences : sequence of float
        One for each of J trainings.
    n_train, n_test : float
        Events of a training and a test side, on average.

    Returns
    -------
    dict
        ``n`` (J), ``mean``, ``std``, ``t``, ``p`` (two-sided), ``interval`` (95 %), ``effect`` (``cohen_dz``); None where
        fewer than two, or no spread, leave them undefined.
    """
    from scipy.stats import t as students_t

    d = np.asarray(differences, dtype=np.float64)
    if not len(d):
        raise InputError("there are no differences to test", remedy="Train both on the same folds")
    n, mean = len(d), float(d.mean())
    std = float(d.std(ddof=1)) if n > 1 else 0.0
    found: dict[str, Any] = {"n": n, "mean": mean, "std": std if n > 1 else None}
    if not std:
        return {**found, "t": None, "p": None, "interval": None, "effect": _effect("cohen_dz", None)}
    error = std * np.sqrt(1 / n + n_test / n_train)
    half = float(students_t.ppf(0.975, n - 1) * error)
    return {
        **found,
        "t": float(mean / error),
        "p": float(2 * students_t.sf(abs(mean / error), n - 1)),
        "interval": [mean - half, mean + half],
        "effect": _effect("cohen_dz", mean / std),
    }


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Return p values corrected for how many there are (Holm 1979); None stays None."""
    known = sorted((value, place) for place, value in enumerate(p) if value is not None)
    corrected: list[float | None] = [None] * len(p)
    least = 0.0
    for rank, (value, place) in enumerate(known):
        least = max(least, min(1.0, value * (len(known) - rank)))
        corrected[place] = least
    return corrected


Both = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def _effect(name: str, value: float | None) -> dict[str, Any]:
    return {"name": name, "value": None if value is None else float(value)}


def _cells(y_true: Ints, probabilities: npt.NDArray[Any]) -> Ints:
    """Return the cell of the confusion matrix that each event falls into."""
    cells: Ints = y_true * probabilities.shape[1] + probabilities.argmax(axis=1)
    return cells


def _difference(y_true: Ints, both: Both, draws: Draws) -> dict[str, Any]:
    k = both[0].shape[1]
    joint = _cells(y_true, both[0]) * k * k + _cells(y_true, both[1])
    outcomes, place = np.unique(joint, return_inverse=True)
    counts = np.concatenate([np.bincount(place)[None], draws.counts(place.astype(np.int64), len(outcomes))])
    of_one, of_other = (
        mcc((counts @ np.eye(k * k)[cell]).reshape(-1, k, k)) for cell in (outcomes // (k * k), outcomes % (k * k))
    )
    difference = of_other - of_one
    return {
        "mcc": [float(of_one[0]), float(of_other[0])],
        "difference": float(difference[0]),
        "interval": interval(difference[1:]),
        "interval_over": draws.over,
    }


def _exchanges(y_true: Ints, both: Both, draws: Draws) -> dict[str, Any]:
    """Test by exchanging the two for whole subjects."""
    k, n = both[0].shape[1], draws.n_units
    tables = np.zeros((2, n, k * k))
    for table, probabilities in zip(tables, both, strict=True):
        np.add.at(table, (draws.unit, _cells(y_true, probabilities)), 1)
    sums, change = tables.sum(axis=1), tables[1] - tables[0]
    observed = float(np.abs(np.diff(mcc(sums.reshape(2, k, k))))[0])

    def larger(exchanged: Floats) -> npt.NDArray[np.bool_]:
        moved = exchanged @ change
        one, other = ((total + sign * moved).reshape(-1, k, k) for total, sign in zip(sums, (1, -1), strict=True))
        return np.abs(mcc(other) - mcc(one)) >= observed - 1e-12

    exact = n <= EXACT
    hits = np.concatenate([larger(block) for block in _which(n, exact, draws.seed)])
    # The exchange of nobody is one of all; of drawn ones it is added, so that p is never 0.
    p = hits.mean() if exact else (hits.sum() + 1) / (len(hits) + 1)
    of_class = np.eye(k).ravel() > 0
    accuracy = (change[:, of_class].sum(axis=1)) / tables[0].sum(axis=1)
    spread = accuracy.std(ddof=1)
    return {
        "test": "permutation",
        "exact": exact,
        "n_units": n,
        "p": float(p),
        "effect": _effect("cohen_dz", accuracy.mean() / spread if spread > 0 else None),
    }


def _which(n: int, exact: bool, seed: int) -> Iterator[Floats]:
    """Yield for whom the two are exchanged, (block, n) of 0 and 1: every way there is, or as many as are drawn."""
    if exact:
        yield (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.float64)
        return
    rng = np.random.default_rng(seed)
    for _ in range(N_EXCHANGES // BLOCK):
        yield rng.integers(2, size=(BLOCK, n)).astype(np.float64)


def _mcnemar(y_true: Ints, both: Both, draws: Draws) -> dict[str, Any]:
    """Test by the events that one of the two has right more often."""
    from scipy.stats import binomtest

    one, other = (np.bincount(draws.unit, p.argmax(axis=1) == y_true, draws.n_units) for p in both)
    lead = other - one
    for_one, for_other = int((lead < 0).sum()), int((lead > 0).sum())
    differing = for_one + for_other
    return {
        "test": "mcnemar",
        "exact": True,
        "n_units": draws.n_units,
        "p": float(binomtest(for_other, differing).pvalue) if differing else 1.0,
        "effect": _effect("cohen_g", for_other / differing - 0.5 if differing else None),
    }
