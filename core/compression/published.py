"""The schemes as the public code has them, faults included: to reproduce its numbers, never to compress a model.

They differ from `core.compression.schemes` in that scales start at 1; the gradient of w_n is ``+Σ g`` although the weight
is ``-w_n`` (TTQ, pTTQ); the negative class of aTTQ is ``+w_n``; the zeros of pTTQ are where the sigmoids of the pruning
function underflow (in float32, 88.7/α inside the thresholds), and its thresholds move along ``Σ ∂p/∂t`` whatever the loss.
"""

from __future__ import annotations

from typing import Any

import torch

from core.compression.schemes import TTQ, AsymmetricTTQ, PruningTTQ, TwoScales


class PublishedTernarise(torch.autograd.Function):
    """``w_p·[code = 1] + sign·w_n·[code = -1]``; the gradient of w_n is ``Σ g`` over code -1, whatever the sign."""

    @staticmethod
    def forward(
        ctx: Any, w: torch.Tensor, codes: torch.Tensor, w_p: torch.Tensor, w_n: torch.Tensor, sign: float
    ) -> torch.Tensor:
        """Return the ternary weight."""
        positive, negative = codes > 0, codes < 0
        ctx.save_for_backward(positive, negative, w_p, w_n)
        return w_p * positive + sign * w_n * negative

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of w, (codes), w_p, w_n, (sign)."""
        (g,) = gradients
        positive, negative, w_p, w_n = ctx.saved_tensors
        through = torch.where(positive, w_p * g, torch.where(negative, w_n * g, g))
        return through, None, (g * positive).sum(), (g * negative).sum(), None


class LossBlind(torch.autograd.Function):
    """The identity of a weight that hands each threshold a slope as its gradient, not multiplied by the upstream one."""

    @staticmethod
    def forward(
        ctx: Any, w: torch.Tensor, t_min: torch.Tensor, t_max: torch.Tensor, slope_min: float, slope_max: float
    ) -> torch.Tensor:
        """Return `w`."""
        ctx.save_for_backward(t_min.new_tensor(slope_min), t_max.new_tensor(slope_max))
        return w.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of w, t_min, t_max, (slopes)."""
        return gradients[0], *ctx.saved_tensors, None, None


class Published(TwoScales):
    """What the three have in common."""

    sign = -1.0

    def start(self, w: torch.Tensor) -> None:
        """Leave the scales at 1."""

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weight that the model computes with."""
        out: torch.Tensor = PublishedTernarise.apply(w, self.codes(w.detach()), self.w_p, self.w_n, self.sign)
        return out


class PublishedTTQ(Published, TTQ):
    """`TTQ` with the gradient of w_n of the wrong sign."""


class PublishedAsymmetricTTQ(Published, AsymmetricTTQ):
    """`AsymmetricTTQ` with ``+w_n`` for the negative class, so that at the start both classes are equal."""

    sign = 1.0


class PublishedPruningTTQ(Published, PruningTTQ):
    """`PruningTTQ` with zeros by underflow, and thresholds that ignore the loss and the sign of the absolute value."""

    def codes(self, w: torch.Tensor) -> torch.Tensor:
        """Return the sign of the pruning function, 0 where it is exactly 0."""
        return torch.sign(self.prune(w)).detach()

    def slopes(self, w: torch.Tensor) -> tuple[float, float]:
        """Return ``Σ ∂p/∂t_min`` and ``Σ ∂p/∂t_max`` with ``∂δ/∂t = σ``."""
        low, high = (delta.detach() for delta in self.deltas(w))
        return -self._slope(-w, low), self._slope(w, high)

    def _slope(self, w: torch.Tensor, delta: torch.Tensor) -> float:
        soft = torch.sigmoid(self.alpha * (w - delta))
        # Written out, not left to autograd, since where it nearly cancels its rounding is what the public code follows.
        return float(w.std() * (soft - (w > delta).to(w.dtype) - delta * self.alpha * soft * (1 - soft)).sum())

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weight that the model computes with."""
        out: torch.Tensor = LossBlind.apply(
            Published.forward(self, w), self.t_min, self.t_max, *self.slopes(w.detach())
        )
        return out
