"""Figures of a classifier with their uncertainty; curves, calibration and subjects have modules of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import read_json, write_json
from core.training.metrics_calibration import calibration
from core.training.metrics_curves import curves
from core.training.metrics_draws import Draws, Floats, Ints, interval, number, ratio
from core.training.metrics_mcc import mcc
from core.training.metrics_subjects import of_subjects

FILE = "figures.json"


def evaluate(
    y_true: Ints,
    probabilities: npt.NDArray[Any],
    classes: list[str],
    subject: npt.NDArray[Any] | None = None,
    seed: int = 0,
    events: npt.NDArray[Any] | None = None,
) -> dict[str, Any]:
    """Return the figures of a classifier on one side of a split.

    Parameters
    ----------
    y_true : (n,) int64 array
    probabilities : (n, K) array
    classes : list of str
    subject : (n,) array, optional
        With five known subjects or more, whole subjects are drawn in the bootstrap.
    seed : int
    events : (n,) array, optional
        Which event each row predicts, where several models predict the same: ``n`` counts events then, and all
        predictions of an event are drawn together.

    Returns
    -------
    dict
        ``n``, ``n_subjects``, ``mcc`` (-1 to 1), ``mcc_interval`` (95 %, percentile bootstrap of 2,000 draws),
        ``interval_over`` (``subjects`` or ``events``), ``accuracy``, ``balanced_accuracy`` and ``macro_f1``, each with
        ``…_interval``; ``f1`` by class; ``per_class``: for each class ``n``, ``precision``, ``recall``, ``f1`` with
        ``…_interval``, None where undefined; ``confusion`` (rows true, columns predicted, both in the order of ``classes``).
    """
    k, draws = len(classes), Draws.of(len(y_true), subject, seed, events)
    cells = y_true * k + probabilities.argmax(axis=1)
    drawn = _figures(draws.counts(cells, k * k).reshape(-1, k, k))
    counts = np.bincount(cells, minlength=k * k).reshape(k, k)
    found = _figures(counts[None].astype(np.float64))
    overall = {name: _with_interval(name, found[name][0], drawn[name]) for name in OVERALL}
    per_class = {
        name: {
            "n": int(counts[row].sum()),
            **{
                key: value
                for figure in PER_CLASS
                for key, value in _with_interval(figure, found[figure][0, row], drawn[figure][:, row]).items()
            },
        }
        for row, name in enumerate(classes)
    }
    return {
        "n": draws.n_units if draws.over == "events" else len(y_true if events is None else np.unique(events)),
        "n_subjects": 0 if subject is None else len({one for one in subject if one}),
        "interval_over": draws.over,
        **{key: value for figure in overall.values() for key, value in figure.items()},
        "f1": {name: entry["f1"] or 0.0 for name, entry in per_class.items()},
        "per_class": per_class,
        "classes": list(classes),
        "confusion": counts.tolist(),
    }


def figures(
    y_true: Ints,
    probabilities: npt.NDArray[Any],
    classes: list[str],
    subject: npt.NDArray[Any] | None = None,
    seed: int = 0,
    events: npt.NDArray[Any] | None = None,
) -> dict[str, Any]:
    """Return all figures of a classifier: those of `evaluate`, and what is drawn rather than read.

    Returns
    -------
    dict
        As `evaluate`, with ``subjects`` (`of_subjects`), ``curves`` (`core.training.metrics_curves.curves`: ROC and
        precision-recall of each class against the others) and ``calibration``
        (`core.training.metrics_calibration.calibration`).
    """
    draws = Draws.of(len(y_true), subject, seed, events)
    predicted = probabilities.argmax(axis=1)
    return {
        **evaluate(y_true, probabilities, classes, subject, seed, events),
        "subjects": [] if subject is None else of_subjects(y_true, predicted, subject, classes, seed),
        "curves": curves(y_true, probabilities, classes, draws),
        "calibration": calibration(y_true, probabilities, draws),
    }


def without_drawings(of: dict[str, Any]) -> dict[str, Any]:
    """Return what `figures` returned without the points of its curves, bins and subjects: what a list of runs needs."""
    if "curves" not in of:
        return of
    areas = {
        name: None if curve is None else {key: value for key, value in curve.items() if key not in ("roc", "pr")}
        for name, curve in of["curves"].items()
    }
    calibrated = {key: value for key, value in of["calibration"].items() if key != "bins"}
    return {**{k: v for k, v in of.items() if k != "subjects"}, "curves": areas, "calibration": calibrated}


def write_figures(folder: Path, sides: dict[str, dict[str, Any]]) -> None:
    """Write what `figures` returned for each side to a run's folder."""
    write_json(folder / FILE, sides)


def read_figures(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the figures of a finished run by side, ``validation`` and ``test``.

    Raises
    ------
    InputError
        If there are none: the run is not done, or was made by an earlier version.
    """
    if not (folder / FILE).exists():
        raise InputError(
            "this run has no figures to draw", subject=folder, remedy="Train it again, or use: hitscope evaluate"
        )
    sides: dict[str, dict[str, Any]] = read_json(folder / FILE)
    return sides


OVERALL = ("mcc", "accuracy", "balanced_accuracy", "macro_f1")
PER_CLASS = ("precision", "recall", "f1")


def _figures(counts: Floats) -> dict[str, Floats]:
    """Return the figures of confusion matrices (draws, K, K); NaN where undefined, but for MCC and accuracy."""
    hits = np.diagonal(counts, axis1=1, axis2=2)
    true, predicted = counts.sum(axis=2), counts.sum(axis=1)
    recall = ratio(hits, true)
    f1 = ratio(2 * hits, true + predicted)
    return {
        "mcc": mcc(counts),
        "accuracy": hits.sum(axis=1) / np.maximum(true.sum(axis=1), 1),
        "balanced_accuracy": _mean(recall),
        "macro_f1": _mean(f1),
        "precision": ratio(hits, predicted),
        "recall": recall,
        "f1": f1,
    }


def _mean(values: Floats) -> Floats:
    """Return the mean over the classes that occur."""
    there = np.isfinite(values)
    return ratio(np.where(there, values, 0.0).sum(axis=1), there.sum(axis=1).astype(np.float64))


def _with_interval(name: str, value: float, drawn: Floats) -> dict[str, Any]:
    return {name: number(value), f"{name}_interval": interval(drawn)}
