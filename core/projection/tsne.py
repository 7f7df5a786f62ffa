"""t-SNE maps (openTSNE) from exact neighbour lists, stopping within seconds of being asked to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.jobs import Reporter
from core.projection.methods import Drawn, MapFailed, Prepared

EXAGGERATED_ITERATIONS = 250
EVERY, WORK = (
    25,
    50_000,
)  # iterations between two looks at whether to stop; fewer where N times so many would be more work
ROWS = 5_000  # of the affinities, between two looks
LARGEST = 1_000.0  # width of a map: usual ones are below 300, and the memory of the fast method grows with its square
Floats = npt.NDArray[np.float64]


def draw(prepared: Prepared, params: dict[str, Any], report: Reporter) -> Drawn:
    """Return the map of one perplexity, exaggeration and learning rate.

    Parameters
    ----------
    prepared : Prepared
        With at least three times as many neighbours as the perplexity.
    params : dict
        ``perplexity``, ``exaggeration``, ``learning_rate`` (number or ``auto``), ``iterations`` (after the first 250,
        which are exaggerated).
    report : Reporter
        Asked every 25 iterations, or more often for many points.

    Raises
    ------
    MapFailed
        If the map flies apart.
    JobCancelled
        If the user asked to stop.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities

    n, exaggeration, rate = len(prepared.x), float(params["exaggeration"]), params["learning_rate"]
    # A copy, because the exaggeration is multiplied into it and divided out again, which leaves other last digits.
    affinities = PrecomputedAffinities(
        _affinities(prepared, float(params["perplexity"]), report).copy(), normalize=False
    )
    initial = prepared.start / max(prepared.start[:, 0].std(), 1e-12) * 1e-4
    embedding = TSNEEmbedding(initial, affinities, random_state=prepared.seed, n_jobs=prepared.threads)
    total, done = EXAGGERATED_ITERATIONS + params["iterations"], 0
    for iterations, factor, momentum in ((EXAGGERATED_ITERATIONS, exaggeration, 0.5), (params["iterations"], 1.0, 0.8)):
        embedding = embedding.optimize(
            iterations,
            exaggeration=factor,
            momentum=momentum,
            learning_rate=max(n / factor, 200.0) if rate == "auto" else float(rate),
            callbacks=_Watch(report, done, total),
            callbacks_every_iters=max(1, min(EVERY, WORK // n)),
        )
        done += iterations
    return Drawn(np.array(embedding, dtype=np.float64))


class _Watch:
    """Stops a map that is no longer wanted, or flies apart."""

    def __init__(self, report: Reporter, done: int, total: int) -> None:
        self._report, self._done, self._total = report, done, total

    def __call__(self, iteration: int, error: float, embedding: Floats) -> bool:
        """Look; openTSNE goes on when this returns False."""
        self._report.check()
        self._report.progress(self._done + iteration, self._total)
        if not np.ptp(embedding, axis=0).max() < LARGEST:  # also where it is not a number
            raise MapFailed(
                f"the map flew apart after {self._done + iteration} iterations",
                remedy="Choose a smaller exaggeration or learning rate",
            )
        return False


def _affinities(prepared: Prepared, perplexity: float, report: Reporter) -> Any:
    """Return the sparse matrix of affinities; that of the last perplexity is kept for the maps that share it."""
    key = ("affinities", perplexity)
    if key not in prepared.kept:
        from openTSNE.affinity import joint_probabilities_nn
        from scipy.sparse import vstack

        n, k, lists, parts = len(prepared.x), int(3 * perplexity), prepared.others, []
        for start in range(0, n, ROWS):
            report.check()
            rows = slice(start, start + ROWS)
            parts.append(
                joint_probabilities_nn(
                    lists.index[rows, :k], lists.distance[rows, :k], [perplexity], symmetrize=False,
                    normalization="point-wise", n_reference_samples=n, n_jobs=prepared.threads,
                )
            )  # fmt: skip
        conditional = vstack(parts, format="csr")
        joint = (conditional + conditional.T) / 2
        prepared.kept.clear()  # a matrix of 70,000 points and perplexity 50 has 200 MB
        prepared.kept[key] = (joint / joint.sum()).tocsr()
    return prepared.kept[key]
