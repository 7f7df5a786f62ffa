"""Losses: ``loss(logits, targets, weight) -> scalar``. To add one, write it and add its entry in `registry.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from core.training.registry import LOSSES, check_loss

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean cross-entropy; with class weights, weighted by them and divided by their sum."""
    return functional.cross_entropy(logits, targets, weight)


def generalized_cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None, q: float = 0.7
) -> torch.Tensor:
    """Return the batch mean of ``(1 - p_y^q) / q`` (Zhang and Sabuncu 2018): between CE (q → 0) and MAE (q = 1).

    Parameters
    ----------
    logits : (batch, n_outputs) tensor
    targets : (batch,) int64 tensor
    weight : (n_outputs,) tensor, optional
        Multiplies each sample's loss.
    q : float
        0 < q ≤ 1; larger forgives wrong labels more.
    """
    p = functional.softmax(logits, dim=1).gather(1, targets[:, None])[:, 0]
    loss = (1 - (p + 1e-9) ** q) / q
    return (loss if weight is None else loss * weight[targets]).mean()


def build_loss(name: str, **options: Any) -> Loss:
    """Return the loss of this name with its options.

    Raises
    ------
    InputError
        If there is none, or an option is unknown or out of its range.
    """
    check_loss(name, **options)
    return partial(LOSSES[name].load(), **options)
