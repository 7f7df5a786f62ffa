"""Cross-entropy, with labels as they are, as shares of classes, or smoothed."""

from __future__ import annotations

import torch
from torch.nn import functional

from core.training.losses.targets import is_soft, shares


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean cross-entropy; with class weights, weighted by them and divided by their sum.

    Parameters
    ----------
    logits : (batch, n_outputs) tensor
    targets : (batch,) int64 or (batch, n_outputs) tensor
        Class numbers, or shares of classes.
    weight : (n_outputs,) tensor, optional
    """
    if is_soft(targets):
        return soft_cross_entropy(logits, targets, weight)
    return functional.cross_entropy(logits, targets, weight)


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
    """Return −Σ w_k t_k log p_k over batch and classes, divided by Σ w_k t_k: one-hot shares t give `cross_entropy`."""
    shared = targets.to(logits.dtype)
    counted = shared if weight is None else shared * weight.to(logits.dtype)
    return -(counted * functional.log_softmax(logits, dim=1)).sum() / counted.sum()


def label_smoothing(
    logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None, smoothing: float = 0.1
) -> torch.Tensor:
    """Return the cross-entropy of targets of which `smoothing` (0 to 1) is spread evenly over all classes (Szegedy 2016)."""
    target = shares(targets, logits)
    return soft_cross_entropy(logits, (1 - smoothing) * target + smoothing / logits.shape[1], weight)
