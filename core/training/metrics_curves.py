"""ROC and precision-recall curves of each class against all others, with their areas."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.training.metrics_draws import Draws, Floats, Ints, interval, ratio

POINTS = 200  # of a curve that is drawn
LEVELS = 512  # of the score in the bootstrap: what joins two of them moves an area by less than a thousandth


def curves(y_true: Ints, probabilities: npt.NDArray[Any], classes: list[str], draws: Draws) -> dict[str, Any]:
    """Return curves and areas by class.

    Returns
    -------
    dict
        For each class None where all or no events are of it, else ``n`` (events of the class), ``roc_auc``,
        ``average_precision``, each with ``…_interval``, ``roc`` with ``fpr``, ``tpr``, ``threshold`` and ``pr`` with
        ``recall``, ``precision``, ``threshold``: lists of at most 200 points. The threshold of the first point of ``roc`` is
        above all scores, and is None.
    """
    return {
        name: _one_against_rest(y_true == number, probabilities[:, number].astype(np.float64), draws)
        for number, name in enumerate(classes)
    }


def _one_against_rest(is_it: npt.NDArray[np.bool_], score: Floats, draws: Draws) -> dict[str, Any] | None:
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

    if is_it.all() or not is_it.any():
        return None
    auc, precision = areas(*_by_level(is_it, score, draws))
    fpr, tpr, above = roc_curve(is_it, score)
    exact, found, at = precision_recall_curve(is_it, score, drop_intermediate=True)
    return {
        "n": int(is_it.sum()),
        "roc_auc": float(roc_auc_score(is_it, score)),
        "roc_auc_interval": interval(auc),
        "average_precision": float(average_precision_score(is_it, score)),
        "average_precision_interval": interval(precision),
        "roc": _thinned(fpr=fpr, tpr=tpr, threshold=above),
        "pr": _thinned(recall=found[:-1], precision=exact[:-1], threshold=at),
    }


def areas(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """Return the area under the ROC curve and the average precision of score histograms.

    Parameters
    ----------
    positive, negative : (draws, levels) arrays
        How many of either fall on each level of the score, the highest first.

    Returns
    -------
    (draws,) arrays
        NaN where one of the two is missing.
    """
    p, n = positive.sum(axis=1), negative.sum(axis=1)
    true, false = np.cumsum(positive, axis=1), np.cumsum(negative, axis=1)
    ordered = (negative * (true - positive / 2)).sum(axis=1)
    precision = (positive * np.nan_to_num(ratio(true, true + false))).sum(axis=1)
    return ratio(ordered, p * n), np.where(n > 0, ratio(precision, p), np.nan)


def _by_level(is_it: npt.NDArray[np.bool_], score: Floats, draws: Draws) -> tuple[Floats, Floats]:
    """Return how many events of the class, and of the others, each draw has on each level, the highest first."""
    values, level = np.unique(-score, return_inverse=True)
    if len(values) > LEVELS:
        edges = np.quantile(-score, np.linspace(0, 1, LEVELS + 1)[1:-1])
        level = np.searchsorted(edges, -score, side="right")
    n_levels = min(len(values), LEVELS)
    drawn = draws.counts(level.astype(np.int64) * 2 + is_it, 2 * n_levels).reshape(-1, n_levels, 2)
    return drawn[:, :, 1], drawn[:, :, 0]


def _thinned(**columns: Floats) -> dict[str, list[float | None]]:
    n = len(next(iter(columns.values())))
    rows = np.unique(np.linspace(0, n - 1, min(n, POINTS)).round().astype(int))
    return {
        name: [round(v, 6) if np.isfinite(v) else None for v in column[rows].tolist()]
        for name, column in columns.items()
    }
