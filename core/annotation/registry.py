"""Ways of propagating labels, by name. To add one, write it in a file of its own and add its entry to `PROPAGATORS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from core.checks import Rule, check_each, check_names, finite, whole
from core.registry import LazyEntry

if TYPE_CHECKING:
    from core.annotation.proposal import Proposal


@dataclass(frozen=True)
class Parameter:
    """A number that a method is given.

    Attributes
    ----------
    title, symbol : str
    start : float
        What is proposed.
    low, high, step : float
        What a slider offers; `rule` may allow more.
    rule : Rule
    unit : str
        Written behind the value.
    """

    title: str
    symbol: str
    start: float
    low: float
    high: float
    step: float
    rule: Rule
    unit: str = ""


@dataclass(frozen=True)
class PropagatorEntry(LazyEntry):
    """A way of propagating; `where` is a function ``(points, labels, quality, *, ids, neighbours, **parameters)``.

    Attributes
    ----------
    parameters : mapping of str to Parameter
    judged_most : int or None
        Points of which `core.annotation.cross_validate` judges it at most; of more, it draws a sample. None for all.
    swept : bool
        Whether it is quick enough to be judged at many τ and k; else its trade-off is over the share of the surest labels.
    """

    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    judged_most: int | None = None
    swept: bool = False

    def run(
        self,
        points: npt.ArrayLike,
        labels: npt.ArrayLike,
        quality: npt.ArrayLike | None,
        neighbours: npt.ArrayLike | None = None,
        *,
        ids: npt.ArrayLike | None = None,
        **params: Any,
    ) -> Proposal:
        """Propose labels; parameters that are not given have their start value.

        Raises
        ------
        InputError
            If it has no such parameter, a value is out of its range, or as `core.annotation.propagate`.
        """
        check_names(self.title, params, self.parameters)
        values = {name: parameter.start for name, parameter in self.parameters.items()} | params
        check_each({name: parameter.rule for name, parameter in self.parameters.items()}, values)
        proposal: Proposal = self.load()(points, labels, quality, ids=ids, neighbours=neighbours, **values)
        return proposal


K = Parameter("Neighbours", "k", 10, 1, 50, 1, whole(1))
TAU = Parameter("Least quality", "τ", 0.1, 0.0, 1.0, 0.01, finite())
ALPHA = Parameter("Share taken from the neighbours", "α", 0.2, 0.05, 0.95, 0.05, finite(above=0, most=0.99))
SUREST = Parameter("Surest labels only", "top", 100, 1, 100, 1, finite(above=0, most=100), " %")  # of any method

PROPAGATORS: dict[str, PropagatorEntry] = {
    "lq_knn": PropagatorEntry(
        "LQ-KNN",
        "From trusted points to trusted neighbours; of several offers, the one of the best quality",
        "core.annotation.lqknn:propagate",
        {"k": K, "tau": TAU},
        swept=True,
    ),
    "lq_knn_unsorted": PropagatorEntry(
        "LQ-KNN, unsorted",
        "Between trusted points, but the first to come gives; depends on the order of the data",
        "core.annotation.lqknn:propagate_unsorted",
        {"k": K, "tau": TAU},
    ),
    "std_knn": PropagatorEntry(
        "Std-KNN",
        "To the nearest points whatever the quality; the first to come gives; to compare with",
        "core.annotation.standard:propagate_std",
        {"k": K},
    ),
    "opf_semi": PropagatorEntry(
        "OPF-semi",
        "Optimum-path forest: every point gets the label it reaches by the shortest longest step; to compare with",
        "core.annotation.opf:propagate_opf",
        judged_most=15_000,  # five times all pairs
    ),
    "spreading": PropagatorEntry(
        "Label spreading",
        "All labels diffuse over the neighbours until nothing changes, and give shares of the classes (Zhou 2004)",
        "core.annotation.spreading:propagate_spreading",
        {"k": K, "alpha": ALPHA},
    ),
}
