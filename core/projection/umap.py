"""UMAP maps, where the package umap-learn is installed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from core.jobs import Reporter
from core.projection.methods import Drawn, Prepared


def draw(prepared: Prepared, params: dict[str, Any], report: Reporter) -> Drawn:
    """Return the map of one number of neighbours and least distance, from the exact neighbour lists.

    It runs in one thread: with more, the same seed would give other maps. It cannot be stopped on the way.
    """
    from umap import UMAP

    report.check()
    k = params["n_neighbors"]
    own = np.arange(len(prepared.x))[:, None]  # umap-learn counts the point itself
    index = np.concatenate([own, prepared.others.index[:, : k - 1]], axis=1)
    distance = np.concatenate([np.zeros(own.shape), prepared.others.distance[:, : k - 1]], axis=1)
    start = prepared.start / max(np.abs(prepared.start).max(), 1e-12) * 10  # the range that umap-learn begins with
    model = UMAP(
        n_neighbors=k,
        min_dist=params["min_dist"],
        init=start.astype(np.float32),
        random_state=prepared.seed,
        n_jobs=1,
        precomputed_knn=(index, distance.astype(np.float32)),
    )
    with warnings.catch_warnings():  # that without an index of its own it could place no new points
        warnings.filterwarnings("ignore", "precomputed_knn")
        points = model.fit_transform(prepared.x.astype(np.float32))
    return Drawn(np.asarray(points, dtype=np.float64))
