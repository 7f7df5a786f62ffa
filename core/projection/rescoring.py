"""Scoring maps anew when labels have changed since they were made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.projection.maps import ProjectionSet, rank_maps
from core.projection.scores import silhouette

SCORED = 5_000  # labelled points of which the silhouette is taken, at most: it looks at all pairs


@dataclass(frozen=True)
class Rescored:
    """Maps ranked by the labels as they are now.

    Attributes
    ----------
    maps : ProjectionSet
        With the new silhouettes, and which is best, middle and worst by them.
    n : int
        Labelled points of which the silhouettes are.
    n_labelled : int
        Labelled points that count; more than `n` where a sample was drawn.
    seed : int
        Of the draw.
    """

    maps: ProjectionSet
    n: int
    n_labelled: int
    seed: int


def rescore(
    maps: ProjectionSet,
    labels: npt.ArrayLike,
    metric: str = "euclidean",
    *,
    most: int = SCORED,
    seed: int = 0,
    stop: Callable[[], None] = lambda: None,
) -> Rescored:
    """Return the maps with the silhouettes of other labels, ranked by them; by mean quality where too few are labelled.

    Parameters
    ----------
    maps : ProjectionSet
    labels : (N,) int array
        One for each of its events, -1 for unlabelled points, which play no part; nor do events of test subjects, unless
        the features are transductive, and those that were placed in the finished maps.
    metric : str
        As of `silhouette`.
    most : int
        Labelled points that are looked at; of more, so many are drawn at random, the same for all maps.
    seed : int
        Of the draw.
    stop : callable
        Called before each map; what it raises ends the work.

    Raises
    ------
    InputError
        If there is not one label per event.
    """
    given = np.asarray(labels)
    if given.shape != maps.ids.shape:
        raise InputError(f"{given.size} labels for {len(maps.ids)} events", remedy="Give one label per event")
    known = np.flatnonzero((given >= 0) & maps.events.usable & ~maps.events.placed)
    rows = known if len(known) <= most else np.sort(np.random.default_rng(seed).choice(known, most, replace=False))
    scored = []
    for one in maps.maps:
        stop()
        scored.append(replace(one, silhouette=_silhouette(one.points[rows], given[rows], metric)))
    about = [{"silhouette": one.silhouette, "mean_quality": one.scores.get("mean_quality")} for one in scored]
    if any(all(each[name] is not None for each in about) for name in about[0]):  # old runs kept no mean quality
        ranked = rank_maps(about)
        maps = replace(maps, **{name: ranked[name] for name in ("best", "middle", "worst")})
    return Rescored(replace(maps, maps=scored), len(rows), len(known), seed)


def _silhouette(points: npt.NDArray[np.float64], labels: npt.NDArray[np.integer], metric: str) -> float | None:
    try:
        return silhouette(points, labels, metric)
    except InputError:
        return None  # too few are labelled
