"""Windows that are there twice, or all but: what a model has learnt by heart, it seems to know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]
ALIKE = 0.999  # correlation
SHORT = 16  # numbers of a sketch
NEAREST = 16  # sketches that are looked at for each window
SAMPLE = 512  # windows that the sketch is made for
BLOCK = 2048


@dataclass(frozen=True)
class Twins:
    """Windows and, of each, the most alike of others.

    Attributes
    ----------
    rows, partners : (n,) int64 arrays
    exact : (n,) bool array
        Whether they are the same to the last bit.
    """

    rows: Ints
    partners: Ints
    exact: npt.NDArray[np.bool_]


def hashes(windows: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Return a 64-bit hash of the samples of each window (N, C, T)."""
    solid = np.ascontiguousarray(windows, dtype=np.float32)
    digests = (hashlib.blake2b(one.tobytes(), digest_size=8).digest() for one in solid)
    return np.frombuffer(b"".join(digests), dtype="<u8").copy()


def twins(windows: npt.NDArray[np.float32], of: Ints, among: Ints) -> Twins:
    """Return those of some windows that have a twin among others: the same samples, or a correlation of 0.999 and more.

    Correlation is of all channels together, each less its mean, sample by sample: a window moved in time is no twin. Windows
    without a change of level are left out: they say nothing.

    Parameters
    ----------
    windows : (N, C, T) float32 array
    of, among : (n,), (m,) int64 arrays
        Row numbers.

    Notes
    -----
    A sketch of 16 numbers is the window's projection on orthonormal axes, so that sketches are never farther apart than the
    windows: no twin is missed for being far away. The 16 nearest sketches of each window within that reach are compared sample
    by sample; a twin beyond them, in a crowd of windows that differ in their noise only, may be missed. O((n + m) C T) to make
    sketches, about O((n + m) log m) to search them.
    """
    level = np.ptp(windows, axis=2).max(axis=1) if len(windows) else np.zeros(0)
    of, among = (rows[np.isfinite(level[rows]) & (level[rows] > 0)] for rows in (of, among))
    if not len(of) or not len(among):
        return Twins(of[:0], of[:0], np.zeros(0, bool))
    partner = np.full(len(of), -1)
    mine, others = _unit(windows[of]), _unit(windows[among])
    place, candidate = _candidates(mine, others)
    likeness = _products(mine, place, others, candidate)
    order = np.argsort(likeness, kind="stable")  # the most alike is written last
    order = order[likeness[order] >= ALIKE]
    partner[place[order]] = among[candidate[order]]
    exact = np.zeros(len(of), bool)
    first = dict(zip(hashes(windows[among]).tolist(), among.tolist(), strict=True))
    for number, key in enumerate(hashes(windows[of]).tolist()):
        if key in first:
            partner[number], exact[number] = first[key], True
    found = partner >= 0
    return Twins(of[found], partner[found], exact[found])


def _unit(windows: npt.NDArray[np.float32]) -> Floats32:
    """Return windows as vectors (n, C · T) of length 1, each channel less its mean."""
    x = (windows - windows.mean(axis=2, keepdims=True)).reshape(len(windows), -1)
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float32)


def _candidates(mine: Floats32, others: Floats32) -> tuple[Ints, Ints]:
    """Return pairs of rows of the two whose sketches are near enough."""
    from scipy.spatial import cKDTree

    axes = _axes(others)
    reach = np.sqrt(2 - 2 * ALIKE) * (1 + 1e-3)  # with room for rounding
    k = min(NEAREST, len(others))
    near, place = cKDTree(others @ axes).query(mine @ axes, k=k, distance_upper_bound=reach)
    rows, ranks = np.nonzero(np.isfinite(near.reshape(len(mine), k)))
    return rows.astype(np.int64), place.reshape(len(mine), k)[rows, ranks].astype(np.int64)


def _axes(vectors: Floats32) -> Floats32:
    """Return orthonormal axes (C · T, d) along which a sample of the vectors differs most."""
    sample = vectors[np.random.default_rng(0).permutation(len(vectors))[:SAMPLE]].astype(np.float64)
    strength, left = np.linalg.eigh(sample @ sample.T)
    told = np.flatnonzero(strength > 1e-9 * strength[-1])[-SHORT:]
    return (sample.T @ left[:, told] / np.sqrt(strength[told])).astype(np.float32)


def _products(mine: Floats32, rows: Ints, others: Floats32, columns: Ints) -> Floats32:
    """Return the correlations of pairs of rows."""
    parts = [
        np.einsum("ij,ij->i", mine[rows[start : start + BLOCK]], others[columns[start : start + BLOCK]])
        for start in range(0, len(rows), BLOCK)
    ]
    return np.concatenate([*parts, np.zeros(0, np.float32)])
