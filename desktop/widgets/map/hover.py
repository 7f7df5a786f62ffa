"""Which point is nearest to the pointer: a k-d tree, built in the background for each map."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from desktop.services.tasks import TaskPool
from desktop.widgets.map.areas import warm_up
from desktop.widgets.map.cloud import Cloud

_numbers = itertools.count(1)


class Nearest:
    """Answers in O(log N) once its tree is there; until then there is no nearest point."""

    def __init__(self, tasks: TaskPool) -> None:
        self._tasks = tasks
        self._key = f"map tree {next(_numbers)}"  # one for each map: a newer cloud of this map supersedes the older
        self._tree: Any = None

    @property
    def ready(self) -> bool:
        """Whether the tree is there."""
        return self._tree is not None

    def take(self, cloud: Cloud) -> None:
        """Build the tree of another cloud."""
        self._tree = None
        if len(cloud):
            self._tasks.submit(self._key, _build, cloud, done=self._built)

    def row(self, place: tuple[float, float], within: float) -> int | None:
        """Return the row nearest to a place, if it is not farther than `within`."""
        if self._tree is None:
            return None
        distance, row = self._tree.query(place, distance_upper_bound=within)
        return int(row) if np.isfinite(distance) else None

    def _built(self, tree: Any) -> None:
        self._tree = tree


def nearest_row(cloud: Cloud, place: tuple[float, float], within: float) -> int | None:
    """Return the same by looking at every point: for a click before the tree is there. O(N)."""
    if not len(cloud):
        return None
    distances = np.hypot(*(cloud.places - np.asarray(place, np.float32)).T)
    row = int(distances.argmin())
    return row if distances[row] < within else None


def _build(cloud: Cloud) -> Any:
    from scipy.spatial import cKDTree

    warm_up()
    # Unbalanced: thousands of points at one place would make the search for medians slow.
    return cKDTree(cloud.places, balanced_tree=False)
