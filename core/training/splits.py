"""Splits that keep together what belongs together: by subject, else by recording, else by blocks of time."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.features import units_of
from core.training.data import Dataset
from core.training.spec import TrainingSpec

Ints = npt.NDArray[np.int64]
SIDES = ("train", "validation", "test")
N_BLOCKS = 20
ASIDE, TRAIN, VALIDATION, TEST = -1, 0, 1, 2
WITHIN = (
    "Training and validation are split by blocks of time within recordings: the same people are on both, so the epoch that is "
    "kept was chosen by people who were trained on."
)


@dataclass(frozen=True)
class Split:
    """Row numbers of a dataset for training, validation and test, and what was done to keep them apart."""

    train: Ints
    validation: Ints
    test: Ints
    unit: str
    warnings: tuple[str, ...] = ()

    def to_json(self, dataset: Dataset) -> dict[str, Any]:
        """Return event ids by side, with a hash of them."""
        sides = {name: dataset.ids[getattr(self, name)].tolist() for name in SIDES}
        digest = hashlib.sha256(json.dumps(sides, sort_keys=True).encode()).hexdigest()
        return {**sides, "unit": self.unit, "sha256": digest, "warnings": list(self.warnings)}


def split_dataset(
    dataset: Dataset, spec: TrainingSpec, seed: int, kept_apart: Collection[str | int] = frozenset()
) -> Split:
    """Split a dataset.

    Subjects are kept whole where all are known and there are at least three; else recordings, if the subjects of some are
    not known and at least three can be kept apart, those of one known subject together; else each recording is cut into
    blocks of time, events whose windows reach into another side's are left out, and a warning says that this is weaker.
    Propagated labels never score a model: they are left out of validation and test; and a label that descends from a
    validation or test event is left out of training.

    Parameters
    ----------
    dataset : Dataset
    spec : TrainingSpec
    seed : int
    kept_apart : collection
        Subjects, and numbers of recordings of unknown subjects, that nothing was chosen on, as `subjects_kept_apart`
        gives them: they are the test side, whatever share that is, unless a split by time is asked for or they could not
        score a model; then a warning says so.

    Raises
    ------
    InputError
        If a class has too few events, or one side would lack a class of the training data.
    """
    unit, groups, notes = _groups(dataset, spec)
    _refuse_rare(dataset)
    test, said = _kept_apart(dataset, spec, kept_apart)
    if test is None:
        test = _take_groups(dataset, groups, np.ones(len(dataset.ids), bool), spec.test, seed)
    elif unit == "time block" or len(np.unique(groups[~test])) < 2:
        unit, groups, notes = "time block", _blocks(dataset), (WITHIN,)
    validation = _take_groups(dataset, groups, ~test, spec.validation / (1 - spec.test), seed + 1)
    return _settled(dataset, validation, test, unit, (*notes, *said))


def fold_split(dataset: Dataset, spec: TrainingSpec, k: int, fold: int, seed: int) -> Split:
    """Split a dataset for one of `k` folds: over all of them, each event is on the test side once.

    What is kept together is decided as by `split_dataset`; `TrainingSpec.validation` is taken of what is not tested. A fold
    may test events of one class only, as where a subject has no others: it says so.

    Raises
    ------
    InputError
        If there are fewer subjects, recordings or blocks than folds, or what is left to train or to judge by lacks a class.
    """
    unit, groups, notes = _groups(dataset, spec)
    _refuse_rare(dataset)
    test = _fold(dataset, groups, k, seed, unit)[fold]
    if len(np.unique(groups[~test])) < 2:
        raise InputError(
            f"fold {fold + 1} of {k} leaves less than two {unit}s to train and to judge by",
            remedy="Ask for another number of folds",
        )
    validation = _take_groups(dataset, groups, ~test, min(spec.validation * k / (k - 1), 0.5), seed + 1)
    return _settled(dataset, validation, test, unit, notes, judged=("train", "validation"))


def inner_splits(dataset: Dataset, spec: TrainingSpec, k: int, seed: int) -> list[Split]:
    """Split events that are not tested into `k` folds of which each is the validation side once; the test sides are empty.

    Raises
    ------
    InputError
        As `fold_split`.
    """
    unit, groups, notes = _groups(dataset, spec)
    none = np.zeros(len(dataset.ids), bool)
    judged = ("train", "validation")
    return [_settled(dataset, fold, none, unit, notes, judged) for fold in _fold(dataset, groups, k, seed, unit)]


def _fold(dataset: Dataset, groups: Ints, k: int, seed: int, unit: str) -> list[npt.NDArray[np.bool_]]:
    """Return masks of `k` folds of whole groups, about alike in their classes."""
    from sklearn.model_selection import StratifiedGroupKFold

    if len(np.unique(groups)) < k or np.bincount(dataset.y).max() < k:
        raise InputError(
            f"{k} folds need as many {unit}s, and events of a class; there are {len(np.unique(groups))}",
            remedy="Ask for fewer folds, or split by time",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class is rare is said of each fold
        folds = list(StratifiedGroupKFold(k, shuffle=True, random_state=seed).split(groups, dataset.y, groups))
    return [np.isin(np.arange(len(groups)), rows) for _, rows in folds]


def _refuse_rare(dataset: Dataset) -> None:
    for number, name in enumerate(dataset.classes):
        n = int((dataset.scored & (dataset.y == number)).sum())
        if n < 3:
            left_out = "".join(f" ({text.rstrip('.')})" for text in dataset.windows.describe_rejected())
            raise InputError(
                f"class {name} has {n} event{'s' * (n != 1)} that can score a model, too few for three sides{left_out}",
                kept="Events and labels are as they were",
                remedy="Label more of them, or leave the class out",
            )


def _settled(
    dataset: Dataset,
    validation: npt.NDArray[np.bool_],
    test: npt.NDArray[np.bool_],
    unit: str,
    notes: tuple[str, ...],
    judged: tuple[str, ...] = SIDES,
) -> Split:
    """Return the split of events held out for validation and test, less those that share samples or labels with them."""
    train = ~test & ~validation
    if unit == "time block":
        sides = np.select([train, validation & dataset.scored, test & dataset.scored], [TRAIN, VALIDATION, TEST], ASIDE)
        reach = _reaches_over(dataset, sides.astype(np.int8))
        if n := int(((train | validation) & reach).sum()):
            notes += (
                f"{n} of {len(reach)} events are on no side, since their windows reach into those of another side.",
            )
        train, validation = train & ~reach, validation & ~reach
    return _checked(dataset, train, validation, test, unit, notes, judged)


def _kept_apart(
    dataset: Dataset, spec: TrainingSpec, units: Collection[str | int]
) -> tuple[npt.NDArray[np.bool_] | None, tuple[str, ...]]:
    """Return the events of subjects that are kept for testing, None where these cannot be the test side, and what to say."""
    of = units_of(dataset.subject.tolist(), dataset.recording.tolist())
    theirs = np.array([unit in units for unit in of], dtype=bool)
    if not theirs.any():
        return None, ()
    there = sorted({unit if isinstance(unit, str) else f"recording {unit}" for unit in of if unit in units})
    named = ", ".join(there)
    n_classes = len(np.unique(dataset.y[theirs & dataset.scored]))
    if spec.split_by != "time" and n_classes >= 2 and not theirs.all():
        return theirs, (f"Test side: {named}, the test subjects of the map that labels were propagated on.",)
    few = f"they have labels of {n_classes} class{'es' * (n_classes != 1)} to score a model by"
    why = "a split by time was asked for" if spec.split_by == "time" else few
    return None, (f"{named} were kept for testing where labels were propagated, but are not the test side: {why}.",)


def best_unit(subjects: Sequence[str], recordings: Sequence[int]) -> str:
    """Return what is kept on one side where nothing else is asked for.

    Parameters
    ----------
    subjects : sequence of str
        Of each event, or of each recording; ``""`` where unknown.
    recordings : sequence of int
        Of the same.

    Returns
    -------
    str
        ``subject`` if all are known and there are three; ``recording`` if some are not known and three units can be kept
        apart, recordings of one known subject together; else ``time``.
    """
    units = {subject or recording for subject, recording in zip(subjects, recordings, strict=True)}
    if len(units) < 3:
        return "time"
    return "subject" if all(subjects) else "recording"


def _groups(dataset: Dataset, spec: TrainingSpec) -> tuple[str, Ints, tuple[str, ...]]:
    """Return the unit of the split, the number of the unit that each event belongs to, and what to warn of."""
    known = np.array([bool(s) for s in dataset.subject])
    by_subject = _numbered([s or r for s, r in zip(dataset.subject.tolist(), dataset.recording.tolist(), strict=True)])
    by_recording = _numbered(dataset.recording.tolist())
    best = best_unit(dataset.subject.tolist(), dataset.recording.tolist())
    unit = best if spec.split_by == "auto" else spec.split_by
    possible = {"subject": best == "subject", "recording": by_recording.max() >= 2, "time": True}
    if not possible[unit]:
        raise InputError(
            f"a split by {unit} needs three of them", remedy="Say whose recordings they are, or use auto or time"
        )
    if unit == "subject":
        return unit, by_subject, ()
    if unit == "recording":
        groups = by_recording if spec.split_by == "recording" else by_subject
        return unit, groups, _warn_of_recordings(by_recording, by_subject, groups, known)
    n = int(by_subject.max()) + 1
    few = (
        f"all events are of {n} subject{'s' * (n > 1)}" if known.all() else "there are too few recordings to keep apart"
    )
    why = "as asked" if spec.split_by == "time" else few
    note = (
        f"Split by blocks of time within recordings ({why}): the same people are on several sides, so the figures say "
        "little about new patients."
    )
    return "time block", _blocks(dataset), (note,)


def _warn_of_recordings(
    by_recording: Ints, by_subject: Ints, groups: Ints, known: npt.NDArray[np.bool_]
) -> tuple[str, ...]:
    """Return what a split by recording cannot promise."""
    unknown = len(np.unique(by_recording[~known]))
    notes: tuple[str, ...] = ()
    if unknown:
        notes += (
            f"Split by recording: whose {unknown} of {by_recording.max() + 1} recordings are is not known, so one person "
            "may be on two sides.",
        )
    if len(np.unique(by_subject)) < len(np.unique(groups)):
        notes += ("Split by recording, as asked, though subjects have several: one person may be on two sides.",)
    return notes


def _numbered(values: list[Any]) -> Ints:
    """Return 0, 1, … for each distinct value, in order of appearance."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers[value] for value in values], dtype=np.int64)


def _blocks(dataset: Dataset) -> Ints:
    """Number contiguous blocks of about equally many events in each recording."""
    blocks = np.zeros(len(dataset.ids), np.int64)
    for recording in np.unique(dataset.recording):
        rows = np.flatnonzero(dataset.recording == recording)
        rows = rows[np.argsort(dataset.start_s[rows], kind="stable")]
        blocks[rows] = recording * N_BLOCKS + np.arange(len(rows)) * N_BLOCKS // len(rows)
    return blocks


def _take_groups(
    dataset: Dataset, groups: Ints, among: npt.NDArray[np.bool_], share: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Return a mask of whole groups that hold about `share` of each class; which, is drawn by `seed`."""
    from sklearn.model_selection import StratifiedGroupKFold

    rows = np.flatnonzero(among)
    n_splits = max(2, min(round(1 / share), len(np.unique(groups[rows]))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class is rare is said below, with a remedy
        folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed).split(
            rows, dataset.y[rows], groups[rows]
        )
        # Where the groups' class counts differ, shuffling changes nothing: the folds are the same for each seed.
        chosen = int(np.random.default_rng(seed).integers(n_splits))
        taken = rows[next(islice(folds, chosen, None))[1]]
    mask = np.zeros(len(dataset.ids), bool)
    mask[taken] = True
    return mask


def _reaches_over(dataset: Dataset, sides: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Return which events must go, so that no window of one side shares a sample with a window of another.

    Parameters
    ----------
    sides : (N,) int8 array
        `TRAIN`, `VALIDATION`, `TEST`, or `ASIDE` for events that are on no side.

    Returns
    -------
    (N,) bool array
        Events of the lesser of two sides that meet: test events are spared, validation events give way to them only.
        O(N log N).
    """
    spans = dataset.windows.spans_s
    gone = np.zeros(len(dataset.ids), bool)
    for recording in np.unique(dataset.recording):
        here = dataset.recording == recording
        for lesser in (VALIDATION, TRAIN):
            mine = np.flatnonzero(here & (sides == lesser))
            # What has gone itself, no longer drives others out.
            others = spans[here & (sides > lesser) & ~gone]
            gone[mine[_meets(spans[mine], others)]] = True
    return gone


def _meets(spans: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which of some stretches of time overlap any of the others."""
    # Of all others that begin before a stretch ends, one ends after it begins: those ended before count less.
    begun = np.searchsorted(np.sort(others[:, 0]), spans[:, 1], side="left")
    ended = np.searchsorted(np.sort(others[:, 1]), spans[:, 0], side="right")
    return np.asarray(begun > ended)


def _checked(
    dataset: Dataset, train: Any, validation: Any, test: Any, unit: str, notes: tuple[str, ...], judged: tuple[str, ...]
) -> Split:
    """Return the split, where every side that is `judged` by an MCC has two classes and training has all."""
    held_out = set(dataset.ids[validation | test].tolist())
    descends = np.array([origin in held_out for origin in dataset.origin.tolist()])
    if n := int((train & descends).sum()):
        notes += (f"{n} propagated labels that descend from validation or test events were left out of training.",)
    split = Split(
        np.flatnonzero(train & ~descends),
        np.flatnonzero(validation & dataset.scored),
        np.flatnonzero(test & dataset.scored),
        unit,
    )
    for side in SIDES if test.any() else SIDES[:2]:
        there = set(dataset.y[getattr(split, side)].tolist())
        missing = [name for number, name in enumerate(dataset.classes) if number not in there]
        if missing and side == "train":
            raise InputError(
                f"after the split by {unit}, no event of class {', '.join(missing)} is left to train on",
                remedy="Label more of them in other recordings, leave the class out, or change the seed",
            )
        if missing:
            notes += (f"No {side} event of class {', '.join(missing)}: the figures say nothing about it.",)
        if len(there) < (2 if side in judged else 1):
            holds = "one class only, which no MCC can be computed from" if there else "no event that can score a model"
            raise InputError(
                f"the {side} side would hold {holds}{_why_alike(dataset, unit)}",
                kept="Events and labels are as they were",
                remedy="Label more events in more recordings, or change the seed" + _or_by_time(unit),
            )
    return replace(split, warnings=notes)


def _why_alike(dataset: Dataset, unit: str) -> str:
    """Return why a side of whole subjects or recordings has one class: those that have no other."""
    groups = {"subject": dataset.subject, "recording": dataset.recording}.get(unit)
    if groups is None:
        return ""
    every = list(dict.fromkeys(groups.tolist()))
    alike = sum(len(np.unique(dataset.y[groups == one])) == 1 for one in every)
    return f" ({alike} of {len(every)} {unit}s have events of one class only)" if alike else ""


def _or_by_time(unit: str) -> str:
    return "" if unit == "time block" else "; or split by time, whose figures say little about new patients"
