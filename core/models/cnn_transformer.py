"""The 1D CNN-Transformer for raw signals: convolutions shorten the signal, attention reads what is left."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from core.checks import YES_OR_NO, check, finite, one_of, whole
from core.errors import InputError
from core.models.encoder_layer import Dropout, EncoderLayer


class SignalEncoder(nn.Module):
    """Convolutions, class token, sinusoidal positions and Transformer encoder: (batch, d_model).

    Parameters
    ----------
    n_chans, n_times : int
        Channels, samples.
    d_model, n_heads, d_hidden, n_layers : int
        Width, heads, feed-forward width and number of the encoder layers.
    n_conv : int
        How many times the one shared convolution is applied, each time halving the length.
    dropout : float
        0 or more, below 1.
    norm_first : bool
        Norms before attention and feed-forward, and one more at the end, instead of after (as published).
    pooling : str
        ``token``: the output of a learned class token (as published); ``mean``: the mean of the signal's tokens, without
        a class token.

    Raises
    ------
    InputError
        If a size is no positive whole number, a choice is unknown, the heads do not divide the width, or the window is too
        short.
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        d_model: int = 128,
        n_heads: int = 8,
        d_hidden: int = 64,
        n_layers: int = 8,
        n_conv: int = 2,
        dropout: float = 0.1,
        norm_first: bool = False,
        pooling: str = "token",
    ) -> None:
        super().__init__()
        self.positions: torch.Tensor
        check(whole(1), n_chans=n_chans, n_times=n_times, n_layers=n_layers)
        check(whole(1), d_model=d_model, n_heads=n_heads, d_hidden=d_hidden)
        check(whole(0), n_conv=n_conv)
        check(finite(least=0, below=1), dropout=dropout)
        check(YES_OR_NO, norm_first=norm_first)
        check(one_of(POOLINGS), pooling=pooling)
        if d_model % n_heads:
            raise InputError(f"{d_model} features do not divide into {n_heads} heads", remedy="Choose a divisor")
        n_tokens = token_count(n_times, n_conv)
        if n_tokens < 1:
            raise InputError(
                f"a window of {n_times} samples is too short for {n_conv} halvings",
                remedy=f"Give at least {shortest(n_conv)} samples, or fewer halvings (n_conv)",
            )
        self.n_conv, self.d_model, self.pooling = n_conv, d_model, pooling
        self.conv1 = TokenConv1d(n_chans, 128, 3)
        self.conv2 = TokenConv1d(128, d_model, 3, padding=1)
        self.conv = TokenConv1d(d_model, d_model, 3)
        self.class_token = nn.Parameter(torch.randn(d_model)) if pooling == "token" else None
        self.dropout = Dropout(dropout)
        layer = EncoderLayer(d_model, n_heads, d_hidden, dropout, norm_first)
        final = nn.LayerNorm(d_model) if norm_first else None
        self.transformer = nn.TransformerEncoder(layer, n_layers, final, enable_nested_tensor=False)
        first = 0 if self.class_token is None else 1
        self.register_buffer("positions", sinusoids(n_tokens + first, d_model), persistent=False)

    def tokens(self, x: torch.Tensor) -> torch.Tensor:
        """Return the tokens (batch, n, d_model) of signals (batch, n_chans, n_times), the class token first."""
        out: torch.Tensor = self.transformer(self._placed(x))
        return out

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return the embeddings (batch, d_model) of signals (batch, n_chans, n_times)."""
        out = self._in_training(self._placed(x)) if self.training else self.tokens(x)
        return POOLINGS[self.pooling](out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the embeddings (batch, d_model) of signals (batch, n_chans, n_times)."""
        return self.embed(x)

    def _placed(self, x: torch.Tensor) -> torch.Tensor:
        # Sample by sample, all channels together, as the tokens are read afterwards.
        x = x.unsqueeze(2).clone(memory_format=torch.channels_last).squeeze(2)
        x = nn.functional.leaky_relu(self.conv1(x))
        x = nn.functional.leaky_relu(self.conv2(x))
        for _ in range(self.n_conv):
            # The larger of two stays the larger under a rising function: pooled first, half is left to compute.
            x = nn.functional.leaky_relu(nn.functional.max_pool1d(self.conv(x), 2))
        x = x.transpose(1, 2)
        if self.class_token is not None:
            x = torch.cat([self.class_token.expand(x.shape[0], 1, -1), x], dim=1)
        placed: torch.Tensor = self.dropout(x * math.sqrt(self.d_model) + self.positions)
        return placed

    def _in_training(self, x: torch.Tensor) -> torch.Tensor:
        """Return the tokens that are pooled. In evaluation all are computed, as the counts of the papers have it."""
        *layers, last = self.transformer.layers
        for layer in layers:
            x = layer.forward_in_training(x)
        x = last.forward_in_training(x, first_only=self.pooling == "token")
        return x if self.transformer.norm is None else self.transformer.norm(x)


POOLINGS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "token": lambda tokens: tokens[:, 0],
    "mean": lambda tokens: tokens.mean(dim=1),
}


class CNNTransformer(SignalEncoder):
    """A `SignalEncoder` and two linear layers, each after a norm.

    Reference specification 1.2, with correct positions (the variant that adds one constant vector is not repeated).

    Parameters
    ----------
    n_outputs : int
        Classes.
    n_chans, n_times, d_model, n_heads, d_hidden, n_layers, n_conv, dropout, norm_first, pooling
        As `SignalEncoder`.
    n_projection : int
        Width between the two linear layers.

    Raises
    ------
    InputError
        If a size is no positive whole number, a choice is unknown, the heads do not divide the width, or the window is too
        short.
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
        norm_first: bool = False,
        pooling: str = "token",
    ) -> None:
        check(whole(1), n_outputs=n_outputs, n_projection=n_projection)
        super().__init__(n_chans, n_times, d_model, n_heads, d_hidden, n_layers, n_conv, dropout, norm_first, pooling)
        self.norm1, self.projection = nn.LayerNorm(d_model), nn.Linear(d_model, n_projection)
        self.norm2, self.classifier = nn.LayerNorm(n_projection), nn.Linear(n_projection, n_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the class scores (batch, n_outputs) of signals (batch, n_chans, n_times)."""
        scores: torch.Tensor = self.classifier(self.norm2(self.projection(self.norm1(self.embed(x)))))
        return scores


class TokenConv1d(nn.Conv1d):
    """A 1D convolution computed as one of images a pixel high, which keeps the layout of its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, n_out, time) of signals (batch, n_in, time)."""
        padding = (0, *map(int, self.padding))
        return nn.functional.conv2d(x.unsqueeze(2), self.weight.unsqueeze(2), self.bias, padding=padding).squeeze(2)


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
