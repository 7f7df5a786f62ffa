"""Principal components of windows, in blocks of windows, with what places new ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import Reporter
from core.pretraining.encoders import Array, Arrays, Inputs, Learnt, blocks, moments

SPARE, PASSES = 10, 8  # directions more than asked for, and times through all windows


class PrincipalComponents:
    """Axes of windows: each value less its mean, over the standard deviation of its channel.

    One standard deviation per channel, not per sample: samples that hardly vary would else weigh as much as those that do.

    Parameters
    ----------
    mean : (1, …) array
    spread : (1, C, 1, …) array
    axes : (D, features) array
        Orthonormal columns, the first along the largest variance.
    """

    def __init__(self, mean: Array, spread: Array, axes: Array) -> None:
        self.mean, self.spread, self.axes = mean, spread, axes
        self.names = tuple(f"component {n + 1}" for n in range(axes.shape[1]))

    def standardised(self, part: Array) -> Array:
        """Return windows as rows of standardised values."""
        return ((part - self.mean) / self.spread).reshape(len(part), -1).astype(np.float32)

    def embed(self, inputs: Inputs) -> Array:
        """Return the coordinates along the axes."""
        out = np.empty((len(inputs.x), self.axes.shape[1]), np.float32)
        for block in blocks(len(out)):
            out[block] = self.standardised(inputs.x[block]) @ self.axes
        return out

    def to_state(self) -> tuple[dict[str, Any], Arrays]:
        """Return mean, spread and axes."""
        return {}, {"mean": self.mean, "spread": self.spread, "axes": self.axes}

    @classmethod
    def from_state(cls, card: Mapping[str, Any], arrays: Arrays) -> Self:
        """Make it again."""
        return cls(arrays["mean"], arrays["spread"], arrays["axes"])


def learn(
    inputs: Inputs,
    fit: npt.NDArray[np.bool_],
    *,
    n_latent: int,
    seed: int,
    report: Reporter,
    folder: Path | None = None,
) -> Learnt:
    """Find the first principal components of the rows at `fit`.

    Subspace iteration in blocks (Halko, Martinsson and Tropp 2011, algorithm 4.4): O(N·D·n_latent) time, and memory for
    one block and the axes beside the windows themselves. Exact where `n_latent` + 10 directions are all there are.

    Raises
    ------
    InputError
        If fewer than two windows are left, or all are the same.
    """
    x, rows = inputs.x, np.flatnonzero(fit)
    if len(rows) < 2:
        raise InputError(f"{len(rows)} windows are too few to find components of", remedy="Choose more events")
    mean, _ = moments(x, fit, axes=(0,))
    _, spread = moments(x, fit, axes=(0, *range(2, x.ndim)))
    if not np.any(spread > 0):
        raise InputError(
            "windows that are all the same have no components", remedy="Choose other events or another window"
        )
    spread = np.where(spread > 0, spread, 1.0)
    n_values = int(np.prod(x.shape[1:]))
    start = PrincipalComponents(mean.astype(np.float32), spread.astype(np.float32), np.empty((n_values, 0), np.float32))
    axes, shares = _subspace(x, rows, start, min(n_latent, n_values, len(rows) - 1), seed, report)
    encoder = PrincipalComponents(start.mean, start.spread, axes)
    return Learnt("pca", encoder, {"explained_variance": float(shares.sum()), "explained_by_each": shares.tolist()})


def _subspace(
    x: Array, rows: npt.NDArray[np.intp], scale: PrincipalComponents, n_latent: int, seed: int, report: Reporter
) -> tuple[Array, npt.NDArray[np.float64]]:
    """Return the axes (D, n_latent) and the share of variance along each."""
    n_values = int(np.prod(x.shape[1:]))
    n_kept = min(n_latent + SPARE, n_values)
    basis, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((n_values, n_kept)))
    for done in range(PASSES):
        product, total = np.zeros((n_values, n_kept)), 0.0
        for block in blocks(len(rows)):
            report.check()
            part = scale.standardised(x[rows[block]])
            product += part.T @ (part @ basis.astype(np.float32))
            total += float(np.square(part, dtype=np.float64).sum())
        small = basis.T @ product
        if done < PASSES - 1:
            basis, _ = np.linalg.qr(product)
        report.progress(done + 1, PASSES, "components")
    values, turns = np.linalg.eigh((small + small.T) / 2)
    order = np.argsort(values)[::-1][:n_latent]
    axes = basis @ turns[:, order]
    # The sign of an axis is arbitrary; made so that its largest entry is positive, the same data give the same signs.
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return axes.astype(np.float32), np.maximum(values[order], 0.0) / (
        total or 1.0
    )  # copies of one window vary in nothing
