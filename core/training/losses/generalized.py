"""Generalised cross-entropy: forgives wrong labels."""

from __future__ import annotations

import torch
from torch.nn import functional

from core.training.losses.targets import is_soft


def generalized_cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None, q: float = 0.7
) -> torch.Tensor:
    """Return the batch mean of ``(1 - p_y^q) / q`` (Zhang and Sabuncu 2018): between CE (q → 0) and MAE (q = 1).

    Parameters
    ----------
    logits : (batch, n_outputs) tensor
    targets : (batch,) int64 or (batch, n_outputs) tensor
        Class numbers, or shares of classes: then the mean over the classes by their shares.
    weight : (n_outputs,) tensor, optional
        Multiplies the loss of each class; the sum is divided by the size of the batch.
    q : float
        0 < q ≤ 1; larger forgives wrong labels more.
    """
    p = functional.softmax(logits, dim=1)
    if is_soft(targets):
        counted = targets if weight is None else targets * weight
        # p is kept from 0, where the slope of p^q is infinite.
        return (counted * (1 - (p + 1e-9) ** q) / q).sum(dim=1).mean()
    loss = (1 - (p.gather(1, targets[:, None])[:, 0] + 1e-9) ** q) / q
    return (loss if weight is None else loss * weight[targets]).mean()
