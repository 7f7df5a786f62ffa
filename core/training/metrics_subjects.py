"""Figures of each subject: whom a model serves badly, which no overall figure says."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.training.metrics_draws import Draws, Ints, interval
from core.training.metrics_mcc import mcc

Z = 1.959963984540054  # of the normal distribution, two-sided 95 %


def of_subjects(
    y_true: Ints, y_pred: Ints, subject: npt.NDArray[Any], classes: list[str], seed: int = 0
) -> list[dict[str, Any]]:
    """Return the figures of each known subject, the worst first.

    Returns
    -------
    list of dict
        ``subject``, ``n``, ``classes`` (events of each), ``accuracy`` with ``accuracy_interval`` (Wilson 1927), ``mcc`` with
        ``mcc_interval`` (bootstrap over the subject's events; both None where its events are all of one class).
    """
    names = np.asarray(subject, dtype=str)
    found = [
        _of_one(name, y_true[names == name], y_pred[names == name], classes, seed)
        for name in np.unique(names).tolist()
        if name
    ]
    return sorted(found, key=lambda one: (one["accuracy"], one["subject"]))


def _of_one(name: str, y_true: Ints, y_pred: Ints, classes: list[str], seed: int) -> dict[str, Any]:
    n, k, right = len(y_true), len(classes), int((y_true == y_pred).sum())
    figure: float | None = None
    between: list[float] | None = None
    if len(np.unique(y_true)) > 1:
        cells = y_true * k + y_pred
        figure = float(mcc(np.bincount(cells, minlength=k * k).reshape(k, k)))
        between = interval(mcc(Draws.of(n, seed=seed).counts(cells, k * k).reshape(-1, k, k)))
    counts = np.bincount(y_true, minlength=k).tolist()
    return {
        "subject": name,
        "n": n,
        "classes": dict(zip(classes, counts, strict=True)),
        "accuracy": right / n,
        "accuracy_interval": wilson(right, n),
        "mcc": figure,
        "mcc_interval": between,
    }


def wilson(k: int, n: int) -> list[float]:
    """Return the 95 % score interval of a share of `k` in `n`."""
    centre = (k + Z**2 / 2) / (n + Z**2)
    half = Z / (n + Z**2) * np.sqrt(k * (n - k) / n + Z**2 / 4)
    return [max(0.0, float(centre - half)), min(1.0, float(centre + half))]
