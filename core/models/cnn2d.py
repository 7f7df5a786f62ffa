"""The 2D CNN for spectrograms: four blocks that double the filters and halve the image."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from core.checks import check, finite, whole
from core.errors import InputError

N_BLOCKS = 4


class CNN2d(nn.Module):
    """Four blocks of 3×3 convolution, batch norm, leaky ReLU and 2×2 max pooling, then one linear layer.

    Reference specification 1.1, mended: batch norm keeps 1 % of each batch in its running statistics (the published
    0.99 keeps 99 %), and dropout acts on features, not on the class scores.

    Parameters
    ----------
    n_outputs, n_chans, n_freqs, n_frames : int
        Classes; channels and size of the image, at least 16 × 16.
    n_filters : int
        Of the first block; 64 in all published configurations.
    dropout : float
        Before the linear layer; 0 or more, below 1.

    Raises
    ------
    InputError
        If a size is no positive whole number, or the image is too small.
    """

    def __init__(
        self, n_outputs: int, n_chans: int, n_freqs: int, n_frames: int, n_filters: int = 64, dropout: float = 0.2
    ) -> None:
        super().__init__()
        check(whole(1), n_outputs=n_outputs, n_chans=n_chans, n_freqs=n_freqs, n_frames=n_frames, n_filters=n_filters)
        check(finite(least=0, below=1), dropout=dropout)
        shrink = 2**N_BLOCKS
        if n_freqs < shrink or n_frames < shrink:
            raise InputError(
                f"an image of {n_freqs} × {n_frames} is too small for the 2D CNN",
                remedy=f"Give at least {shrink} × {shrink}: a longer window, a smaller hop or a larger nfft",
            )
        widths = [n_chans, *(n_filters * 2**i for i in range(N_BLOCKS))]
        self.encoder = nn.Sequential(*(_block(a, b) for a, b in pairwise(widths)))
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(widths[-1] * (n_freqs // shrink) * (n_frames // shrink), n_outputs)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return the features (batch, n_features) of images (batch, n_chans, n_freqs, n_frames)."""
        return torch.flatten(self.encoder(x), 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the class scores (batch, n_outputs) of images (batch, n_chans, n_freqs, n_frames)."""
        scores: torch.Tensor = self.classifier(self.dropout(self.embed(x)))
        return scores


def _block(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1),
        nn.BatchNorm2d(n_out, eps=1e-3, momentum=0.01),
        nn.LeakyReLU(0.01),
        nn.MaxPool2d(2),
    )
