"""Whether probabilities are what they say: reliability, expected calibration error, Brier score."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.training.metrics_draws import Draws, Floats, Ints, interval, number, ratio

N_BINS = 10


def calibration(y_true: Ints, probabilities: npt.NDArray[Any], draws: Draws) -> dict[str, Any]:
    """Return the calibration of the most probable class.

    Returns
    -------
    dict
        ``bins``: for each of ten equal stretches of confidence that is not empty ``low``, ``high``, ``n``, ``confidence``
        (mean), ``accuracy`` and ``accuracy_interval``; ``ece``, the expected calibration error over them (Guo and others
        2017); ``brier``, the mean squared error of the probabilities, summed over classes, and halved where there are
        two, as scikit-learn does; both with ``…_interval``, over draws of ``interval_over``.
    """
    p = probabilities.astype(np.float64)
    right = p.argmax(axis=1) == y_true
    confidence = p.max(axis=1)
    bin_of = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    squares = ((p - np.eye(p.shape[1])[y_true]) ** 2).sum(axis=1) / (2 if p.shape[1] == 2 else 1)
    values = np.zeros((len(p), 3 * N_BINS + 1))
    rows = np.arange(len(p))
    for part, column in enumerate((np.ones(len(p)), confidence, right)):
        values[rows, part * N_BINS + bin_of] = column
    values[:, -1] = squares
    found, drawn = _figures(values.sum(axis=0)[None]), _figures(draws.sums(values))
    bins = [
        {
            "low": place / N_BINS,
            "high": (place + 1) / N_BINS,
            "n": int(found["n"][0, place]),
            "confidence": number(found["confidence"][0, place]),
            "accuracy": number(found["accuracy"][0, place]),
            "accuracy_interval": interval(drawn["accuracy"][:, place]),
        }
        for place in np.flatnonzero(found["n"][0]).tolist()
    ]
    return {
        "bins": bins,
        "ece": float(found["ece"][0]),
        "ece_interval": interval(drawn["ece"]),
        "brier": float(found["brier"][0]),
        "brier_interval": interval(drawn["brier"]),
        "interval_over": draws.over,
    }


def _figures(sums: Floats) -> dict[str, Floats]:
    """Return the figures of sums (draws, 3 · bins + 1): numbers, confidences and hits by bin, and squared errors."""
    n, confidence, right = (sums[:, part * N_BINS : (part + 1) * N_BINS] for part in range(3))
    total = n.sum(axis=1)
    return {
        "n": n,
        "confidence": ratio(confidence, n),
        "accuracy": ratio(right, n),
        "ece": np.abs(confidence - right).sum(axis=1) / total,
        "brier": sums[:, -1] / total,
    }
