"""Placing new points in a map that is there, without moving those that are in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import NullReporter, Reporter
from core.projection.grid import threads_for
from core.projection.maps import Map
from core.projection.methods import METHODS, MapFailed
from core.projection.neighbours import checked_points, nearest, search
from core.projection.quality import normalize_quality, quality_of_lists

KS, KT = 10, 10
PERPLEXITY, BEGIN_WITH = 5, 25  # openTSNE's own for new points: few neighbours place them sharply
ITERATIONS, RATE, EXAGGERATION, MOST_GRADIENT = 250, 0.1, 1.5, 0.25  # as in TSNEEmbedding.transform
EVERY = 25
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """New points in a map.

    Attributes
    ----------
    points : (M, 2) float64 array
        In the unit of the map.
    quality : (M,) float64 array
        Their local quality among old and new points together, over the largest of all.
    raw : (M,) float64 array
        The same on no scale, in the unit of the map's own: a share of its N points.
    """

    points: Floats
    quality: Floats
    raw: Floats


def place(
    made: Map, old_vectors: npt.ArrayLike, new_vectors: npt.ArrayLike, seed: int = 0, report: Reporter | None = None
) -> Placed:
    """Return where new feature vectors belong in a map; its own points stay as they are, bit for bit.

    Parameters
    ----------
    made : Map
        PCA, or t-SNE.
    old_vectors : (N, D) array
        The feature vectors of its points, in their order.
    new_vectors : (M, D) array
        Made by the same encoder. Each is placed by itself: others that are new do not attract it.
    seed : int
    report : Reporter, optional

    Raises
    ------
    InputError
        If the vectors do not belong to the map, or its method cannot place new points.
    JobCancelled
        If the user asked to stop.

    Notes
    -----
    PCA: the saved axes. t-SNE: each new point begins at the median of its 25 nearest neighbours in the map and is moved by
    gradient descent on the affinities to its nearest old points (Poličar, Stražar and Zupan 2023), which need the vectors
    only, nothing pickled.
    """
    report = report or NullReporter()
    old, new = checked_points(old_vectors), checked_points(new_vectors)
    if len(old) != len(made.points) or old.shape[1] != new.shape[1]:
        raise InputError(
            f"vectors of shapes {old.shape} and {new.shape} do not belong to a map of {len(made.points)} points",
            remedy="Give the features that the map was made of, and new ones of the same encoder",
        )
    method = str(made.params.get("method"))
    if method not in PLACERS:
        raise InputError(f"new points cannot be placed in a map by {method}", remedy=f"Choose {' or '.join(PLACERS)}")
    points = PLACERS[method](made, old, new, seed, report)
    if not np.isfinite(points).all():
        raise MapFailed("the new points have no finite place", remedy="Make the maps again with these events")
    report.check()
    raw = quality_of_lists(
        nearest(np.concatenate([old, new]), KS + KT + 1),
        nearest(np.concatenate([made.points, points]), KS + KT + 1),
        KS,
        KT,
    )
    return Placed(points, normalize_quality(raw, "max")[len(old) :], raw[len(old) :] * (len(raw) / len(old)))


def _by_axes(made: Map, old: Floats, new: Floats, seed: int, report: Reporter) -> Floats:
    try:
        mean, spread, axes = (made.arrays[name] for name in ("mean", "spread", "axes"))
    except KeyError as error:
        raise InputError("this map is of an old run, which kept no axes", remedy="Make the maps again") from error
    return np.asarray((new - mean) / spread @ axes.T, dtype=np.float64)


def _by_gradients(made: Map, old: Floats, new: Floats, seed: int, report: Reporter) -> Floats:
    from openTSNE import PartialTSNEEmbedding, TSNEEmbedding, initialization
    from openTSNE.affinity import PrecomputedAffinities, joint_probabilities_nn
    from scipy.sparse import csr_matrix

    n, threads = len(old), threads_for(len(new))
    near = search(old, new, min(n, max(BEGIN_WITH, 3 * PERPLEXITY)), report.check)
    k = min(near.index.shape[1], 3 * PERPLEXITY)
    affinities = joint_probabilities_nn(
        near.index[:, :k], near.distance[:, :k], [min(PERPLEXITY, k / 3)], symmetrize=False,
        normalization="point-wise", n_reference_samples=n, n_jobs=threads,
    )  # fmt: skip
    # The affinities among old points play no part in placing new ones, so the reference comes with none.
    middle = (made.points.max(axis=0) + made.points.min(axis=0)) / 2  # the grid of the fast method is round the origin
    nothing = PrecomputedAffinities(csr_matrix((n, n)), normalize=False)
    reference = TSNEEmbedding(made.points - middle, nothing, random_state=seed, n_jobs=threads)
    begin = initialization.median(reference, near.index[:, :BEGIN_WITH])
    placed = PartialTSNEEmbedding(np.asarray(begin), reference, affinities, n_jobs=threads).optimize(
        ITERATIONS, learning_rate=RATE, exaggeration=EXAGGERATION, momentum=0.8, max_grad_norm=MOST_GRADIENT,
        callbacks=lambda *_: report.check(), callbacks_every_iters=EVERY,
    )  # fmt: skip
    return np.array(placed, dtype=np.float64) + middle


Placer = Callable[[Map, Floats, Floats, int, Reporter], Any]
PLACERS: dict[str, Placer] = {METHODS["pca"].title: _by_axes, METHODS["tsne"].title: _by_gradients}
