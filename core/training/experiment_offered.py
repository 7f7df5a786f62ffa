"""What is asked for of an experiment: how it splits, what a search may choose; and how many trainings that makes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from core.models import MODELS
from core.options import Option, choice, number, whole_number
from core.registry import Entry
from core.training.experiment_spec import ExperimentSpec

ONE_SPLIT = "split"  # no experiment: a run

# Fields of `Protocol`, whose defaults are theirs, but for the run that is no experiment.
PROTOCOL: dict[str, Option] = {
    "name": choice(
        "Figures come from",
        {
            ONE_SPLIT: "one split: one training",
            "kfold": "folds: each event is tested once",
            "holdout": "repeated splits: test events are drawn anew",
        },
        ONE_SPLIT,
        help="One split is quick, and its figures hang on who happens to be tested",
    ),
    "k": whole_number("Folds", 2, 5, help="As many trainings; each fold is the test side of one of them"),
    "repeats": whole_number("Splits", 1, 5, help="Each has test and validation sides of its own"),
}
SEARCHING: dict[str, Option] = {
    "trials": whole_number("Trials", 1, 20, help="Trainings with other values on each fold, of each variant"),
    "inner": whole_number(
        "Inner folds",
        1,
        1,
        help="1: the validation side of the fold judges a trial; more: as many folds of what is not tested, and trainings",
    ),
}


@dataclass(frozen=True)
class Searched(Entry):
    """A field that a search may choose.

    Attributes
    ----------
    low, high : float
        The range that is usual.
    log : bool
        Whether it is searched by orders of magnitude.
    whole : bool
        Whether only whole numbers are meant.
    least : float
        What the field may be at the least; `below`, what it must be below.
    below : float, optional
    models : tuple of str
        Which have the field.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    least: float = 0.0
    below: float | None = None
    models: tuple[str, ...] = tuple(MODELS)

    @property
    def options(self) -> dict[str, Option]:
        """Both ends of the range, to be asked for."""
        ends = {"low": ("From", self.low), "high": ("To", self.high)}
        if self.whole:
            return {name: whole_number(title, int(self.least), int(end)) for name, (title, end) in ends.items()}
        bound: dict[str, Any] = {"above" if self.log else "least": self.least}
        return {name: number(title, end, below=self.below, **bound) for name, (title, end) in ends.items()}

    def choice(self, low: float, high: float) -> dict[str, Any]:
        """Return the range as `SearchSpec` takes it."""
        return {"low": low, "high": high} | {name: True for name in ("log", "whole") if getattr(self, name)}


SEARCHED: dict[str, Searched] = {
    "lr": Searched("Learning rate", "The length of a step, by orders of magnitude", 1e-4, 1e-2, log=True),
    "weight_decay": Searched("Weight decay", "Draws weights to zero, by orders of magnitude", 1e-6, 1e-2, log=True),
    "batch_size": Searched("Events of a step", "Small ones are noisy", 8, 64, log=True, whole=True, least=2),
    "model.dropout": Searched(
        "Dropout",
        "The share of features that is left out at random while training",
        0.0,
        0.5,
        below=1,
        models=("cnn2d", "cnn_transformer", "intermediate_fusion"),
    ),
}


def can_search() -> bool:
    """Return whether Optuna is installed."""
    return find_spec("optuna") is not None


def trainings_of(wanted: ExperimentSpec) -> int:
    """Return how many trainings an experiment is, those of the search included."""
    searching = wanted.searching
    searched = 0 if searching is None else searching.trials * searching.inner
    return len(wanted.variants) * wanted.splitting.n_folds * (len(wanted.seeds) + searched)
