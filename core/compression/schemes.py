"""Ternary and binary weights: each scheme a small parametrization with its equation.

To add one, write a `Scheme` and add its entry to `core.compression.registry`. A scheme's `codes` are -1, 0, +1. Weights are
not normalised, neither in training nor after it, so that a model computes with the same weights in both.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

Pair = tuple[torch.Tensor, torch.Tensor]
SMALLEST_THRESHOLD = 1e-8


class Ternarise(torch.autograd.Function):
    """``w_p·[code = 1] - w_n·[code = -1]`` with the gradients of TTQ (Zhu et al. 2017), signs corrected.

    ``∂L/∂w`` is ``w_p g``, ``g`` or ``w_n g`` by code (straight through); ``∂L/∂w_p = Σ g`` over code 1;
    ``∂L/∂w_n = -Σ g`` over code -1, since the weight there is ``-w_n``. (The public code adds instead.)
    """

    @staticmethod
    def forward(ctx: Any, w: torch.Tensor, codes: torch.Tensor, w_p: torch.Tensor, w_n: torch.Tensor) -> torch.Tensor:
        """Return the ternary weight."""
        positive, negative = codes > 0, codes < 0
        ctx.save_for_backward(positive, negative, w_p, w_n)
        return w_p * positive - w_n * negative

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of w, (codes), w_p, w_n."""
        (g,) = gradients
        positive, negative, w_p, w_n = ctx.saved_tensors
        through = torch.where(positive, w_p * g, torch.where(negative, w_n * g, g))
        return through, None, (g * positive).sum(), -(g * negative).sum()


class Scheme(nn.Module):
    """A parametrization: says which weights are positive, negative and zero, and what the model computes with."""

    def start(self, w: torch.Tensor) -> None:
        """Set what is learnt to where learning starts for weights `w`; nothing, unless a scheme has something."""

    def codes(self, w: torch.Tensor) -> torch.Tensor:
        """Return -1, 0 or 1 for each weight."""
        raise TypeError(f"{type(self).__name__} does not say what its codes are")

    def thresholds(self, w: torch.Tensor) -> Pair:
        """Return the bounds ``(low, high)`` of the weights that become 0."""
        raise TypeError(f"{type(self).__name__} does not say what its thresholds are")


def threshold_codes(w: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """Return 1 above `high`, -1 below `low`, 0 between."""
    return (w > high).to(w.dtype) - (w < low).to(w.dtype)


class TwoScales(Scheme):
    """``+w_p`` where the code is 1, ``-w_n`` where it is -1, 0 elsewhere, with both scales learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.w_p = nn.Parameter(torch.ones(()))
        self.w_n = nn.Parameter(torch.ones(()))

    def start(self, w: torch.Tensor) -> None:
        """Set the scales to the mean magnitude of the weights they stand for."""
        with torch.no_grad():
            codes = self.codes(w)
            for scale, side in ((self.w_p, codes > 0), (self.w_n, codes < 0)):
                scale.copy_(w[side].abs().mean() if side.any() else w.abs().mean())

    def codes(self, w: torch.Tensor) -> torch.Tensor:
        """Return -1, 0 or 1 for each weight."""
        return threshold_codes(w, *self.thresholds(w))

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weight that the model computes with."""
        out: torch.Tensor = Ternarise.apply(w, self.codes(w.detach()), self.w_p, self.w_n)
        return out


class TTQ(TwoScales):
    """Δ = t·max|w|: +w_p above Δ, -w_n below -Δ (Zhu et al. 2017)."""

    def __init__(self, t: float = 0.05) -> None:
        super().__init__()
        self.t = t

    def thresholds(self, w: torch.Tensor) -> Pair:
        """Return ``(-Δ, Δ)``."""
        delta = self.t * w.abs().max()
        return -delta, delta


class AsymmetricTTQ(TwoScales):
    """Δ_min = μ + t_min·σ and Δ_max = μ + t_max·σ of the whole tensor: +w_p above Δ_max, -w_n below Δ_min (aTTQ)."""

    def __init__(self, t_min: float = -1.0, t_max: float = 1.0) -> None:
        super().__init__()
        self.t_min, self.t_max = t_min, t_max

    def thresholds(self, w: torch.Tensor) -> Pair:
        """Return ``(Δ_min, Δ_max)``, with the unbiased σ."""
        return w.mean() + self.t_min * w.std(), w.mean() + self.t_max * w.std()


class PruningTTQ(TwoScales):
    """pTTQ as it was meant: δ = |μ + t·σ| with learnt t, 0 inside [-δ_min, δ_max], thresholds that follow the loss.

    The pruning function ``p = ReLU(w-δ_max) + δ_max·S(α(w-δ_max)) - ReLU(-w-δ_min) - δ_min·S(α(-w-δ_min))`` gives the
    thresholds their gradient, ``∂L/∂t = Σ g·∂p/∂t`` with μ and σ constant. (The published code leaves `g` out, so that its
    thresholds ignore the loss, and takes its zeros from the underflow of the sigmoid in float32.)
    """

    def __init__(self, t_min: float = 1.0, t_max: float = 1.0, alpha: float = 1000.0) -> None:
        super().__init__()
        self.t_min = nn.Parameter(torch.tensor(float(t_min)))
        self.t_max = nn.Parameter(torch.tensor(float(t_max)))
        self.alpha = alpha

    def deltas(self, w: torch.Tensor) -> Pair:
        """Return ``(δ_min, δ_max)``, differentiable in the thresholds, which are kept at 1e-8 or above."""
        for t in (self.t_min, self.t_max):
            # The bound is put on the parameter itself, past autograd: one that had drifted below would take as long to
            # come back.
            t.data.clamp_(min=SMALLEST_THRESHOLD)
        mean, std = w.detach().mean(), w.detach().std()
        return (mean + self.t_min * std).abs(), (mean + self.t_max * std).abs()

    def thresholds(self, w: torch.Tensor) -> Pair:
        """Return ``(-δ_min, δ_max)``."""
        low, high = self.deltas(w)
        return -low.detach(), high.detach()

    def prune(self, w: torch.Tensor) -> torch.Tensor:
        """Return the pruning function p."""
        return pruning(w, *self.deltas(w), self.alpha)

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weight that the model computes with."""
        smooth = self.prune(w.detach())
        return super().forward(w) + (smooth - smooth.detach())


class TWN(Scheme):
    """Δ = 0.7·mean|w|, one scale, the mean of |w| above Δ: nothing is learnt but w (Li and Liu 2016)."""

    def thresholds(self, w: torch.Tensor) -> Pair:
        """Return ``(-Δ, Δ)``."""
        delta = 0.7 * w.abs().mean()
        return -delta, delta

    def codes(self, w: torch.Tensor) -> torch.Tensor:
        """Return -1, 0 or 1 for each weight."""
        return threshold_codes(w, *self.thresholds(w))

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weight that the model computes with."""
        codes = self.codes(w.detach())
        scale = (w.detach().abs() * codes.abs()).sum() / codes.abs().sum().clamp_min(1)
        return scale * codes + (w - w.detach())


class DoReFa(Scheme):
    """mean|w|·sign(w), sign(0) = 1: one bit per weight, straight-through gradient (Zhou et al. 2016)."""

    def codes(self, w: torch.Tensor) -> torch.Tensor:
        """Return -1 or 1 for each weight."""
        return torch.where(w >= 0, 1.0, -1.0).to(w.dtype)

    def thresholds(self, w: torch.Tensor) -> Pair:
        """Return ``(0, 0)``: nothing becomes 0."""
        return w.new_zeros(()), w.new_zeros(())

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weight that the model computes with."""
        return w.detach().abs().mean() * self.codes(w.detach()) + (w - w.detach())


def pruning(w: torch.Tensor, low: torch.Tensor, high: torch.Tensor, alpha: float) -> torch.Tensor:
    """Return the pruning function of pTTQ for thresholds ``low = δ_min`` and ``high = δ_max``."""
    right = torch.relu(w - high) + high * torch.sigmoid(alpha * (w - high))
    left = torch.relu(-w - low) + low * torch.sigmoid(alpha * (-w - low))
    return right - left
