"""Jensen-Shannon divergences between targets and predictions: bounded, so that one wrong label cannot pull for ever."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from core.training.losses.targets import shares, weigh


def jensen_shannon(logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
    """Return the batch mean of ½ KL(t‖m) + ½ KL(p‖m), m = (t + p)/2: symmetric, 0 to log 2 (Lin 1991).

    Parameters
    ----------
    logits : (batch, n_outputs) tensor
        Their softmax is p.
    targets : (batch,) int64 or (batch, n_outputs) tensor
        Class numbers, or shares t of classes.
    weight : (n_outputs,) tensor, optional
        Multiplies the loss of each event, by the shares of its classes.
    """
    target, log_p = shares(targets, logits), functional.log_softmax(logits, dim=1)
    log_m = torch.logaddexp(target.log(), log_p) - math.log(2)
    from_target = (torch.special.xlogy(target, target) - target * log_m).sum(dim=1)
    from_p = (log_p.exp() * (log_p - log_m)).sum(dim=1)
    return weigh((from_target + from_p) / 2, target, weight)


def geometric_jensen_shannon(
    logits: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor | None = None,
    skew: float = 0.5,
    smoothing: float = 0.01,
) -> torch.Tensor:
    """Return the batch mean of the geometric Jensen-Shannon divergence between targets t and predictions p.

    JS^G = (1 − α) KL(t‖g) + α KL(p‖g), where the geometric mean g = t^α p^(1−α) / Z with Z = Σ_k t_k^α p_k^(1−α) stands
    where Jensen-Shannon has the mixture (Nielsen 2019, with the weights of the mean turned round as Deasy et al. 2020).
    As KL(t‖g) = (1 − α) KL(t‖p) + log Z and KL(p‖g) = α KL(p‖t) + log Z,

        JS^G = (1 − α)² KL(t‖p) + α² KL(p‖t) + log Z,

    which is computed. It is KL(t‖p) at α = 0, KL(p‖t) at α = 1, symmetric at α = ½, and 0 only where t = p. Unlike
    Jensen-Shannon it has no upper bound.

    Parameters
    ----------
    logits : (batch, n_outputs) tensor
        Their softmax is p.
    targets : (batch,) int64 or (batch, n_outputs) tensor
        Class numbers, or shares of classes.
    weight : (n_outputs,) tensor, optional
        Multiplies the loss of each event, by the shares of its classes.
    skew : float
        α, 0 to 1.
    smoothing : float
        Part of the target that is spread evenly over the classes; above 0, below 1. KL(p‖t) is infinite where t is 0.
    """
    target, log_p = shares(targets, logits), functional.log_softmax(logits, dim=1)
    t = (1 - smoothing) * target + smoothing / logits.shape[1]
    log_t = t.log()
    p, difference = log_p.exp(), log_t - log_p
    log_z = torch.logsumexp(skew * log_t + (1 - skew) * log_p, dim=1)
    forward, reverse = (t * difference).sum(dim=1), -(p * difference).sum(dim=1)
    loss = (1 - skew) ** 2 * forward + skew**2 * reverse + log_z
    return weigh(loss, target, weight)
