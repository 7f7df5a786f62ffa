"""Which human labels are hidden together when propagation is judged by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import Ints
from core.errors import InputError


@dataclass(frozen=True)
class Folds:
    """A plan of what is hidden when.

    Attributes
    ----------
    number : (N,) int64 array
        Fold in which a point's label is hidden; -1 for unlabelled points and labels that are never hidden.
    notes : tuple of str
        What follows from the plan for whoever reads the estimate.
    why : str
        Why there is nothing to hide; empty where there is.
    """

    number: Ints
    notes: tuple[str, ...] = ()
    why: str = ""

    def each(self) -> Iterator[Ints]:
        """Yield the rows that each fold hides."""
        for fold in np.unique(self.number[self.number >= 0]):
            yield np.flatnonzero(self.number == fold)


def folds_of(
    labels: Ints, folds: int, seed: int, groups: npt.ArrayLike | None = None, classes: Sequence[str] = ()
) -> Folds:
    """Return folds of the labelled points in which no class is ever hidden whole.

    Parameters
    ----------
    labels : (N,) int64 array
        -1 for unlabelled.
    folds : int
        2 or more.
    seed : int
    groups : (N,) array, optional
        Points of one group are hidden together. Without groups, every class is dealt out evenly.
    classes : sequence of str
        Names of the classes, for what is said; numbers where there are none.

    Raises
    ------
    InputError
        If there is not one group per point.
    """
    known = np.flatnonzero(labels >= 0)
    there = np.unique(labels[known])
    number = np.full(len(labels), -1)
    if len(there) < 2:
        only = f"only class {class_name(there[0], classes)} is labelled" if len(there) else "nothing is labelled"
        why = f"{only}, so that no other can be given and accuracy says nothing"
        return Folds(number, (_sentence(why),), why)
    rng = np.random.default_rng(seed)
    if groups is None:
        number[known] = _dealt(labels[known], folds, rng)
    else:
        owner = np.asarray(groups)
        if owner.shape != labels.shape:
            raise InputError(f"{owner.size} groups for {len(labels)} points", remedy="Give one group per point")
        number[known] = _by_group(owner[known], folds, rng)
    kept = [int(c) for c in there if len(np.unique(number[labels == c])) < 2]
    number[np.isin(labels, kept)] = -1
    return _explained(
        number,
        [class_name(c, classes) for c in kept],
        "one label only" if groups is None else "labels of one subject, or of subjects hidden together",
    )


def class_name(number: int, classes: Sequence[str]) -> str:
    """Return the name of a class; its number where it has none."""
    return classes[number] if number < len(classes) else str(number)


def _dealt(labels: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Return a fold per label, such that each class is spread evenly."""
    number = np.empty(len(labels), np.int64)
    for c in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == c))
        number[members] = np.arange(len(members)) % folds
    return number


def _by_group(groups: npt.NDArray[np.generic], folds: int, rng: np.random.Generator) -> Ints:
    """Return a fold per label: the largest group first, each into the fold that holds least so far."""
    _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    shuffled = rng.permutation(len(counts))
    held, fold_of = np.zeros(folds, np.int64), np.empty(len(counts), np.int64)
    for place in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
        fold_of[place] = held.argmin()
        held[fold_of[place]] += counts[place]
    result: Ints = fold_of[group]
    return result


def _explained(number: Ints, kept: list[str], reason: str) -> Folds:
    """Return the plan with a note on classes that are never hidden."""
    if not kept:
        return Folds(number)
    who, have, them = ("class", "has", "it") if len(kept) == 1 else ("classes", "have", "them")
    note = _sentence(f"{who} {', '.join(kept)} {have} {reason}: never hidden, so the estimate leaves {them} out")
    return Folds(number, (note,), "" if (number >= 0).any() else f"every class has {reason}")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
