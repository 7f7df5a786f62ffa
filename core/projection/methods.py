"""Ways to draw a feature space in two dimensions. To add one, write its function and add its line to `METHODS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import Rule, finite, whole
from core.errors import InputError
from core.options import Option, choice, whole_number
from core.projection.neighbours import Neighbours
from core.registry import LazyEntry

Floats = npt.NDArray[np.float64]

_NUMBER = finite(above=0)
_RATE = Rule("auto, or a number above 0", lambda value: value == "auto" or _NUMBER.fits(value))


class MapFailed(InputError):
    """A map that came to nothing, such as one that flew apart; the other maps of its grid go on."""


@dataclass(frozen=True)
class Axis:
    """A parameter of which a grid tries several values.

    Attributes
    ----------
    name : str
        As the method takes it.
    values : tuple
        What is tried by default.
    rule : Rule
        What one value may be.
    reach : float
        Neighbours that are needed per unit of the value; values that need more than there are, are left out.
    help : str
        One line for who sets it.
    """

    name: str
    values: tuple[Any, ...]
    rule: Rule
    reach: float = 0
    help: str = ""

    @property
    def title(self) -> str:
        """What a dialog calls it."""
        return self.name.replace("_", " ").capitalize()

    def reaches(self, value: Any, n: int) -> bool:
        """Whether a value has as many neighbours as it needs among `n` events."""
        return not self.reach or self.reach * value < n


@dataclass(frozen=True)
class Method(LazyEntry):
    """A method; what stands at `where` is ``(prepared, params, report) -> Drawn``.

    Attributes
    ----------
    grid : dict
        Option of a projection run → axis of the grid.
    package, extra : str
        What must be installed for it besides what Hitscope always has, and the extra that brings it.
    """

    grid: Mapping[str, Axis] = field(default_factory=dict)
    package: str = ""
    extra: str = ""

    def require(self) -> None:
        """Raise where its package is missing.

        Raises
        ------
        InputError
            Naming the package and how to install it.
        """
        if self.package and find_spec(self.package) is None:
            raise InputError(
                f"{self.title} maps need the package {self.package}, which is not installed",
                remedy=f'Install it with: pip install "hitscope[{self.extra}]", or choose another method',
            )


@dataclass(frozen=True)
class Drawn:
    """A map as its method leaves it.

    Attributes
    ----------
    points : (N, 2) float64 array
    arrays : dict
        What is needed to place new points in it, saved beside it.
    """

    points: Floats
    arrays: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """What all maps of a feature space share.

    Attributes
    ----------
    x : (N, D) float64 array
        Features, centred by `mean` and divided by `spread`, their largest standard deviation: no neighbour changes.
    mean : (D,) float64 array
    spread : float
    axes : (2, D) float64 array
        The first two principal axes of `x`, signs fixed so that the largest loading is positive.
    start : (N, 2) float64 array
        `x` on them: where the other methods begin.
    others : Neighbours
        The nearest other points of each in `x`, as many as the grid needs.
    seed : int
    threads : int
    kept : dict
        What a method keeps from one map for the next.
    """

    x: Floats
    mean: Floats
    spread: float
    axes: Floats
    start: Floats
    others: Neighbours
    seed: int = 0
    threads: int = 1
    kept: dict[Any, Any] = field(default_factory=dict)


# What a grid is given beside the axes of its methods.
GRID_OPTIONS: dict[str, Option] = {
    "iterations": whole_number("Iterations of t-SNE", 1, 500, help="After 250 that are exaggerated"),
    "metric": choice(
        "Distances of the silhouette", {"euclidean": "Euclidean", "sqeuclidean": "squared Euclidean"}, "euclidean"
    ),
}

METHODS: dict[str, Method] = {
    "pca": Method("PCA", "The two directions of largest variance: fast, and a control for the others", "core.projection.pca:draw"),
    "tsne": Method(
        "t-SNE",
        "Keeps neighbours together; distances between groups mean little (openTSNE)",
        "core.projection.tsne:draw",
        {
            "perplexities": Axis("perplexity", (10, 30, 50), finite(least=1), 3, "about how many neighbours count; below N / 3"),
            "exaggerations": Axis("exaggeration", (12, 50), _NUMBER, 0, "early exaggeration"),
            "learning_rates": Axis("learning_rate", ("auto",), _RATE, 0, "auto is N over the exaggeration, at least 200"),
        },
    ),
    "umap": Method(
        "UMAP",
        "Keeps neighbours together, and more of the large shape; new points cannot be placed in it",
        "core.projection.umap:draw",
        {
            "neighbors": Axis("n_neighbors", (15,), whole(2), 1, "how many neighbours count"),
            "min_dists": Axis("min_dist", (0.1,), finite(least=0, most=1), 0, "least distance of points in the map, 0 to 1"),
        },
        package="umap",
        extra="umap",
    ),
}  # fmt: skip
