"""Scoring maps anew when labels have changed since they were made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.projection.maps import ProjectionSet, rank_maps
from core.projection.scores import SCORED, scored_rows, silhouettes

NOISE = 1.96  # standard errors that a difference must exceed
SEEN = 0.01  # of a score: what is nearer is the same to whoever reads two decimals


@dataclass(frozen=True)
class Rescored:
    """Maps ranked by the labels as they are now.

    Attributes
    ----------
    maps : ProjectionSet
        With the new silhouettes, and which is best, middle and worst by them.
    n : int
        Labelled points that were looked at.
    n_labelled : int
        Labelled points that count; more than `n` where a sample was drawn.
    seed : int
        Of the draw.
    each : list of (n_scored,) float64 arrays or None
        Of each map, the silhouettes of the points that it is the mean of, the same for all.
    """

    maps: ProjectionSet
    n: int
    n_labelled: int
    seed: int
    each: list[npt.NDArray[np.float64] | None] = field(default_factory=list, compare=False, repr=False)

    def is_better(self, one: int, other: int) -> bool:
        """Return whether a map is better than another by more than the noise of its score, and than can be seen.

        The noise of a difference of silhouettes is that of its mean over the labelled points: 1.96 standard errors, the
        points taken as they come, in pairs.
        """
        a, b = self.each[one], self.each[other]
        if a is not None and b is not None:
            lead, noise = float((a - b).mean()), NOISE * float((a - b).std(ddof=1)) / len(a) ** 0.5
            return lead >= max(noise, SEEN)
        first, second = (self.maps.maps[which].scores.get("mean_quality", 0.0) for which in (one, other))
        return first - second >= SEEN


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

    Classes with fewer than `LEAST_OF_CLASS` labels have no say: see `scored_rows`.

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
    counting = np.where(maps.events.usable & ~maps.events.placed, given, -1)
    n_labelled = int((counting >= 0).sum())
    rows = scored_rows(counting, most, seed)
    scored, each = [], []
    for one in maps.maps:
        stop()
        each.append(silhouettes(one.points, given, rows, metric))
        scored.append(one.scored(each[-1]))
    about = [{"silhouette": one.silhouette, "mean_quality": one.scores.get("mean_quality")} for one in scored]
    if any(all(each[name] is not None for each in about) for name in about[0]):  # old runs kept no mean quality
        ranked = rank_maps(about)
        maps = replace(maps, **{name: ranked[name] for name in ("best", "middle", "worst")})
    return Rescored(replace(maps, maps=scored), min(n_labelled, most), n_labelled, seed, each)
