"""The Transformer's encoder layer, faster to train: the same equations and the same names of weights."""

from __future__ import annotations

import torch
from torch import nn


class Dropout(nn.Dropout):
    """Dropout whose mask is drawn from 16 random bits a number, four numbers a draw; rates are rounded to 1/65536."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with a share of ``p`` set to 0 and the rest scaled up, in training."""
        if not self.training or self.p == 0:
            return x
        kept = min(max(round((1 - self.p) * 2**16), 1), 2**16 - 1)
        bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        mask = bits.view(torch.int16)[: x.numel()].view(x.shape) < kept - 2**15
        return x * (mask * (2**16 / kept))


class EncoderLayer(nn.TransformerEncoderLayer):
    """Multi-head attention and a feed-forward network with ReLU, as `nn.TransformerEncoderLayer` (batch first).

    Parameters
    ----------
    d_model, n_heads, d_hidden : int
        Width, heads, feed-forward width.
    dropout : float
    norm_first : bool
        Norms before attention and feed-forward instead of after.
    """

    def __init__(self, d_model: int, n_heads: int, d_hidden: int, dropout: float, norm_first: bool = False) -> None:
        super().__init__(d_model, n_heads, d_hidden, dropout, batch_first=True, norm_first=norm_first)
        self.dropout, self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout), Dropout(dropout)
        self.attention_dropout = Dropout(dropout)

    def forward_in_training(self, x: torch.Tensor, first_only: bool = False) -> torch.Tensor:
        """Return what the layer makes of tokens (batch, n, d_model); of the first token alone if the rest is not used."""
        residual = x[:, :1] if first_only else x
        if self.norm_first:
            normed = self.norm1(x)
            out = residual + self.dropout1(self._attend(normed[:, : residual.shape[1]], normed))
            return out + self._feed_forward(self.norm2(out))
        out = self.norm1(residual + self.dropout1(self._attend(residual, x)))
        ended: torch.Tensor = self.norm2(out + self._feed_forward(out))
        return ended

    def _feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.dropout2(self.linear2(self.dropout(torch.relu(self.linear1(x)))))
        return out

    def _attend(self, queries: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        part = self.self_attn
        d, heads = part.embed_dim, part.num_heads
        if queries is tokens:
            q, k, v = nn.functional.linear(tokens, part.in_proj_weight, part.in_proj_bias).chunk(3, dim=-1)
        else:
            q = nn.functional.linear(queries, part.in_proj_weight[:d], part.in_proj_bias[:d])
            k, v = nn.functional.linear(tokens, part.in_proj_weight[d:], part.in_proj_bias[d:]).chunk(2, dim=-1)
        q, k, v = (side.unflatten(-1, (heads, -1)).transpose(1, 2) for side in (q, k, v))
        shares = torch.softmax((q * (d // heads) ** -0.5) @ k.transpose(-1, -2), dim=-1)
        out: torch.Tensor = part.out_proj((self.attention_dropout(shares) @ v).transpose(1, 2).flatten(-2))
        return out
