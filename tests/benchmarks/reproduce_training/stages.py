"""What is trained, in which order: each stage is a list of cells, draw by draw, so that a part of it is balanced too."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from .recipes import LOSSES, NOISE, RECIPES, SOFT_LOSSES, Recipe
from .runs import Run

RATES = (0.0, 0.05, 0.1, 0.2)
RATERS, ERRORS = 3, (0.2, 0.35)
EVERY_NORMAL = 10  # of the normal beats of training and validation
EVERY_WINDOW = 3  # of training and validation, where labels are wrong on purpose
HITS = {"name": "hits", "patients": 45, "seconds": 120}


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line."""

    seeds: int = 5
    folds: int = 5
    draws: int = 10
    epochs: float = 1.0  # times those of the recipes


@dataclass(frozen=True)
class Cell:
    """A training, and its place in the tables."""

    arm: str
    who: str
    draw: int
    run: Run


def eeg(asked: Asked, split: str, scaling: str, n: int, whom: Sequence[str] = ("late", "guided")) -> Iterator[Cell]:
    """Yield trainings on the Bonn EEG with one way of splitting and one of scaling."""
    for draw in range(n):
        how = {"how": "random", "seed": draw} if split == "random" else fold(asked, draw)
        data = {"name": "eeg", "scaling": scaling}
        cells = both(asked, "eeg", f"{split}, {scaling}", draw, data, how)
        yield from (cell for cell in cells if cell.who in whom)


def both(asked: Asked, recipes: str, arm: str, draw: int, data: dict, split: dict, **rest: Any) -> Iterator[Cell]:
    """Yield late fusion and the guided hybrid on one draw."""
    for who, recipe in RECIPES[recipes].items():
        yield Cell(arm, who, draw, run(asked, recipe, draw, data, split, **rest))


def run(asked: Asked, recipe: Recipe, draw: int, data: dict, split: dict, **rest: Any) -> Run:
    """Return a training by a recipe."""
    recipe = shortened(recipe, asked.epochs)
    return Run(data, split, recipe.model, dict(recipe.options), dict(recipe.fit), draw, **rest)


def shortened(recipe: Recipe, times: float) -> Recipe:
    """Return a recipe of so many times its epochs, at least one."""

    def of(fit: dict[str, Any]) -> dict[str, Any]:
        told = {key: max(1, round(times * fit[key])) for key in ("max_epochs", "patience") if key in fit}
        stages = {"stages": {name: of(stage) for name, stage in fit["stages"].items()}} if "stages" in fit else {}
        return {**fit, **told, **stages}

    return replace(recipe, fit=of(dict(recipe.fit)))


def fold(asked: Asked, draw: int) -> dict[str, Any]:
    """Return the grouped split of a draw; draws beyond the folds cut the units into other folds."""
    return {"how": "grouped", "fold": draw % asked.folds, "folds": asked.folds, "seed": draw // asked.folds}


def between(asked: Asked) -> Iterator[Cell]:
    """Yield what lies between the two protocols: one of both things changed; late fusion and its members tell enough."""
    one, other = (
        eeg(asked, "random", "kept", asked.seeds, ["late"]),
        eeg(asked, "grouped", "window", asked.folds, ["late"]),
    )
    for pair in zip_longest(one, other):
        yield from (cell for cell in pair if cell is not None)


def beats(asked: Asked) -> Iterator[Cell]:
    """Yield trainings on the MIT-BIH beats, split by record."""
    for draw in range(asked.folds):
        every = {"0": EVERY_NORMAL}
        yield from both(asked, "beats", "by record", draw, {"name": "beats"}, fold(asked, draw), every=every)


def hits(asked: Asked) -> Iterator[Cell]:
    """Yield trainings on simulated HITS, split by simulated patient."""
    for draw in range(asked.folds):
        yield from both(asked, "hits", "by simulated patient", draw, HITS, fold(asked, draw))


def noise(asked: Asked) -> Iterator[Cell]:
    """Yield trainings on labels of which a share is wrong."""
    for draw in range(asked.draws):
        for share in RATES:
            for who, recipe in NOISE.items():
                for name, loss in LOSSES.items():
                    yield small(asked, f"{share:g}", f"{name}, {who}", draw, recipe.but(loss=loss), {"share": share})


def raters(asked: Asked) -> Iterator[Cell]:
    """Yield trainings on the votes of simulated raters: the class most voted for, or the shares."""
    for draw in range(asked.draws):
        for error in ERRORS:
            said = {"raters": RATERS, "error": error}
            ways = {f"hard, {name}": (loss, False) for name, loss in LOSSES.items()}
            ways |= {f"soft, {name}": (loss, True) for name, loss in SOFT_LOSSES.items()}
            for who, (loss, soft) in ways.items():
                yield small(asked, f"{error:g}", who, draw, NOISE["plain"].but(loss=loss), said | {"soft": soft})


def small(asked: Asked, arm: str, who: str, draw: int, recipe: Recipe, labels: dict[str, Any]) -> Cell:
    """Return a training of the small model on the honest split of the EEG, thinned."""
    every = {"0": EVERY_WINDOW, "1": EVERY_WINDOW}
    data = {"name": "eeg", "scaling": "kept"}
    return Cell(arm, who, draw, run(asked, recipe, draw, data, fold(asked, draw), labels=labels, every=every))


STAGES: dict[str, Callable[[Asked], Iterator[Cell]]] = {
    "reference": lambda asked: eeg(asked, "random", "window", asked.seeds),
    "honest": lambda asked: eeg(asked, "grouped", "kept", asked.folds),
    "beats": beats,
    "hits": hits,
    "noise": noise,
    "raters": raters,
    "between": between,
}
