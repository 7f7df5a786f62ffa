"""The folds of an experiment before it begins, in few lines: how large the sides are, what leaks in which folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from itertools import groupby

from core.training import Fold, Leak, SplitReview
from desktop.views.train.words import tr
from desktop.widgets.parts import number

SIDES = ("train", "validation", "test")


def merged(folds: Sequence[Fold]) -> SplitReview | None:
    """Return what is to be said of all folds as of one split; None where none can be split.

    What leaks in several folds is said once, with the events of all.
    """
    reviews = [(fold, fold.reviewed) for fold in folds if fold.reviewed is not None]
    if not reviews:
        return None
    key = lambda found: (["block", "ask", "note"].index(found[1].severity), found[1].kind)  # noqa: E731
    found = sorted(((fold.number, leak) for fold, one in reviews for leak in one.leaks), key=key)
    leaks = tuple(_together(list(same), len(reviews)) for _, same in groupby(found, key=key))
    failed = [tr("Fold {} cannot be split: {}").format(fold.number + 1, fold.why) for fold in folds if fold.why]
    said = dict.fromkeys(warning for _, one in reviews for warning in one.warnings)
    return replace(reviews[0][1], leaks=leaks, warnings=(*failed, *said))


def _together(found: list[tuple[int, Leak]], n_folds: int) -> Leak:
    """Return the leaks of one kind as one."""
    first, leak = found[0]
    where = sorted({fold + 1 for fold, _ in found})
    named = tr("Fold {}: {}") if len(where) == 1 else tr("{} of {} folds; fold {}: {}")
    parts = (first + 1, leak.what) if len(where) == 1 else (len(where), n_folds, first + 1, leak.what)
    events = dict.fromkeys(event for _, one in found for event in one.events)
    partners = dict.fromkeys(event for _, one in found for event in one.partners)
    return replace(leak, events=tuple(events), partners=tuple(partners), what=named.format(*parts))


def sides_of(folds: Sequence[Fold]) -> list[str]:
    """Return a line for each side: how many events and people it has, from the smallest fold to the largest."""
    reviews = [fold.reviewed for fold in folds if fold.reviewed is not None]
    titles = {"train": tr("Training"), "validation": tr("Validation"), "test": tr("Test")}
    lines = []
    for side in SIDES:
        events = _range([one.sides[side]["n"] for one in reviews])
        people = _range([len(one.sides[side]["subjects"]) for one in reviews])
        classes = ", ".join(
            f"{escape(name)} {_range([one.sides[side]['classes'][name] for one in reviews])}"
            for name in reviews[0].sides[side]["classes"]
        )
        lines.append(
            tr("<b>{}</b> of each fold: {} events of {} people; {}").format(titles[side], events, people, classes)
        )
    return lines


def _range(values: list[int]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low}–{high}"
