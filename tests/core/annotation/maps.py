"""Maps for the tests of propagation."""

from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parents[2] / "data" / "golden"


def golden(name):
    """Arrays of a golden file, and its labels with -1 for unlabelled."""
    with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as file:
        arrays = {key: file[key] for key in file}
    labels = np.full(len(arrays["y_true"]), -1)
    labels[arrays["labelled_idx"]] = arrays["y_true"][arrays["labelled_idx"]]
    return arrays, labels


def cloud(seed, n=150):
    """Points of three classes that overlap, a few labels, and a quality without meaning."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    points = y[:, None] * np.array([4.0, 1.0]) + rng.standard_normal((n, 2))
    labels = np.where(rng.random(n) < 0.15, y, -1)
    labels[:3] = [0, 1, 2]
    return points, labels, rng.random(n)
