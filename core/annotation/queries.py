"""What to label next, by name. To add a way, write a function ``(pool, n) -> list of Asked`` and add it to `QUERIES`."""

from __future__ import annotations

from dataclasses import dataclass

from core.annotation.pool import Asked, Pool
from core.checks import check, whole
from core.errors import InputError
from core.registry import LazyEntry, chosen


@dataclass(frozen=True)
class QueryEntry(LazyEntry):
    """A way of choosing; `where` is its function.

    Attributes
    ----------
    needs : str
        Field of the pool that it works on: ``points``, ``quality`` or ``probabilities``.
    models : int
        Least number of models whose probabilities it needs.
    """

    needs: str
    models: int = 0


QUERIES: dict[str, QueryEntry] = {
    "uncertainty": QueryEntry(
        "The model is unsure",
        "Events over whose classes the model spreads its probability most (entropy)",
        "core.annotation.model_queries:uncertainty",
        "probabilities",
        1,
    ),
    "margin": QueryEntry(
        "Two classes are close",
        "Events whose two likeliest classes differ least in probability",
        "core.annotation.model_queries:margin",
        "probabilities",
        1,
    ),
    "disagreement": QueryEntry(
        "Models disagree",
        "Events on which two or more models differ most",
        "core.annotation.model_queries:disagreement",
        "probabilities",
        2,
    ),
    "density": QueryEntry(
        "In the middle of many",
        "One event of each crowd that has no label yet, the densest first",
        "core.annotation.map_queries:density",
        "points",
    ),
    "low_quality": QueryEntry(
        "Where the map is not to be trusted",
        "Events of the lowest local quality, which propagation does not reach",
        "core.annotation.map_queries:low_quality",
        "quality",
    ),
    "coverage": QueryEntry(
        "Far from every label",
        "Events farthest from all that is labelled, so that no region is left out",
        "core.annotation.map_queries:coverage",
        "points",
    ),
}


def label_next(key: str, pool: Pool, n: int = 20) -> list[Asked]:
    """Return at most `n` events to label next, the most wanted first; who has a label is not asked.

    Parameters
    ----------
    key : str
        One of `QUERIES`.
    pool : Pool
    n : int
        1 or more.

    Returns
    -------
    list of Asked
        Each with a sentence that says why; equals in the order of their ids.

    Raises
    ------
    InputError
        If there is no such query, the pool lacks what it needs, or what the pool holds does not belong together.
    """
    entry = chosen(QUERIES, key, "query", "queries")
    check(whole(1), n=n)
    if getattr(pool, entry.needs) is None or len(pool.probabilities) < entry.models:
        several = "a map" if entry.needs == "points" else entry.needs
        raise InputError(
            f"“{entry.title}” needs {several}" + (f" of {entry.models} models" if entry.models > 1 else ""),
            remedy="Train a model first" if entry.models else "Make maps first",
        )
    asked: list[Asked] = entry.load()(pool, n)
    return asked
