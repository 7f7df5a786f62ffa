"""What to label next by where events lie: density, low quality, coverage."""

from __future__ import annotations

import numpy as np

from core.annotation.inputs import Floats, neighbour_lists
from core.annotation.pool import Asked, Pool

AROUND = 10  # neighbours that make a neighbourhood


def density(pool: Pool, n: int) -> list[Asked]:
    """Return events in the middle of many: whose 10th neighbour is nearest, one per neighbourhood, unlabelled ones first.

    Events among the 10 nearest of a labelled one, or of one already asked, come after all others.
    """
    points = pool.map
    if len(points) < 2:
        return []
    lists = neighbour_lists(points, min(AROUND, len(points) - 1), pool.neighbours)
    radius = np.sqrt(((points - points[lists[:, -1]]) ** 2).sum(axis=1))
    wider = np.floor(100 * (1 - np.searchsorted(np.sort(radius), radius, side="right") / len(radius)))
    order = pool.free[np.argsort(radius[pool.free], kind="stable")]
    taken = np.zeros(len(points), bool)
    taken[lists[pool.hard >= 0]] = True
    chosen: list[int] = []
    later: list[int] = []
    for row in order.tolist():
        (later if taken[row] else chosen).append(row)
        if not taken[row]:
            taken[lists[row]] = True
        if len(chosen) == n:
            break
    count = lists.shape[1]
    return [
        pool.asked(
            row,
            radius[row],
            f"Its {count} nearest lie within {radius[row]:.3g} of it, closer than those of {wider[row]:.0f} % of events:"
            " its label speaks for many.",
        )
        for row in (chosen + later)[:n]
    ]


def low_quality(pool: Pool, n: int) -> list[Asked]:
    """Return the events of the lowest local quality: the map cannot be trusted to bring them a label."""
    quality: Floats = pool.column(np.asarray(pool.quality, dtype=np.float64), "quality").astype(np.float64)
    middle = float(np.nanmedian(quality)) if np.isfinite(quality).any() else float("nan")

    def why(row: int) -> str:
        return (
            f"The map kept little of its neighbourhood: quality {quality[row]:.2f}, where the median is {middle:.2f}."
        )

    return [Asked(a.id, -a.value, a.why) for a in pool.first(-quality, n, why)]


def coverage(pool: Pool, n: int) -> list[Asked]:
    """Return events far from all that is labelled or already asked: k-centre, greedy (Gonzalez 1985; Sener 2018).

    Where nothing is labelled, the first is the one nearest to the mean of all. O(N·D) for each asked.
    """
    points, free = pool.map, pool.free
    if not len(free):
        return []
    far = _to_labelled(pool)[free]
    result = []
    for _ in range(min(n, len(free))):
        if np.isinf(far).any():
            place = int(((points[free] - points.mean(axis=0)) ** 2).sum(axis=1).argmin())
            why = f"Nothing is labelled yet, and it lies nearest to the middle of all {len(points):,} events."
        else:
            place = int(far.argmax())
            why = f"It lies {far[place]:.3g} from the nearest event that is labelled or asked, farther than any other."
        result.append(pool.asked(free[place], 0.0 if np.isinf(far[place]) else far[place], why))
        far = np.minimum(far, np.sqrt(((points[free] - points[free[place]]) ** 2).sum(axis=1)))
        far[place] = -1.0  # asked: not again, even where all points are the same
    return result


def _to_labelled(pool: Pool) -> Floats:
    """Return each point's distance to the nearest labelled one; infinity where there is none."""
    from scipy.spatial import KDTree

    known = pool.map[pool.hard >= 0]
    if not len(known):
        return np.full(len(pool.map), np.inf)
    distance: Floats = KDTree(known).query(pool.map)[0]
    return distance
