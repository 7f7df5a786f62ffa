"""The 2D CNN for spectrograms: four blocks that widen the features and halve the image."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn

from core.checks import check, finite, one_of, whole
from core.errors import InputError

N_BLOCKS = 4
POOLINGS: dict[str, Callable[[int], nn.Module]] = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}
# Filters of a block, from those of the first and its place.
GROWTHS: dict[str, Callable[[int, int], int]] = {
    "multiplicative": lambda first, place: first * 2**place,
    "additive": lambda first, place: first + 10 * place,
}


class ImageEncoder(nn.Sequential):
    """Four blocks of 3×3 convolution, batch norm, leaky ReLU and 2×2 pooling, then flattened: (batch, n_features).

    Parameters
    ----------
    n_chans, n_freqs, n_frames : int
        Channels and size of the image, at least 16 × 16.
    n_filters : int
        Of the first block; 64 in all published configurations.
    pooling : str
        ``max`` or ``average``.
    growth : str
        ``multiplicative`` (n_filters times 1, 2, 4, 8: all published configurations) or ``additive`` (plus 0, 10, 20, 30).

    Raises
    ------
    InputError
        If a size is no positive whole number, a choice is unknown, or the image is too small.
    """

    def __init__(
        self,
        n_chans: int,
        n_freqs: int,
        n_frames: int,
        n_filters: int = 64,
        pooling: str = "max",
        growth: str = "multiplicative",
    ) -> None:
        check(whole(1), n_chans=n_chans, n_freqs=n_freqs, n_frames=n_frames, n_filters=n_filters)
        check(one_of(POOLINGS), pooling=pooling)
        check(one_of(GROWTHS), growth=growth)
        shrink = 2**N_BLOCKS
        if n_freqs < shrink or n_frames < shrink:
            raise InputError(
                f"an image of {n_freqs} × {n_frames} is too small for the 2D CNN",
                remedy=f"Give at least {shrink} × {shrink}: a longer window, a smaller hop or a larger nfft",
            )
        widths = [n_chans, *(GROWTHS[growth](n_filters, place) for place in range(N_BLOCKS))]
        super().__init__(*(_block(a, b, pooling) for a, b in pairwise(widths)))
        self.n_features = widths[-1] * (n_freqs // shrink) * (n_frames // shrink)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the features (batch, n_features) of images (batch, n_chans, n_freqs, n_frames)."""
        # Pixel by pixel, all channels together: pooling and batch norm take a third of the time.
        features: torch.Tensor = super().forward(x.clone(memory_format=torch.channels_last))
        return torch.flatten(features, 1)


class CNN2d(nn.Module):
    """An `ImageEncoder` and one linear layer.

    Reference specification 1.1, mended: batch norm keeps 1 % of each batch in its running statistics (the published
    0.99 keeps 99 %), and dropout acts on features, not on the class scores.

    Parameters
    ----------
    n_outputs : int
        Classes.
    n_chans, n_freqs, n_frames, n_filters, pooling, growth
        As `ImageEncoder`.
    dropout : float
        Before the linear layer; 0 or more, below 1.

    Raises
    ------
    InputError
        If a size is no positive whole number, a choice is unknown, or the image is too small.
    """

    def __init__(
        self,
        n_outputs: int,
        n_chans: int,
        n_freqs: int,
        n_frames: int,
        n_filters: int = 64,
        dropout: float = 0.2,
        pooling: str = "max",
        growth: str = "multiplicative",
    ) -> None:
        super().__init__()
        check(whole(1), n_outputs=n_outputs)
        check(finite(least=0, below=1), dropout=dropout)
        self.encoder = ImageEncoder(n_chans, n_freqs, n_frames, n_filters, pooling, growth)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(self.encoder.n_features, n_outputs)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return the features (batch, n_features) of images (batch, n_chans, n_freqs, n_frames)."""
        features: torch.Tensor = self.encoder(x)
        return features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the class scores (batch, n_outputs) of images (batch, n_chans, n_freqs, n_frames)."""
        scores: torch.Tensor = self.classifier(self.dropout(self.embed(x)))
        return scores


def _block(n_in: int, n_out: int, pooling: str) -> nn.Sequential:
    activation, pool = nn.LeakyReLU(0.01), POOLINGS[pooling](2)
    # The largest of four stays the largest under a rising function: pooled first, a quarter is left to compute.
    ends = (pool, activation) if pooling == "max" else (activation, pool)
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out, eps=1e-3, momentum=0.01), *ends)
