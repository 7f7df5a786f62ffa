"""Label spreading of scikit-learn, as a proposal."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import Floats, Given, checked, neighbour_lists
from core.annotation.proposal import Proposal, proposed
from core.checks import check, finite

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TOLERANCE = 1e-3  # of the sum of all changes in a step; scikit-learn's default


def propagate_spreading(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike | None = None,
    k: int = 10,
    alpha: float = 0.2,
    ids: npt.ArrayLike | None = None,
    neighbours: npt.ArrayLike | None = None,
) -> Proposal:
    """Propose labels by label spreading (Zhou et al., NIPS 2004): labels diffuse over the k-neighbour graph.

    Parameters
    ----------
    points : (N, D) array
    labels : (N,) int array or (N, C) array
        As of `propagate`; of distributions, the shares are spread.
    quality : array, optional
        Plays no part.
    k : int
        Neighbours besides the point itself, 1 … N - 1 (scikit-learn's ``n_neighbors`` is one more).
    alpha : float
        Share that a point takes from its neighbours in each step, above 0 and at most 0.99; the rest is its own label.
    ids, neighbours
        As of `propagate`.

    Returns
    -------
    Proposal
        Its `soft` is the share of each class at the point, its label the class of the largest (of equal shares, the
        lower number), and its confidence that share. Since all labels are mixed, no label has one donor: donor and
        origin are -1, and round is 0. Points that no label reaches get none.

    Raises
    ------
    InputError
        As `propagate`, or if `alpha` is out of its range.
    """
    check(finite(above=0, most=0.99), alpha=alpha)
    given = checked(points, labels, quality, ids)
    shares = spread(given, neighbour_lists(given.points, k, neighbours), alpha)
    none = np.full(len(shares), -1)
    return proposed(
        given,
        method="spreading",
        params={"k": int(k), "alpha": float(alpha)},
        labels=np.where(shares.sum(axis=1) > 0, shares.argmax(axis=1), -1),
        donor=none,
        origin=none,
        round=np.zeros(len(shares), np.int64),
        confidence=shares.max(axis=1),
        soft=shares,
    )


def spread(given: Given, neighbours: npt.NDArray[np.integer], alpha: float) -> Floats:
    """Return the share of each class at each point, rows that sum to 1, or to 0 where no label arrives.

    Parameters
    ----------
    given : Given
    neighbours : (N, k) int array
    alpha : float

    Returns
    -------
    (N, C) float64 array
        C is that of distributions given, else one more than the highest class.
    """
    from scipy.sparse import csr_array, csr_matrix
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.semi_supervised import LabelSpreading

    n, k = neighbours.shape
    arcs = csr_array((np.ones(n * k), neighbours.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    if given.soft is not None:
        return _diffused(arcs, np.where(given.labels[:, None] >= 0, given.soft, 0.0), alpha)
    # What kernel="knn" would build, from lists that are there already; the diagonal plays no part in the Laplacian.
    model = LabelSpreading(
        kernel=lambda _a, _b: csr_matrix(arcs), alpha=alpha, tol=TOLERANCE, max_iter=enough_steps(n, alpha)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(given.points, given.labels)
    result = np.zeros((n, int(given.labels.max()) + 1))
    result[:, model.classes_] = model.label_distributions_
    return result


def _diffused(arcs: csr_array, start: Floats, alpha: float) -> Floats:
    """Return what scikit-learn's steps make of labels that are shares already, which it does not take."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import laplacian

    graph = csr_array(-laplacian(arcs, normed=True))
    graph.setdiag(0.0)
    shares, before = start, np.zeros_like(start)
    for _ in range(enough_steps(len(start), alpha)):
        if np.abs(shares - before).sum() < TOLERANCE:
            break
        shares, before = alpha * (graph @ shares) + (1 - alpha) * start, shares
    total = shares.sum(axis=1, keepdims=True)
    return np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)


def enough_steps(n: int, alpha: float) -> int:
    """Return after how many steps changes, which shrink by α each, are below the tolerance; twice that for safety."""
    return 30 + 2 * math.ceil(math.log(TOLERANCE / (2 * n)) / math.log(alpha))
