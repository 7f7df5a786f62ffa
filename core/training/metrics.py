"""Figures with their uncertainty: MCC, F1, confusion, bootstrap intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
N_BOOTSTRAP = 2000


def confusion(y_true: Ints, y_pred: Ints, n_classes: int) -> Ints:
    """Return counts (n_classes, n_classes): rows are true, columns predicted."""
    counts = np.bincount(y_true * n_classes + y_pred, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def mcc(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return Matthews' correlation of confusion matrices (…, K, K), for K classes as Gorodkin (2004).

    0 where it is undefined (all of one class, or all predicted as one), as scikit-learn does.
    """
    c = np.asarray(counts, dtype=np.float64)
    true, predicted = c.sum(axis=-1), c.sum(axis=-2)
    n = true.sum(axis=-1)
    covariance = np.trace(c, axis1=-2, axis2=-1) * n - (true * predicted).sum(axis=-1)
    spread = np.sqrt((n**2 - (true**2).sum(axis=-1)) * (n**2 - (predicted**2).sum(axis=-1)))
    return np.where(spread > 0, covariance / np.where(spread > 0, spread, 1.0), 0.0)


def evaluate(
    y_true: Ints,
    probabilities: npt.NDArray[Any],
    classes: list[str],
    subject: npt.NDArray[Any] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the figures of a classifier on one side of a split.

    Parameters
    ----------
    y_true : (n,) int64 array
    probabilities : (n, K) array
    subject : (n,) array, optional
        With five known subjects or more, whole subjects are drawn in the bootstrap.

    Returns
    -------
    dict
        ``n``, ``mcc`` (-1 to 1), ``mcc_interval`` (95 %, percentile bootstrap of 2,000 draws), ``interval_over``,
        ``accuracy``, ``f1`` by class, ``confusion`` (rows true, columns predicted, both in the order of ``classes``).
    """
    y_pred = probabilities.argmax(axis=1)
    counts = confusion(y_true, y_pred, len(classes))
    low, high, over = _interval(lambda c: mcc(c), [_cells(y_true, y_pred, len(classes))], len(classes), subject, seed)
    hits = np.diag(counts)
    f1 = 2 * hits / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return {
        "n": len(y_true),
        "mcc": float(mcc(counts)),
        "mcc_interval": [low, high],
        "interval_over": over,
        "accuracy": float(hits.sum() / max(len(y_true), 1)),
        "f1": dict(zip(classes, f1.tolist(), strict=True)),
        "classes": list(classes),
        "confusion": counts.tolist(),
    }


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
    k = full.shape[1]
    cells = [_cells(y_true, p.argmax(axis=1), k) for p in (full, other)]
    low, high, _ = _interval(lambda a, b: mcc(b) - mcc(a), cells, k, subject, seed)
    a, b = (np.bincount(c, minlength=k * k).reshape(k, k) for c in cells)
    return float(mcc(b) - mcc(a)), [low, high]


def _cells(y_true: Ints, y_pred: Ints, k: int) -> Ints:
    """Return the cell of the confusion matrix that each event falls into."""
    return y_true * k + y_pred


def _interval(
    statistic: Any, cells: list[Ints], k: int, subject: npt.NDArray[Any] | None, seed: int
) -> tuple[float, float, str]:
    """Return a 95 % percentile interval; each unit of the bootstrap is an event or a subject."""
    known = subject is not None and all(subject) and len(set(subject)) >= 5
    joint = np.stack(cells, axis=1)
    if known:
        unit = np.unique(np.asarray(subject, dtype=str), return_inverse=True)[1]
        n = int(unit.max()) + 1
        tables = np.zeros((len(cells), n, k * k))
        for table, cell in zip(tables, joint.T, strict=True):
            np.add.at(table, (unit, cell), 1)
        chance = np.full(n, 1 / n)
    else:
        # Events of the same outcome are interchangeable: draw how many of each outcome, not which events.
        outcomes, counts = np.unique(joint, axis=0, return_counts=True)
        n = len(joint)
        tables = np.stack([np.eye(k * k)[cell] for cell in outcomes.T])
        chance = counts / n
    draws = np.random.default_rng(seed).multinomial(n, chance, size=N_BOOTSTRAP)
    values = statistic(*((draws @ table).reshape(-1, k, k) for table in tables))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high), "subjects" if known else "events"
