"""Ways to get features without labels. To add one, write a function and add its line to `OBJECTIVES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from core.jobs import Reporter
from core.pretraining.autoencoder import train_autoencoder

Features = tuple[npt.NDArray[np.float32], dict[str, Any]]


def principal_components(
    x: npt.NDArray[np.float32], *, n_latent: int = 32, seed: int = 0, report: Reporter
) -> Features:
    """Return the first principal components of the flattened windows: the control that learnt features must beat."""
    from sklearn.decomposition import PCA

    flat = x.reshape(len(x), -1)
    pca = PCA(min(n_latent, *flat.shape), random_state=seed)
    vectors = pca.fit_transform(flat).astype(np.float32)
    return vectors, {"explained_variance": float(pca.explained_variance_ratio_.sum())}


OBJECTIVES: dict[str, Callable[..., Features]] = {"autoencoder": train_autoencoder, "pca": principal_components}
