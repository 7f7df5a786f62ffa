"""What a step of training makes small: the loss of the scores, of auxiliary heads, of clusters and of linked pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.errors import InputError
from core.training.augment import Augmentation
from core.training.losses import Loss, embedding_links, probability_links
from core.training.pairs import Pairs
from core.training.settings import Guidance, Links
from core.training.side import Side

Outputs = dict[str, torch.Tensor]


@dataclass
class Objective:
    """The losses of a stage.

    Attributes
    ----------
    loss : Loss
    weight : (n_outputs,) tensor or None
        Class weights.
    augment : Augmentation
    guidance : Guidance or None
    links : Links or None
    pairs : Pairs or None
    target : (N, n_clusters) tensor or None
        What the assignment of each event to the clusters is drawn to in this epoch.
    predicted : (n,) tensor or None
        The classes that the rows of the last step were given.
    """

    loss: Loss
    weight: torch.Tensor | None
    augment: Augmentation
    guidance: Guidance | None = None
    links: Links | None = None
    pairs: Pairs | None = None
    target: torch.Tensor | None = None
    predicted: torch.Tensor | None = None

    def __call__(self, net: nn.Module, side: Side, rows: torch.Tensor, linked: torch.Tensor) -> torch.Tensor:
        """Return the loss of some rows and of some pairs, given by their numbers, in one pass through the network."""
        ends = self._ends(linked)
        views = self.augment(side.take(torch.cat([rows, ends])))
        out: Outputs = net(*views)
        n, targets = len(rows), side.targets[rows.to(side.targets.device)]
        value = self.loss(out["logits"][:n], targets, self.weight)
        self.predicted = out["logits"][:n].detach().argmax(dim=1)
        if self.guidance is not None:
            value = value + self._guide(out, n, targets, rows)
        if len(ends):
            value = value + self._link(out, n, linked)
        return value

    def _guide(self, out: Outputs, n: int, targets: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        assert self.guidance is not None
        total = torch.zeros((), device=targets.device)
        for view, weight in self.guidance.auxiliary.items():
            if f"auxiliary.{view}" not in out:
                heads = ", ".join(name.removeprefix("auxiliary.") for name in out if name.startswith("auxiliary."))
                raise InputError(
                    f"the model has no auxiliary head {view}", remedy=f"It has: {heads or 'none; build it guided'}"
                )
            total = total + weight * self.loss(out[f"auxiliary.{view}"][:n], targets, self.weight)
        if self.target is not None:
            from core.models.dec import dec_loss

            total = total + self.guidance.dec * dec_loss(out["assignment"][:n], self.target[rows.to(targets.device)])
        return total

    def _ends(self, linked: torch.Tensor) -> torch.Tensor:
        """Return the rows of both ends of pairs: first all left ones, then all right ones."""
        if self.pairs is None or not len(linked):
            return torch.empty(0, dtype=torch.int64)
        return torch.from_numpy(self.pairs.rows)[linked].T.reshape(-1)

    def _link(self, out: Outputs, n: int, linked: torch.Tensor) -> torch.Tensor:
        assert self.links is not None
        assert self.pairs is not None
        on_scores = self.links.on == "probabilities"
        left, right = out["logits" if on_scores else "embedding"][n:].chunk(2)
        must = torch.from_numpy(self.pairs.must)[linked].to(left.device)
        loss: Callable[..., torch.Tensor] = probability_links if on_scores else embedding_links
        margin = {} if self.links.margin is None else {"margin": self.links.margin}
        return self.links.weight * loss(left, right, must, **margin)


def class_weights(y: npt.NDArray[np.generic], n_classes: int, how: str | None) -> torch.Tensor | None:
    """Return n / (K · n_k) for each of the K classes that occur, 0 for others; None if none are wanted.

    Parameters
    ----------
    y : (n,) int or (n, n_classes) float array
        Class numbers, or shares, whose sums are then the n_k.
    n_classes : int
    how : str or None
        ``balanced``.
    """
    if how is None:
        return None
    if how != "balanced":
        raise InputError(f"unknown class weights {how!r}", remedy="Use balanced, or none")
    counts = y.sum(axis=0) if y.ndim == 2 else np.bincount(y, minlength=n_classes)
    weights = np.where(counts > 0, len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1e-9)), 0.0)
    return torch.tensor(weights, dtype=torch.float32)
