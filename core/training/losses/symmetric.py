"""Symmetric cross-entropy: learns from clean labels as cross-entropy does, and gives way to wrong ones."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from core.training.losses.cross_entropy import cross_entropy
from core.training.losses.targets import shares, weigh


def symmetric_cross_entropy(
    logits: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor | None = None,
    alpha: float = 0.1,
    beta: float = 1.0,
    A: float = -6.0,
) -> torch.Tensor:
    """Return α·CE + β·RCE (Wang et al. 2019), where RCE = −Σ p_k log t_k has the prediction as its target.

    Parameters
    ----------
    logits : (batch, n_outputs) tensor
    targets : (batch,) int64 or (batch, n_outputs) tensor
    weight : (n_outputs,) tensor, optional
        As `cross_entropy` for CE; multiplies the RCE of each event.
    alpha, beta : float
        0 or more.
    A : float
        Stands for log 0; below 0.
    """
    target = shares(targets, logits)
    # Of the public code: at the floor of p, the gradient of RCE ends.
    p = functional.softmax(logits, dim=1).clamp(min=1e-7, max=1.0)
    reverse = -(p * target.clamp(min=math.exp(A), max=1.0).log()).sum(dim=1)
    return alpha * cross_entropy(logits, targets, weight) + beta * weigh(reverse, target, weight)
