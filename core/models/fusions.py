"""Ways to make one embedding of two. To add one, write a class and add its entry to `FUSIONS` in the registry.

Each takes two embeddings (batch, d) and returns (batch, d · `copies`).
"""

from __future__ import annotations

import torch
from torch import nn


class Concatenation(nn.Module):
    """The embedding of the spectrogram, then that of the raw signal."""

    copies = 2

    def forward(self, raw: torch.Tensor, spectrogram: torch.Tensor) -> torch.Tensor:
        """Return (batch, 2 d)."""
        return torch.cat([spectrogram, raw], dim=1)


class Sum(nn.Module):
    """Their sum."""

    copies = 1

    def forward(self, raw: torch.Tensor, spectrogram: torch.Tensor) -> torch.Tensor:
        """Return (batch, d)."""
        return raw + spectrogram


class Product(nn.Module):
    """Their product, feature by feature."""

    copies = 1

    def forward(self, raw: torch.Tensor, spectrogram: torch.Tensor) -> torch.Tensor:
        """Return (batch, d)."""
        return raw * spectrogram


class WeightedSum(nn.Module):
    """Their sum with two learned weights of any sign, in the order raw, spectrogram."""

    copies = 1

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.Parameter(torch.randn(2))

    def weights(self) -> torch.Tensor:
        """Return the weights (2,) of raw and spectrogram."""
        return self.scales

    def forward(self, raw: torch.Tensor, spectrogram: torch.Tensor) -> torch.Tensor:
        """Return (batch, d)."""
        of_raw, of_spectrogram = self.weights()
        return of_raw * raw + of_spectrogram * spectrogram


class SoftmaxSum(WeightedSum):
    """Their mean with two learned weights that are positive and sum to 1."""

    def weights(self) -> torch.Tensor:
        """Return the weights (2,) of raw and spectrogram."""
        return torch.softmax(self.scales, dim=0)
