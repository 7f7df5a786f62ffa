"""What a model that can be guided computes on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Parts:
    """The outputs that a guided loss is made of.

    Attributes
    ----------
    logits : (batch, n_outputs) tensor
        The class scores that the model returns.
    auxiliary : dict of str to (batch, n_outputs) tensor
        Class scores from one view alone, by its name; empty where the model has no auxiliary heads.
    embedding : (batch, d) tensor
        The fused embedding.
    """

    logits: torch.Tensor
    auxiliary: dict[str, torch.Tensor]
    embedding: torch.Tensor
