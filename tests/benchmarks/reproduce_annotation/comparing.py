"""The methods side by side on the same draws: the map is chosen by the silhouette of the labelled points alone."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from core.annotation import PROPAGATORS
from core.projection import silhouette
from core.projection.scores import choose

from .maps import Drawn
from .statistics import score

TAU = 0.1
METHODS: dict[str, tuple[str, dict]] = {
    "Std-KNN, K 5": ("std_knn", {"k": 5}),
    "Std-KNN, K 10": ("std_knn", {"k": 10}),
    "LQ-KNN, K 5": ("lq_knn", {"k": 5, "tau": TAU}),
    "LQ-KNN, K 10": ("lq_knn", {"k": 10, "tau": TAU}),
    "Label spreading, K 10": ("spreading", {"k": 10}),
    "OPF-semi": ("opf_semi", {}),
}
PLACES = ("best", "middle", "worst")
SHORT = [name for name in METHODS if name.startswith(("LQ", "Std"))]  # on maps that are not the best


def propagated(name: str, drawn: Drawn, labels: np.ndarray) -> np.ndarray:
    """Return the labels after a method, -1 where none arrived."""
    method, params = METHODS[name]
    lists = None if method == "opf_semi" else drawn.neighbours
    proposal = PROPAGATORS[method].run(drawn.points, labels, drawn.quality, lists, **params)
    got = labels.copy()
    got[proposal.ids] = proposal.labels
    return got


def compare(
    maps: Sequence[Drawn],
    classes: np.ndarray,
    draws: Sequence[np.ndarray],
    judged: Callable[[np.ndarray], np.ndarray] | None = None,
    metric: str = "sqeuclidean",
) -> list[dict]:
    """Return, for each draw, the chosen maps and the scores of the methods on them.

    Parameters
    ----------
    maps : sequence of Drawn
    classes : (N,) int array
    draws : sequence of (N,) int arrays
        Labels, -1 for none.
    judged : callable, optional
        From labels to the points that count, a mask.
    metric : str
        Of the silhouette; squared as in the published code.
    """
    return [_one(maps, classes, labels, judged(labels) if judged else None, metric) for labels in draws]


def _one(
    maps: Sequence[Drawn], classes: np.ndarray, labels: np.ndarray, judged: np.ndarray | None, metric: str
) -> dict:
    scores = [silhouette(drawn.points, labels, metric) for drawn in maps]
    result = {"largest": _largest(classes, labels, judged), "maps": {}, "silhouette": {}, "scores": {}}
    for place, number in zip(PLACES, choose(scores), strict=True):
        result["maps"][place], result["silhouette"][place] = maps[number].name, scores[number]
        got, seconds = {}, {}
        for name in METHODS if place == "best" else SHORT:
            started = time.perf_counter()
            got[name] = propagated(name, maps[number], labels)
            seconds[name] = time.perf_counter() - started
        result["scores"][place] = {
            name: score(classes, labels, after, judged) | {"seconds": seconds[name]} for name, after in got.items()
        }
        if place == "best":
            result["common"] = {k: _common(classes, labels, got, k, judged) for k in ("K 5", "K 10")}
    return result


def _largest(classes: np.ndarray, labels: np.ndarray, judged: np.ndarray | None) -> float:
    """Return the accuracy of calling every point of the class that most labels have."""
    everything = np.where(labels >= 0, labels, np.bincount(labels[labels >= 0]).argmax())
    return score(classes, labels, everything, judged)["accuracy"]


def _common(classes: np.ndarray, labels: np.ndarray, got: dict, k: str, judged: np.ndarray | None) -> dict:
    """Return the scores of both methods on the points that both labelled."""
    pair = {name: got[f"{name}, {k}"] for name in ("LQ-KNN", "Std-KNN")}
    both = np.logical_and(*(after >= 0 for after in pair.values()))
    return {
        name: score(classes, labels, after, both if judged is None else both & judged) for name, after in pair.items()
    }
