"""A grid of maps: which are made, and one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import check, check_names, list_of, one_of, whole
from core.errors import InputError
from core.jobs import NullReporter, Reporter
from core.projection.methods import METHODS, Drawn, MapFailed, Prepared
from core.projection.neighbours import Neighbours, checked_points, search
from core.projection.pca import principal_axes
from core.projection.search import usable_threads

ITERATIONS = 500  # of t-SNE, after those that are exaggerated
DEFAULT_METHODS = ("pca", "tsne")


@dataclass(frozen=True)
class Cell:
    """One map of the grid.

    Attributes
    ----------
    method : str
        Key in `METHODS`.
    params : dict
        Title of the method and its parameters, as they are kept with the map.
    reach : int
        How many neighbours of each point it needs.
    """

    method: str
    params: dict[str, Any]
    reach: int

    @property
    def title(self) -> str:
        """One line for progress and log."""
        values = (f"{name.replace('_', ' ')} {value}" for name, value in self.params.items() if name != "method")
        return ", ".join([self.params["method"], *values])


def plan_grid(n: int, options: Mapping[str, Any], report: Reporter) -> list[Cell]:
    """Return the maps that options ask for.

    Parameters
    ----------
    n : int
        Number of points.
    options : mapping
        ``methods`` (keys of `METHODS`; by default PCA and t-SNE), ``iterations``, and the options of the grids of the
        methods, each a list of values. Values that need more neighbours than there are, are left out, with a line in
        the log.

    Raises
    ------
    InputError
        If an option or a method is not known, a value is no such value, a package is missing, or nothing is left.
    """
    known = {"methods", "iterations"}.union(*(method.grid for method in METHODS.values()))
    check_names("a grid of maps", options, sorted(known))
    methods = options.get("methods", DEFAULT_METHODS)
    check(list_of("methods", one_of(METHODS)), methods=methods)
    check(whole(1), iterations=options.get("iterations", ITERATIONS))
    cells = [cell for key in dict.fromkeys(methods) for cell in _cells(key, n, options, report)]
    if not cells:
        raise InputError(f"no map of this grid can be made of {n} points", remedy="Choose smaller values, or add PCA")
    return cells


def _cells(key: str, n: int, options: Mapping[str, Any], report: Reporter) -> Iterator[Cell]:
    method = METHODS[key]
    method.require()
    values, reach = [], []
    for option, axis in method.grid.items():
        given = options.get(option, axis.values)
        check(list_of("values", axis.rule), **{option: given})
        usable = [value for value in dict.fromkeys(given) if not axis.reach or axis.reach * value < n]
        for value in dict.fromkeys(given):
            if value not in usable:
                name = axis.name.replace("_", " ").capitalize()
                report.log(
                    f"{name} {value:g} was left out: it needs more than {axis.reach * value:g} events, there are {n}."
                )
        values.append(usable)
        reach.append(axis.reach)
    names = [axis.name for axis in method.grid.values()]
    more = {"iterations": options.get("iterations", ITERATIONS)} if key == "tsne" else {}
    for chosen in product(*values):
        needs = max((int(r * v) for r, v in zip(reach, chosen, strict=True) if r), default=0)
        yield Cell(key, {"method": method.title, **dict(zip(names, chosen, strict=True)), **more}, needs)


class Share(NullReporter):
    """The reporter of one map: its progress is a part of that of the grid."""

    def __init__(self, report: Reporter, number: int, total: int, title: str) -> None:
        self._report, self._number, self._total, self._title = report, number, total, title

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say how far the grid is."""
        self._report.progress(self._number + done / total, self._total, message or self._title)

    def check(self) -> None:
        """Raise if the grid should stop."""
        self._report.check()


def prepare(
    vectors: npt.NDArray[np.float64], others: Callable[[npt.NDArray[np.float64]], Neighbours], seed: int = 0
) -> Prepared:
    """Return what all maps of a feature space share; `others` gives neighbours of `vectors`.

    Raises
    ------
    InputError
        If there are fewer than four points, or all are the same.
    """
    spread = float(vectors.std(axis=0).max())
    if len(vectors) < 4 or spread == 0 or (vectors == vectors[0]).all():
        what = f"{len(vectors)} points" + (" that are all the same" if len(vectors) >= 4 else "")
        raise InputError(f"a map of {what} shows nothing", remedy="Choose more events, or other features")
    mean = vectors.mean(axis=0)
    x = (vectors - mean) / spread
    axes = principal_axes(x)
    lists = others(vectors)
    lists = Neighbours(lists.index, lists.distance / spread)
    return Prepared(x, mean, spread, axes, x @ axes.T, lists, seed, threads_for(len(x)))


def threads_for(n: int) -> int:
    """Return how many threads draw a map of n points: for few, threads wait for one another longer than they work."""
    return usable_threads() if n > 2_000 else 1


def draw_cell(prepared: Prepared, cell: Cell, report: Reporter) -> Drawn:
    """Make one map.

    Raises
    ------
    MapFailed
        If it flew apart, or holds values that are not finite.
    """
    drawn: Drawn = METHODS[cell.method].load()(prepared, cell.params, report)
    if not np.isfinite(drawn.points).all():
        raise MapFailed("the map holds values that are not finite", remedy="Choose a smaller learning rate")
    return drawn


def project_grid(
    vectors: npt.ArrayLike,
    perplexities: Sequence[float] = (10, 30, 50),
    exaggerations: Sequence[float] = (12, 50),
    learning_rates: Sequence[float | str] = ("auto",),
    seed: int = 0,
    iterations: int = ITERATIONS,
    report: Reporter | None = None,
    **options: Any,
) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.float64]]]:
    """Yield parameters and points of PCA and of a t-SNE map for each combination (openTSNE).

    Parameters
    ----------
    vectors : (N, D) array
        Features; each is centred and divided by the largest standard deviation, which changes no neighbour.
    perplexities : sequence of float
        Those of N / 3 or more are left out, with a line in the log.
    exaggerations : sequence of float
        Early exaggeration, for the first 250 iterations.
    learning_rates : sequence of float or "auto"
        ``auto`` is N over the exaggeration, at least 200.
    seed : int
        The same seed gives the same maps.
    iterations : int
        After the exaggeration.
    **options
        As in `plan_grid`: other ``methods``, and the options of their grids.

    Raises
    ------
    InputError
        If there are fewer than four points, or all are the same; see `plan_grid`. A map that fails is left out, with a
        line in the log.
    """
    report = report or NullReporter()
    points = checked_points(vectors)
    grid = {"perplexities": perplexities, "exaggerations": exaggerations, "learning_rates": learning_rates}
    cells = plan_grid(len(points), {**grid, "iterations": iterations, **options}, report)
    reach = max(cell.reach for cell in cells)
    prepared = prepare(points, lambda x: search(x, None, reach + 1, report.check).others(), seed)
    for number, cell in enumerate(cells):
        report.check()
        report.progress(number, len(cells), cell.title)
        try:
            yield cell.params, draw_cell(prepared, cell, Share(report, number, len(cells), cell.title)).points
        except MapFailed as failed:
            report.log(f"{cell.title}: {failed}")
