"""Several annotators of the same events: how far they agree, where they do not, and the verdict that settles it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from core.errors import InputError
from core.events import Agreement, FleissKappa, LabelRows, agreement, fleiss_kappa, judged_by, order_of
from core.study import ADJUDICATED as ADJUDICATED
from core.study import UNSURE, Changeset, Study, label_events


@dataclass(frozen=True)
class RatersAgreement:
    """Agreement of several annotators.

    Attributes
    ----------
    raters : tuple of str
    classes : tuple of str
        That they used, unsure among them unless it was left out.
    n_all : int
        Events that all of them judged; `several` compares all that at least two did.
    several : FleissKappa
    pairs : dict of (str, str) to Agreement
        Of any two with an event that both judged, on these: confusion table, Cohen's kappa with interval, and more.
    """

    raters: tuple[str, ...]
    classes: tuple[str, ...]
    n_all: int
    several: FleissKappa
    pairs: dict[tuple[str, str], Agreement]


@dataclass(frozen=True)
class Disagreement:
    """An event that was given different classes: by whom which, and what was settled (``""``: nothing yet)."""

    event: int
    said: dict[str, str]
    settled: str


def raters_of(study: Study, ids: Iterable[int] | None = None) -> dict[str, int]:
    """Return who has judged events and how many, most first; what was propagated is nobody's verdict."""
    counts = judged_by(study.label_rows(ids))
    return {name: n for name, n in counts.items() if name != ADJUDICATED}


def agreement_of_raters(
    study: Study, raters: Sequence[str] | None = None, ids: Iterable[int] | None = None, *, unsure: bool = True
) -> RatersAgreement:
    """Return how far annotators agree.

    Parameters
    ----------
    study : Study
    raters : sequence of str, optional
        By default all who have judged any of the events.
    ids : iterable of int, optional
        Only these events.
    unsure : bool
        Whether "unsure" counts as a class; else such a verdict is left out.

    Raises
    ------
    InputError
        If there are less than two of them, or one has judged none of the events.
    """
    labels = study.label_rows(ids)
    names = _checked(study, labels, raters)
    said = _verdicts(labels, names)
    if not unsure:
        said = {event: {who: label for who, label in of.items() if label != UNSURE} for event, of in said.items()}
    classes = tuple(sorted({label for of in said.values() for label in of.values()}, key=order_of))
    place = {name: number for number, name in enumerate(classes)}
    counts = np.zeros((len(said), len(classes)), np.int64)
    for row, of in enumerate(said.values()):
        for label in of.values():
            counts[row, place[label]] += 1
    pairs = {}
    for a, b in combinations(names, 2):
        both = [of for of in said.values() if a in of and b in of]
        if both:
            pairs[a, b] = agreement([of[a] for of in both], [of[b] for of in both], classes)
    n_all = sum(len(of) == len(names) for of in said.values())
    return RatersAgreement(names, classes, n_all, fleiss_kappa(counts, classes), pairs)


def disagreements(
    study: Study, raters: Sequence[str] | None = None, ids: Iterable[int] | None = None
) -> list[Disagreement]:
    """Return the events of which annotators said different things, by which classes these are, then by id.

    Parameters are those of `agreement_of_raters`. "Unsure" differs from a class.

    Raises
    ------
    InputError
        If there are less than two annotators, or one has judged none of the events.
    """
    labels = study.label_rows(ids)
    said = _verdicts(labels, _checked(study, labels, raters))
    settled = {event: row["label"] for (event, who), row in labels.items() if who == ADJUDICATED}
    found = [Disagreement(event, of, settled.get(event, "")) for event, of in said.items() if len(set(of.values())) > 1]
    return sorted(found, key=lambda one: ([order_of(key) for key in _classes(one)], one.event))


def adjudicate(study: Study, ids: Iterable[int], labels: str | Sequence[str]) -> Changeset:
    """Return the changeset that settles what events are: labels of the annotator `ADJUDICATED`; ``""`` takes them back.

    Who settled it stands in the history. The annotators' own labels stay as they are.

    Raises
    ------
    InputError
        If the study has no such class.
    """
    ids = list(ids)
    known = {"", UNSURE, *(c.key for c in study.classes())}
    for label in [labels] if isinstance(labels, str) else labels:
        if label not in known:
            raise InputError(
                f"there is no class {label}",
                subject=study.folder,
                remedy=f"Settle for one of: {', '.join(sorted(known - {''}, key=order_of))}",
            )
    settled = label_events(study, ids, labels, annotator=ADJUDICATED)
    return replace(settled, title=f"{ADJUDICATED}: {settled.title}")


def _classes(of: Disagreement) -> list[str]:
    return sorted(set(of.said.values()), key=order_of)


def _verdicts(labels: LabelRows, raters: Sequence[str]) -> dict[int, dict[str, str]]:
    """Return what was said of each event, by rater in their order; events in order."""
    said: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for event in sorted({event for event, _ in labels}):
        for who in raters:
            row = labels.get((event, who))
            if row is not None and row["source"] != "propagated":
                said[event][who] = str(row["label"])
    return dict(said)


def _checked(study: Study, labels: LabelRows, raters: Sequence[str] | None) -> tuple[str, ...]:
    there = [name for name in judged_by(labels) if name != ADJUDICATED]
    names = tuple(dict.fromkeys(there if raters is None else raters))
    if missing := [name for name in names if name not in there and name != ADJUDICATED]:
        raise InputError(
            f"{missing[0]} has judged none of these events",
            subject=study.folder,
            remedy=f"Verdicts are there of: {', '.join(there) or 'nobody'}",
        )
    if len(names) < 2:
        raise InputError(
            f"agreement needs two annotators; there are verdicts of {', '.join(names) or 'nobody'}",
            subject=study.folder,
            remedy="Let somebody else judge the same events, too",
        )
    return names
