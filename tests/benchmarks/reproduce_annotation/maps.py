"""Features, their maps, neighbour lists and qualities; everything here is made without any label."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from core.pretraining import OBJECTIVES, train_autoencoder
from core.projection import local_quality, neighbours_of, project_grid

from .cache import Cache

SEED = 0
N_LATENT = 32
MOST_NEIGHBOURS = 15
# Perplexity, early exaggeration, learning rate: the published grid, so ordered that any first few of it reach from good to bad.
FIRST = [
    (30, 50, 1000),
    (30, 500, 10),
    (50, 50, 1000),
    (10, 250, 10),
    (30, 250, 100),
    (10, 50, 1000),
    (50, 500, 100),
    (10, 500, 10),
    (10, 500, 1000),
]
PUBLISHED_GRID = FIRST + [c for c in product((10, 30, 50), (50, 250, 500), (10, 100, 1000)) if c not in FIRST]
DEFAULT = (30, 12, "auto")  # Hitscope's, which is not in the published grid


@dataclass(frozen=True)
class Drawn:
    """A map: its points, the nearest others of each in it, and the local quality over its maximum."""

    name: str
    points: np.ndarray
    neighbours: np.ndarray
    quality: np.ndarray
    seconds: float


def autoencoder(x: np.ndarray, **settings: Any) -> dict[str, np.ndarray]:
    """Return latents of the project's autoencoder, its losses, and the commit that made them."""
    vectors, summary = train_autoencoder(x.astype(np.float32), n_latent=N_LATENT, seed=SEED, **settings)
    return {"x": vectors, "losses": np.array(summary["train_loss"]), "commit": np.array(commit())}


def as_published(epochs: int) -> dict[str, Any]:
    """Return the settings of the published annotation study, but for the number of epochs."""
    settings = OBJECTIVES["autoencoder"].presets["reference"].options
    return {name: value for name, value in settings.items() if name != "n_latent"} | {"epochs": epochs}


def commit() -> str:
    """Return the commit that is run, empty where there is none."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def components(x: np.ndarray, n: int = N_LATENT) -> dict[str, np.ndarray]:
    """Return the first principal components of flattened inputs."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    flat = flat - flat.mean(axis=0)
    _, axes = np.linalg.eigh(flat.T @ flat)
    return {"x": flat @ axes[:, ::-1][:, :n]}


def features(cache: Cache, name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return features `x` with the nearest others of each point in them, `neighbours`."""
    kept = cache.arrays(name, make)
    lists = cache.arrays(f"{name}-neighbours", lambda: {"neighbours": neighbours_of(kept["x"], MOST_NEIGHBOURS)})
    return kept | {"neighbours": lists["neighbours"]}


def grid(cache: Cache, name: str, x: np.ndarray, n_maps: int) -> list[Drawn]:
    """Return the t-SNE map of Hitscope's defaults and the first of the published grid, `n_maps` in all."""
    return _maps(cache, name, x, [DEFAULT, *PUBLISHED_GRID][:n_maps])


def published(cache: Cache, name: str, x: np.ndarray, n_maps: int) -> list[Drawn]:
    """Return the first `n_maps` t-SNE maps of the published grid alone."""
    return _maps(cache, name, x, PUBLISHED_GRID[:n_maps])


def _maps(cache: Cache, name: str, x: np.ndarray, cells: list[tuple]) -> list[Drawn]:
    """Return maps; one that flew apart is left out."""
    return [drawn for cell in cells if (drawn := _map(cache, name, x, cell)) is not None]


def plane(cache: Cache, name: str, x: np.ndarray) -> Drawn:
    """Return the map of the first two principal components, the control."""
    drawn = _map(cache, name, x, None)
    assert drawn is not None
    return drawn


def _map(cache: Cache, name: str, x: np.ndarray, cell: tuple | None) -> Drawn | None:
    title = "pca" if cell is None else "perplexity {}, exaggeration {}, rate {}".format(*cell)
    kept = cache.arrays(f"{name}-{title.replace(', ', '-').replace(' ', '_')}", lambda: _drawn(x, cell))
    if not len(kept["points"]):
        return None
    return Drawn(title, kept["points"], kept["neighbours"], kept["quality"], float(kept["seconds"]))


def _drawn(x: np.ndarray, cell: tuple | None) -> dict[str, np.ndarray]:
    if cell is None:
        made = list(project_grid(x, methods=["pca"]))
    else:
        made = list(project_grid(x, *([value] for value in cell), seed=SEED, methods=["tsne"]))
    if not made:
        return {"points": np.zeros((0, 2))}
    points = made[0][1]
    quality = local_quality(x, points, normalize="max")
    return {"points": points, "neighbours": neighbours_of(points, MOST_NEIGHBOURS), "quality": quality}
