"""What is on which side of a split, and what leaks between them: to be looked at before a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError
from core.features import units_of
from core.jobs import Reporter
from core.study import Study
from core.training.data import Dataset, load_dataset
from core.training.duplicates import Ints, twins
from core.training.leaks import Leak, leaks, subjects_kept_apart
from core.training.spec import TrainingSpec
from core.training.splits import Split, best_unit, split_dataset

SIDES = ("train", "validation", "test")
SEVERITIES = ("block", "ask", "note")


@dataclass(frozen=True)
class SplitReview:
    """A split as somebody should see it before they believe its figures.

    Attributes
    ----------
    unit : str
        What is kept on one side: ``subject``, ``recording`` or ``time block``.
    sides : dict
        For ``train``, ``validation`` and ``test``: ``n``, ``classes`` (events of each), ``subjects`` (events of each, the
        most first; ``recording 3`` where the subject is not known).
    leaks : tuple of Leak
        The gravest first.
    warnings : tuple of str
        What the split says of itself, in sentences.
    sha256 : str
        Of the event ids by side.
    """

    unit: str
    sides: dict[str, dict[str, Any]]
    leaks: tuple[Leak, ...]
    warnings: tuple[str, ...]
    sha256: str

    @property
    def severity(self) -> str:
        """The gravest of its leaks: ``block``, ``ask``, ``note``, or ``""`` if there is none."""
        return next((level for level in SEVERITIES if any(leak.severity == level for leak in self.leaks)), "")

    def of_severity(self, level: str) -> list[Leak]:
        """Return the leaks of one severity."""
        return [leak for leak in self.leaks if leak.severity == level]

    def refuse_blocked(self) -> None:
        """Raise where a leak would make the figures wrong.

        Raises
        ------
        InputError
            With the sentences of all of them.
        """
        if blocking := self.of_severity("block"):
            raise InputError(
                "the test figures would be wrong: " + " ".join(leak.what for leak in blocking),
                kept="Nothing was trained",
                remedy="Leave these events out, split otherwise, or say accept_leaks = true; the result then says so",
            )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return {
            "unit": self.unit,
            "sides": self.sides,
            "leaks": [leak.to_json() for leak in self.leaks],
            "severity": self.severity,
            "warnings": list(self.warnings),
            "sha256": self.sha256,
        }


def review_split(study: Study, spec: TrainingSpec, seed: int, report: Reporter | None = None) -> SplitReview:
    """Return what a training run of this specification and seed would be split into; it reads the windows.

    Parameters
    ----------
    study : Study
        Opened for the annotator whose labels are to be learnt.
    spec : TrainingSpec
    seed : int
    report : Reporter, optional

    Raises
    ------
    InputError
        If there is no such split; see `split_dataset` and `load_dataset`.
    """
    dataset = load_dataset(study, spec, report)
    split = split_dataset(dataset, spec, seed, subjects_kept_apart(study, dataset.ids.tolist()))
    return review(study, dataset, split)


def review(study: Study, dataset: Dataset, split: Split) -> SplitReview:
    """Return what is to be said of a split of a dataset; see `twins` for what it costs."""
    found = [
        *leaks(study, split.to_json(dataset)),
        *_shared_subjects(dataset, split),
        *_duplicates(dataset, split),
        *_scaled_on(dataset, split),
    ]
    return SplitReview(
        unit=split.unit,
        sides={side: _side(dataset, getattr(split, side)) for side in SIDES},
        leaks=tuple(sorted(found, key=lambda leak: SEVERITIES.index(leak.severity))),
        warnings=split.warnings,
        sha256=split.to_json(dataset)["sha256"],
    )


def _side(dataset: Dataset, rows: Ints) -> dict[str, Any]:
    counts = np.bincount(dataset.y[rows], minlength=len(dataset.classes)).tolist()
    return {
        "n": len(rows),
        "classes": dict(zip(dataset.classes, counts, strict=True)),
        "subjects": dict(Counter(_people(dataset, rows)).most_common()),
    }


def _people(dataset: Dataset, rows: Ints) -> list[str]:
    """Return the subject of each row, or the recording where it is not known."""
    units = units_of(dataset.subject[rows].tolist(), dataset.recording[rows].tolist())
    return [unit if isinstance(unit, str) else f"recording {unit}" for unit in units]


def _shared_subjects(dataset: Dataset, split: Split) -> list[Leak]:
    """Return whether people are on the test side and on another."""
    test = _people(dataset, split.test)
    learnt_from = set(_people(dataset, np.concatenate([split.train, split.validation])))
    rows = split.test[[who in learnt_from for who in test]]
    if not len(rows):
        return []
    both = sorted(set(test) & learnt_from)
    could = best_unit(dataset.subject.tolist(), dataset.recording.tolist()) != "time"
    what = (
        f"{_some(both)} {'is' if len(both) == 1 else 'are'} on the test side and on another, with {len(rows):,} of "
        f"{len(split.test):,} test events: the figures say little about new patients."
    )
    if could:
        what += " A split that keeps them apart is possible."
    return [Leak("subjects", _ids(dataset, rows), len(split.test), what, severity="ask" if could else "note")]


def _duplicates(dataset: Dataset, split: Split) -> list[Leak]:
    """Return the windows of a side that judges which are on another side too."""
    found = []
    learnt = np.concatenate([split.train, split.validation])
    for name, judges, others, named in (
        ("test", split.test, learnt, "training or validation"),
        ("validation", split.validation, split.train, "training"),
    ):
        pairs = twins(dataset.raw, judges, others)
        grave = ("block", "ask") if name == "test" else ("ask", "note")
        for kind, chosen, severity in (
            ("duplicate", pairs.exact, grave[0]),
            ("near_duplicate", ~pairs.exact, grave[1]),
        ):
            if n := int(chosen.sum()):
                same = "the same samples as" if kind == "duplicate" else "a correlation of at least 0.999 with"
                what = f"{n:,} of {len(judges):,} {name} events {_have(n)} {same} {named} events."
                events, partners = _ids(dataset, pairs.rows[chosen]), _ids(dataset, pairs.partners[chosen])
                found.append(Leak(kind, events, len(judges), what, severity=severity, partners=partners))
    return found


def _scaled_on(dataset: Dataset, split: Split) -> list[Leak]:
    """Return whether windows were scaled by statistics of a recording that is on several sides."""
    if dataset.window.scaling != "recording":
        return []
    learnt = np.concatenate([split.train, split.validation])
    rows = split.test[np.isin(dataset.recording[split.test], dataset.recording[learnt])]
    if not len(rows):
        what = (
            "Windows are scaled by median and spread of their whole recording: whoever uses the model needs all of a "
            "recording before its first event."
        )
        return [Leak("scaled_on", (), len(split.test), what)]
    what = (
        f"Windows are scaled by median and spread of their whole recording, and {len(rows):,} of {len(split.test):,} test "
        "events are of recordings that are trained on: training windows were scaled by what is tested."
    )
    return [Leak("scaled_on", _ids(dataset, rows), len(split.test), what, severity="ask")]


def _ids(dataset: Dataset, rows: Ints) -> tuple[int, ...]:
    return tuple(dataset.ids[rows].tolist())


def _some(names: Sequence[str], most: int = 4) -> str:
    """Return names as a sentence has them: all, or the first few and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _have(n: int) -> str:
    return "has" if n == 1 else "have"
