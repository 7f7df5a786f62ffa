"""Confusion matrices and Matthews' correlation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.training.metrics_draws import Ints


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
