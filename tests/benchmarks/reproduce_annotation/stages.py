"""The parts of the reproduction, each of which keeps its results under its name."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import downstream, maps, own, signals
from .cache import Cache
from .comparing import compare, propagated
from .digits import digits
from .statistics import drawn_labels

N_DIGITS = 15_000
LABELLED = {"mnist": 0.10, "signals": 0.05}
FEW_MAPS = 3  # of signals
EVERY_BEAT = 5


@dataclass(frozen=True)
class Choices:
    """What was asked for on the command line, and where things lie."""

    data: Path
    cache: Cache
    draws: int
    maps: int
    epochs: int
    reference_epochs: int
    classifier_draws: Mapping[str, int]


def digit_space(asked: Choices, kind: str) -> dict[str, np.ndarray]:
    """Return a feature space of the first 15,000 digits: of an autoencoder, Hitscope's or as published, or of PCA."""
    upright = kind.startswith("upright-")

    def make() -> dict[str, np.ndarray]:
        x, _ = digits(asked.data, slice(0, N_DIGITS), upright=upright)
        if kind.endswith("pca"):
            return maps.components(x)
        settings = maps.as_published(asked.reference_epochs) if kind == "reference" else {"epochs": asked.epochs}
        return maps.autoencoder(x[:, None], **settings)

    return maps.features(asked.cache, digit_name(asked, kind), make)


def digit_name(asked: Choices, kind: str) -> str:
    """Return what a space of digits is kept as."""
    epochs = {"autoencoder": asked.epochs, "reference": asked.reference_epochs}
    return f"mnist-{kind}" + (f"-{epochs[kind]}" if kind in epochs else "")


def digit_draws(asked: Choices, n: int | None = None) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the classes of the digits and the draws of labels."""
    _, classes = digits(asked.data, slice(0, N_DIGITS))
    return classes, [drawn_labels(classes, LABELLED["mnist"], seed) for seed in range(n or asked.draws)]


def mnist(asked: Choices) -> dict:
    """Compare the methods on maps of the autoencoder, of PCA and of the plane of two components."""
    classes, draws = digit_draws(asked)
    found = {}
    for kind, n_maps in (("autoencoder", asked.maps), ("pca", 1)):
        name, x = digit_name(asked, kind), digit_space(asked, kind)["x"]
        drawn = maps.grid(asked.cache, name, x, n_maps)
        found[kind] = _described(drawn, n_maps) | {"draws": compare(drawn, classes, draws)}
        if kind == "autoencoder":
            found[kind] |= _trained(asked, kind, asked.epochs)
        if kind == "autoencoder" and len(drawn) > 1:  # without the first, of Hitscope's defaults
            found["published grid"] = _described(drawn[1:], n_maps - 1) | {"draws": compare(drawn[1:], classes, draws)}
    drawn = [maps.plane(asked.cache, digit_name(asked, "autoencoder"), digit_space(asked, "autoencoder")["x"])]
    return found | {"plane": _described(drawn, 1) | {"draws": compare(drawn, classes, draws)}}


def as_published(asked: Choices) -> dict:
    """Compare the methods on maps of the published grid of the autoencoder trained as published."""
    classes, draws = digit_draws(asked)
    name, x = digit_name(asked, "reference"), digit_space(asked, "reference")["x"]
    n_maps = asked.maps - 1
    drawn = maps.published(asked.cache, name, x, n_maps)
    found = _described(drawn, n_maps) | {"draws": compare(drawn, classes, draws)}
    return found | _trained(asked, "reference", asked.reference_epochs)


def _trained(asked: Choices, kind: str, epochs: int) -> dict:
    space = digit_space(asked, kind)
    return {"epochs": epochs, "minutes": float(space["seconds"]) / 60, "commit": str(space["commit"])}


def _described(drawn: list[maps.Drawn], asked_for: int) -> dict:
    seconds = [one.seconds for one in drawn]
    return {"n_maps": len(drawn), "asked": asked_for, "maps": [one.name for one in drawn], "map_seconds": seconds}


def chosen_settings(asked: Choices) -> dict:
    """Choose Hitscope's own settings for each draw by cross-validation, and score them.

    Once among all candidates, and once without those of upright digits: making them upright helps with digits only.
    """
    found, kinds = own_candidates(asked)
    plain = [one for one in found if "upright" not in one.name]
    classes, draws = digit_draws(asked)
    results: dict[str, list] = {"all": [], "not upright": []}
    for seed, labels in enumerate(draws):
        estimates = own.estimates_of(found, labels, seed)
        results["all"].append(own.best_of(found, estimates, classes, labels))
        results["not upright"].append(own.best_of(plain, estimates, classes, labels))
    return {"draws": results, "spaces": kinds, "candidates": [one.name for one in found]}


def own_candidates(asked: Choices) -> tuple[list[own.Candidate], list[str]]:
    """Return the candidates, and the kinds of features that they are of."""
    kinds = ["autoencoder", "pca", "upright-pca"]
    spaces = {kind: digit_space(asked, kind) for kind in kinds}
    drawn = {kind: maps.grid(asked.cache, digit_name(asked, kind), spaces[kind]["x"], 1) for kind in kinds}
    return own.candidates(spaces, {kind: few[0] for kind, few in drawn.items() if few}), kinds


def real_signals(asked: Choices) -> dict:
    """Compare the methods on beats and EEG, labels drawn from all records and from half of them."""
    made: dict[str, Callable[[Path], dict]] = {
        f"beats-{EVERY_BEAT}": lambda data: signals.beats(data, EVERY_BEAT),
        "eeg-chunks": signals.eeg_chunks,
        "eeg-segments": signals.eeg_segments,
    }
    found = {}
    for name, make in made.items():
        kept = maps.features(asked.cache, name, lambda make=make: make(asked.data))
        classes, group = kept["classes"], kept["group"]
        n_maps = min(FEW_MAPS, asked.maps)
        drawn = maps.grid(asked.cache, name, kept["x"], n_maps)
        about = _described(drawn, n_maps) | {"n": len(classes), "classes": np.bincount(classes).tolist()}
        about["n_groups"] = len(np.unique(group))
        anywhere = [drawn_labels(classes, LABELLED["signals"], seed) for seed in range(asked.draws)]
        found[name] = about | {"anywhere": compare(drawn, classes, anywhere)}
        if len(group) > about["n_groups"]:
            halves = [_of_half(classes, group, seed) for seed in range(asked.draws)]
            judged = _unlabelled_groups(group)
            found[name]["by group"] = compare(drawn, classes, halves, judged)
    return found


def _of_half(classes: np.ndarray, group: np.ndarray, seed: int) -> np.ndarray:
    """Return labels of a random half of the groups: twice the share of each class, so that as many are labelled."""
    names = np.unique(group)
    half = np.random.default_rng([seed, 1]).choice(names, len(names) // 2, replace=False)
    return drawn_labels(classes, 2 * LABELLED["signals"], seed, np.isin(group, half))


def _unlabelled_groups(group: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return which points are of a group without any label, given labels."""
    return lambda labels: ~np.isin(group, np.unique(group[labels >= 0]))


def classifier(asked: Choices, name: str) -> list[dict]:
    """Train a classifier on the labelled digits alone and on propagated labels; what is done is kept after each draw."""
    images, _ = digits(asked.data, slice(0, N_DIGITS))
    test = digits(asked.data, slice(N_DIGITS, 2 * N_DIGITS))
    draws = asked.cache.results(name) or []
    for seed in range(len(draws), asked.classifier_draws[name]):
        print(f"{time.strftime('%H:%M:%S')} classifier {name}, draw {seed}", flush=True)
        given, ways = _ways(asked, seed)
        draws.append(downstream.accuracies(name, images, given, ways, test, seed))
        asked.cache.keep(name, draws)
    return draws


def _ways(asked: Choices, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the labels given in a draw, and those that each way of labelling trains on."""
    classes, draws = digit_draws(asked, seed + 1)
    given, name = draws[seed], digit_name(asked, "autoencoder")
    # The map of Hitscope's default settings, made first of the grid: the others need not be there yet.
    drawn = maps.grid(asked.cache, name, digit_space(asked, "autoencoder")["x"], 1)[0]
    found, _ = own_candidates(asked)
    chosen = own.best_of(found, own.estimates_of(found, given, seed), classes, given)["chosen"]
    best = next(one for one in found if one.name == chosen)
    own_labels = np.where(given >= 0, given, best.labels(given))
    ways = {f"{method}, K 10": propagated(f"{method}, K 10", drawn, given) for method in ("Std-KNN", "LQ-KNN")}
    return given, {"alone": given} | ways | {"chosen by CV": own_labels}


STAGES: dict[str, Callable[[Choices], Any]] = {
    "mnist": mnist,
    "published": as_published,
    "own": chosen_settings,
    "signals": real_signals,
    **{name: partial(classifier, name=name) for name in downstream.CLASSIFIERS},
}
