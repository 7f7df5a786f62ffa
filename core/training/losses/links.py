"""Link constraints: pairs of events that must, or cannot, be of one class, whichever that is."""

from __future__ import annotations

import torch
from torch.nn import functional


def probability_links(left: torch.Tensor, right: torch.Tensor, must: torch.Tensor, margin: float = 2.0) -> torch.Tensor:
    """Return the mean loss of pairs by their predictions (Hsu and Kira 2016).

    d = KL(p*‖q) + KL(q*‖p), where * marks what is taken as it is, without a gradient. A pair that must be together costs
    d; one that cannot, max(0, margin − KL) of either side.

    Parameters
    ----------
    left, right : (pairs, n_outputs) tensors
        Class scores of the two events of each pair; softmax makes p and q of them.
    must : (pairs,) bool tensor
        Whether they must be of one class; else they cannot.
    margin : float
        Of KL, nat; above 0. Predictions further apart cost nothing.
    """
    log_p, log_q = functional.log_softmax(left, dim=1), functional.log_softmax(right, dim=1)
    loss = torch.zeros_like(log_p[:, 0])
    for one, other in ((log_p.detach(), log_q), (log_q.detach(), log_p)):
        apart = (one.exp() * (one - other)).sum(dim=1)
        loss = loss + torch.where(must, apart, functional.relu(margin - apart))
    return loss.mean()


def embedding_links(left: torch.Tensor, right: torch.Tensor, must: torch.Tensor, margin: float = 1.0) -> torch.Tensor:
    """Return the mean contrastive loss of pairs by their embeddings (Hadsell, Chopra and LeCun 2006).

    A pair that must be together costs d², one that cannot max(0, margin − d)², d being the distance of the embeddings
    after each is scaled to length 1, 0 to 2.

    Parameters
    ----------
    left, right : (pairs, d) tensors
    must : (pairs,) bool tensor
    margin : float
        Above 0.
    """
    difference = functional.normalize(left, dim=1) - functional.normalize(right, dim=1)
    square = difference.square().sum(dim=1)
    # The slope of a root is infinite at 0: two equal embeddings that must be apart would get NaN.
    distance = (square + 1e-12).sqrt()
    return torch.where(must, square, functional.relu(margin - distance).square()).mean()
