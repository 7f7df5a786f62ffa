"""A grid of t-SNE maps, with PCA beside it, each with its local quality and silhouette."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.features import FeatureSpace, class_numbers
from core.jobs import JobSpec, NullReporter, Reporter, replacing
from core.projection.maps import Map, save_map
from core.projection.neighbours import checked_points
from core.projection.quality import local_quality
from core.projection.scores import choose, silhouette
from core.study import Study

EXAGGERATED_ITERATIONS, ITERATIONS = 250, 500


def project_grid(
    vectors: npt.ArrayLike,
    perplexities: Sequence[float] = (10, 30, 50),
    exaggerations: Sequence[float] = (12, 50),
    learning_rates: Sequence[float | str] = ("auto",),
    seed: int = 0,
    iterations: int = ITERATIONS,
    report: Reporter | None = None,
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

    Raises
    ------
    InputError
        If there are fewer than four points, or all are the same.
    """
    report = report or NullReporter()
    x = checked_points(vectors)
    spread = x.std(axis=0).max()
    if len(x) < 4 or spread == 0:
        what = f"{len(x)} points" if len(x) < 4 else f"{len(x)} points that are all the same"
        raise InputError(f"a map of {what} shows nothing", remedy="Choose more events, or other features")
    x = (x - x.mean(axis=0)) / spread
    start = _principal_components(x)
    yield {"method": "PCA"}, start
    usable = [p for p in perplexities if 3 * p < len(x)]
    for p in set(perplexities) - set(usable):
        report.log(f"Perplexity {p:g} was left out: it needs more than {3 * p:g} events, there are {len(x)}.")
    total = len(usable) * len(exaggerations) * len(learning_rates) + 1
    for done, (p, e, rate) in enumerate(product(usable, exaggerations, learning_rates), 1):
        report.check()
        report.progress(done, total, f"t-SNE, perplexity {p:g}, exaggeration {e:g}")
        yield (
            {"method": "t-SNE", "perplexity": p, "exaggeration": e, "learning_rate": rate, "iterations": iterations},
            _tsne(x, start, p, e, rate, iterations, seed),
        )


def _principal_components(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the first two, signs fixed so that the largest loading is positive."""
    _, values, axes = np.linalg.svd(x, full_matrices=False)
    axes = np.pad(axes[:2], ((0, max(0, 2 - len(values))), (0, 0)))
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    return x @ (axes * np.where(signs == 0, 1, signs)[:, None]).T


def _tsne(
    x: npt.NDArray[np.float64], start: npt.NDArray[np.float64], perplexity: float, exaggeration: float,
    rate: float | str, iterations: int, seed: int,
) -> npt.NDArray[np.float64]:  # fmt: skip
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    affinities = PerplexityBasedNN(x, perplexity=perplexity, random_state=seed, n_jobs=2)
    initial = start / max(start[:, 0].std(), 1e-12) * 1e-4
    step = max(len(x) / exaggeration, 200.0) if rate == "auto" else float(rate)
    embedding = TSNEEmbedding(initial, affinities, learning_rate=step, random_state=seed, n_jobs=2)
    embedding = embedding.optimize(EXAGGERATED_ITERATIONS, exaggeration=exaggeration, momentum=0.5)
    step = max(len(x), 200.0) if rate == "auto" else float(rate)
    embedding = embedding.optimize(iterations, momentum=0.8, learning_rate=step)
    return np.asarray(embedding, dtype=np.float64)


def run_projection(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Make the maps of a features run; each is written as it is ready (job kind ``projection``).

    Its parameters: ``features`` (id of the run), ``perplexities``, ``exaggerations``, ``learning_rates``, ``iterations``,
    ``metric`` (of the silhouette), ``annotator`` (whose labels count first). Labels that were propagated play no part in
    the choice.
    """
    params = spec.params
    with Study.open(spec.study or "", readonly=True, annotator=params.get("annotator")) as study:
        space = FeatureSpace.load(study.run(params["features"]).folder)
        events, classes = study.events(ids=space.ids), [c.key for c in study.classes()]
    labels = class_numbers(space.ids, events, classes)
    with replacing(Path(spec.folder) / "ids.npy") as file:
        np.save(file, space.ids)
    keys = ("perplexities", "exaggerations", "learning_rates", "iterations")
    options = {key: params[key] for key in keys if key in params}
    made: list[dict[str, Any]] = []
    for number, (how, points) in enumerate(project_grid(space.vectors, seed=spec.seed, report=report, **options)):
        quality = local_quality(space.vectors, points, normalize="max")
        score = _score(points, labels, params.get("metric", "euclidean"))
        save_map(spec.folder, number, Map(how, points, quality, score))
        made.append({"params": how, "silhouette": score, "mean_quality": float(quality.mean())})
        report.metrics(number, **({} if score is None else {"silhouette": score}), mean_quality=float(quality.mean()))
    chosen_by = "mean_quality" if made[0]["silhouette"] is None else "silhouette"
    best, middle, worst = choose([m[chosen_by] for m in made])
    return {"maps": made, "best": best, "middle": middle, "worst": worst, "n": len(labels), "chosen_by": chosen_by,
            "n_labelled": int((labels >= 0).sum())}  # fmt: skip


def _score(points: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], metric: str) -> float | None:
    try:
        return silhouette(points, labels, metric)
    except InputError:
        return None  # too few labels yet: the maps are ranked by quality instead
