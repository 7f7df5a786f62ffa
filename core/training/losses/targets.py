"""Targets of losses: class numbers (batch,) or shares of classes (batch, n_outputs)."""

from __future__ import annotations

import torch
from torch.nn import functional


def is_soft(targets: torch.Tensor) -> bool:
    """Return whether these are shares of classes."""
    return targets.ndim == 2


def shares(targets: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return targets as shares (batch, n_outputs) of the type of the scores `like`."""
    if is_soft(targets):
        return targets.to(like.dtype)
    return functional.one_hot(targets, like.shape[1]).to(like.dtype)


def weigh(loss: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Return the mean over the batch of losses (batch,), each times the weight of its classes by their shares."""
    return (loss if weight is None else loss * (target @ weight.to(target.dtype))).mean()
