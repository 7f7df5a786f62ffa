"""Deep embedded clustering: pulls embeddings towards centres, the more the surer they are of one (Xie 2016).

Reference specification 5, mended: the target is of the whole set, and no gradient flows through it.
"""

from __future__ import annotations

import torch

from core.checks import check, finite, whole
from core.errors import InputError


def soft_assignment(embedding: torch.Tensor, centres: torch.Tensor, alpha: float = 1.0) -> torch.Tensor:
    """Return how much each embedding belongs to each centre: Student's t of their distance, rows sum to 1.

    Parameters
    ----------
    embedding : (n, d) tensor
    centres : (k, d) tensor
    alpha : float
        Degrees of freedom, above 0.

    Returns
    -------
    (n, k) tensor
        ∝ (1 + |z − c|² / α)^(−(α + 1) / 2).

    Raises
    ------
    InputError
        If alpha is not above 0.
    """
    check(finite(above=0), alpha=alpha)
    squared = (embedding[:, None] - centres).square().sum(dim=2)
    # Through logarithms, so that far embeddings do not become 0 / 0.
    return torch.softmax(torch.log1p(squared / alpha) * (-(alpha + 1) / 2), dim=1)


def target_distribution(q: torch.Tensor) -> torch.Tensor:
    """Return what assignments (n, k) are pulled to: q² over the size of each cluster, rows sum to 1; detached.

    Give the assignments of the whole training set: cluster sizes of a batch are noise.
    """
    q = q.detach()
    sharp = q.square() / q.sum(dim=0)
    return sharp / sharp.sum(dim=1, keepdim=True)


def dec_loss(q: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return KL(target ‖ q) of rows (batch, k), summed over the batch and divided by its size."""
    return torch.nn.functional.kl_div(q.log(), target, reduction="batchmean")


def kmeans_centres(embeddings: torch.Tensor, n: int, seed: int) -> torch.Tensor:
    """Return the centres (n, d) of the best of 20 runs of k-means on embeddings (N, d).

    Raises
    ------
    InputError
        If `n` is no positive whole number, there are fewer embeddings, or some are not finite.
    """
    from sklearn.cluster import KMeans

    check(whole(1), n=n)
    if len(embeddings) < n:
        raise InputError(
            f"{len(embeddings)} embeddings have no {n} centres", remedy="Take fewer centres, or more events"
        )
    if not torch.isfinite(embeddings).all():
        raise InputError("some embeddings are not finite", remedy="Lower the learning rate, or scale the windows")
    found = KMeans(n, n_init=20, random_state=seed).fit(embeddings.detach().cpu().numpy())
    return torch.as_tensor(found.cluster_centers_, dtype=embeddings.dtype, device=embeddings.device)
