"""What every way of propagating is given, checked once and in the same words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.checks import check, whole
from core.errors import InputError
from core.projection import neighbours_of

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
TIED = 1e-9  # shares that differ by less are the same: they are sums of rounded numbers


@dataclass(frozen=True)
class Given:
    """A map and what is known on it.

    Attributes
    ----------
    points : (N, D) float64 array
        The map, in its own units.
    labels : (N,) int64 array
        Classes from 0; -1 for unlabelled.
    quality : (N,) float64 array
        Local quality; ones where the method asks for none.
    ids : (N,) int64 array
        Event ids, or row numbers where none were given.
    soft : (N, C) float64 array, optional
        Shares of the classes that sum to 1 where something was said, zeros elsewhere; None where labels are classes. A
        row of shares whose label is -1 is a tie: it gives no label, and is proposed none.
    """

    points: Floats
    labels: Ints
    quality: Floats
    ids: Ints
    soft: Floats | None = None


def checked(
    points: npt.ArrayLike, labels: npt.ArrayLike, quality: npt.ArrayLike | None = None, ids: npt.ArrayLike | None = None
) -> Given:
    """Return what was given as arrays that belong together.

    Parameters
    ----------
    points : (N, D) array
    labels : (N,) int array or (N, C) array
        Classes from 0 and -1, or one distribution per row: see `hard_and_soft`.
    quality : (N,) array, optional
    ids : (N,) int array, optional
        Each at most once.

    Raises
    ------
    InputError
        If shapes differ, a value is not finite, labels are neither classes nor distributions, an id stands twice, or
        nothing is labelled.
    """
    p = np.asarray(points, dtype=np.float64)
    y, soft = hard_and_soft(labels)
    n = len(y)
    q = np.ones(n) if quality is None else np.asarray(quality, dtype=np.float64)
    names = np.arange(n) if ids is None else np.asarray(ids)
    if p.ndim != 2 or len(p) != n or q.shape != (n,) or names.shape != (n,):
        raise InputError(
            f"points {p.shape}, labels {np.shape(labels)}, quality {q.shape} and ids {names.shape} do not belong together",
            remedy="Give N points, N labels, N qualities and N ids",
        )
    if not (np.isfinite(p).all() and np.isfinite(q).all()):
        raise InputError("the map or its quality holds NaN or infinity", remedy="Make the map again")
    if names.dtype.kind not in "iu" or (ids is not None and len(np.unique(names)) < n):
        raise InputError("ids are whole numbers, each of one point", remedy="Give every event once")
    if not (y >= 0).any():
        raise InputError("no point is labelled", remedy="Label a few events of each class first")
    return Given(p, y, q, names.astype(np.int64), soft)


def hard_numbers(shares: npt.ArrayLike) -> Ints:
    """Return the number of the class with the largest share in each row; -1 where two have it: no order decides a tie.

    Parameters
    ----------
    shares : (n, C) array
    """
    given = np.asarray(shares, dtype=np.float64)
    if not given.size:
        return np.full(len(given), -1, np.int64)
    largest = given >= given.max(axis=1, keepdims=True) - TIED
    return np.where(largest.sum(axis=1) == 1, given.argmax(axis=1), -1).astype(np.int64)


def hard_and_soft(labels: npt.ArrayLike) -> tuple[Ints, Floats | None]:
    """Return labels as classes and, where they were given as distributions, as rows that sum to 1.

    Parameters
    ----------
    labels : (N,) int array or (N, C) array
        Classes from 0 and -1 for unlabelled; or per point the shares of C classes (votes or probabilities, 0 or more,
        of any sum above 0). A row of zeros or of NaN is unlabelled.

    Returns
    -------
    (N,) int64 array
        The class of the largest share; -1 where two classes have it, see `hard_numbers`.
    (N, C) float64 array or None

    Raises
    ------
    InputError
        If they are neither.
    """
    y = np.asarray(labels)
    if y.ndim == 2 and y.dtype.kind in "iuf":
        rows = y.astype(np.float64)
        rows[np.isnan(rows).all(axis=1)] = 0.0
        if not np.isfinite(rows).all() or (rows < 0).any():
            raise InputError(
                "a distribution over classes holds a negative or missing share",
                remedy="Give shares of 0 or more in every column, or NaN in all of them for an unlabelled point",
            )
        total = rows.sum(axis=1, keepdims=True)
        soft = np.divide(rows, total, out=rows, where=total > 0)
        return np.where(total[:, 0] > 0, hard_numbers(soft), -1).astype(np.int64), soft
    if y.ndim != 1 or y.dtype.kind not in "iu" or (y < -1).any():
        raise InputError("labels are classes from 0, or -1 for unlabelled", remedy="Number the classes from 0")
    return y.astype(np.int64), None


def neighbour_lists(points: Floats, k: int, neighbours: npt.ArrayLike | None = None) -> npt.NDArray[np.integer]:
    """Return the `k` nearest other points of each, in the order of distance, then index.

    Parameters
    ----------
    points : (N, D) array
    k : int
        1 … N - 1.
    neighbours : (N, K) int array, optional
        The lists, as found before, with K ≥ k and no point in its own; then nothing is searched.

    Returns
    -------
    (N, k) integer array

    Raises
    ------
    InputError
        If `k` is out of its range, or the lists cannot be those of the points.
    """
    n = len(points)
    check(whole(1), k=k)
    if n < 2:
        raise InputError("there is 1 point only: it has no neighbour", remedy="Give at least two points")
    if k >= n:
        raise InputError(f"{k} neighbours of {n} points are not possible", remedy=f"Choose k from 1 to {n - 1}")
    if neighbours is None:
        return neighbours_of(points, k)
    lists = np.asarray(neighbours)
    if lists.ndim != 2 or len(lists) != n or lists.shape[1] < k or lists.dtype.kind not in "iu":
        raise InputError(
            f"neighbour lists {lists.shape} are not {n} lists of at least {k}", remedy="Search the neighbours again"
        )
    lists = lists[:, :k]
    if lists.min() < 0 or lists.max() >= n or (lists == np.arange(n)[:, None]).any():
        raise InputError(
            "neighbour lists name a point that there is not, or a point as its own neighbour",
            remedy="Search the neighbours of this map again",
        )
    return lists
