"""The 1D CNN-Transformer for raw signals: convolutions shorten the signal, attention reads what is left."""

from __future__ import annotations

import math

import torch
from torch import nn

from core.checks import check, finite, whole
from core.errors import InputError


class CNNTransformer(nn.Module):
    """Convolutions, class token, sinusoidal positions, post-norm Transformer encoder, two linear layers.

    Reference specification 1.2, with correct positions (the variant that adds one constant vector is not repeated).

    Parameters
    ----------
    n_outputs, n_chans, n_times : int
        Classes, channels, samples.
    d_model, n_heads, d_hidden, n_layers : int
        Width, heads, feed-forward width and number of the encoder layers.
    n_projection : int
        Width between the two linear layers.
    n_conv : int
        How many times the one shared convolution is applied, each time halving the length.
    dropout : float
        0 or more, below 1.

    Raises
    ------
    InputError
        If a size is no positive whole number, the heads do not divide the width, or the window is too short.
    """

    def __init__(
        self,
        n_outputs: int,
        n_chans: int,
        n_times: int,
        d_model: int = 128,
        n_heads: int = 8,
        d_hidden: int = 64,
        n_layers: int = 8,
        n_projection: int = 10,
        n_conv: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.positions: torch.Tensor
        check(whole(1), n_outputs=n_outputs, n_chans=n_chans, n_times=n_times, n_layers=n_layers)
        check(whole(1), d_model=d_model, n_heads=n_heads, d_hidden=d_hidden, n_projection=n_projection)
        check(whole(0), n_conv=n_conv)
        check(finite(least=0, below=1), dropout=dropout)
        if d_model % n_heads:
            raise InputError(f"{d_model} features do not divide into {n_heads} heads", remedy="Choose a divisor")
        n_tokens = token_count(n_times, n_conv)
        if n_tokens < 1:
            raise InputError(
                f"a window of {n_times} samples is too short for {n_conv} halvings",
                remedy=f"Give at least {shortest(n_conv)} samples, or fewer halvings (n_conv)",
            )
        self.n_conv, self.d_model = n_conv, d_model
        self.conv1 = nn.Conv1d(n_chans, 128, 3)
        self.conv2 = nn.Conv1d(128, d_model, 3, padding=1)
        self.conv = nn.Conv1d(d_model, d_model, 3)
        self.class_token = nn.Parameter(torch.randn(d_model))
        self.dropout = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(d_model, n_heads, d_hidden, dropout, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False)
        self.register_buffer("positions", sinusoids(n_tokens + 1, d_model), persistent=False)
        self.norm1, self.projection = nn.LayerNorm(d_model), nn.Linear(d_model, n_projection)
        self.norm2, self.classifier = nn.LayerNorm(n_projection), nn.Linear(n_projection, n_outputs)

    def tokens(self, x: torch.Tensor) -> torch.Tensor:
        """Return the tokens (batch, 1 + n_tokens, d_model) of signals (batch, n_chans, n_times), class token first."""
        x = nn.functional.leaky_relu(self.conv1(x))
        x = nn.functional.leaky_relu(self.conv2(x))
        for _ in range(self.n_conv):
            x = nn.functional.max_pool1d(nn.functional.leaky_relu(self.conv(x)), 2)
        x = torch.cat([self.class_token.expand(x.shape[0], 1, -1), x.transpose(1, 2)], dim=1)
        out: torch.Tensor = self.transformer(self.dropout(x * math.sqrt(self.d_model) + self.positions))
        return out

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return the class token's output (batch, d_model)."""
        return self.tokens(x)[:, 0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the class scores (batch, n_outputs) of signals (batch, n_chans, n_times)."""
        scores: torch.Tensor = self.classifier(self.norm2(self.projection(self.norm1(self.embed(x)))))
        return scores


def token_count(n_times: int, n_conv: int) -> int:
    """Return the number of tokens that a signal becomes, without the class token."""
    length = n_times - 2
    for _ in range(n_conv):
        length = (length - 2) // 2
    return length


def shortest(n_conv: int) -> int:
    """Return the shortest window that leaves one token."""
    length = 1
    for _ in range(n_conv):
        length = 2 * length + 2
    return length + 2


def sinusoids(n: int, d: int) -> torch.Tensor:
    """Return positional encodings (n, d): sine on even and cosine on odd components, base 10,000 (Vaswani 2017)."""
    position = torch.arange(n, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, d, 2, dtype=torch.float32) * (-math.log(10_000.0) / d))
    table = torch.zeros(n, d)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)[:, : d // 2]
    return table
