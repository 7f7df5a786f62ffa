"""How accuracy trades against coverage, from the human labels alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.annotation.folds import Folds, class_name, folds_of
from core.annotation.inputs import Floats, Given, Ints, checked, neighbour_lists
from core.annotation.over_subjects import share_over_subjects
from core.annotation.proposal import SHARE, Proposal
from core.annotation.registry import PROPAGATORS, PropagatorEntry
from core.checks import check, finite, list_of, whole
from core.errors import InputError
from core.events import Estimate, proportion
from core.registry import chosen


@dataclass(frozen=True)
class TradeOff:
    """What propagation with one choice of parameters would do.

    Attributes
    ----------
    params : mapping of str to float
        Of the method.
    surest : float
        Share of the proposed labels that is given, the surest first; 1 for all.
    coverage : float
        Share of all points that hold a label afterwards, 0 to 1, propagated from all labels there are.
    accuracy : float
        Share of the hidden labels that were reached, and came back the same; NaN where they are of fewer than two
        classes, since a single class says nothing of the others.
    n : int
        Hidden labels that were reached.
    hidden : int
        Labels that were hidden once.
    interval : Estimate
        Accuracy with its 95 % interval: over subjects where these are known (`share_over_subjects`), else of independent
        labels (Wilson); what is undefined is None, and `why`.
    notes : tuple of str
        What the estimate does not say, each in one sentence.
    points : int
        What coverage is a share of.
    subjects : int, optional
        Subjects that the `n` labels are of; None where it was not said whose they are.
    by_class : mapping of str to (int, int)
        Name of each class that was judged → how many of its hidden labels came back right, of how many reached.
    others : TradeOff, optional
        The same for subjects of whom no label is known (whole subjects hidden), where that was asked, too.
    """

    params: Mapping[str, float]
    surest: float
    coverage: float
    accuracy: float
    n: int
    hidden: int
    interval: Estimate
    notes: tuple[str, ...] = ()
    points: int = 0
    subjects: int | None = None
    by_class: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    others: TradeOff | None = None

    @property
    def k(self) -> float | None:
        """Its neighbours; None of a method that asks for none."""
        return self.params.get("k")

    @property
    def tau(self) -> float | None:
        """Its least quality; None of a method that asks for none."""
        return self.params.get("tau")


def trade_off(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike,
    ks: Sequence[int] = (5, 10, 20),
    taus: Sequence[float] = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8),
    folds: int = 4,
    seed: int = 0,
    *,
    neighbours: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    subjects: npt.ArrayLike | None = None,
    classes: Sequence[str] = (),
) -> list[TradeOff]:
    """Return the trade-off of LQ-KNN over a grid of k and τ, in the order of `ks`, then `taus`: see `cross_validate`.

    Raises
    ------
    InputError
        As `cross_validate`.
    """
    check(list_of("numbers", finite()), taus=list(taus))
    check(list_of("whole numbers", whole(1)), ks=list(ks))
    grid = [{"k": int(k), "tau": float(tau)} for k in ks for tau in taus]
    return cross_validate(
        points, labels, quality, "lq_knn", grid, folds=folds, seed=seed, neighbours=neighbours, groups=groups,
        subjects=subjects, classes=classes,
    )  # fmt: skip


def cross_validate(
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike | None,
    method: str,
    grid: Sequence[Mapping[str, float]] = ({},),
    surest: Sequence[float] = (1.0,),
    folds: int = 4,
    seed: int = 0,
    *,
    neighbours: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    subjects: npt.ArrayLike | None = None,
    classes: Sequence[str] = (),
    stop: Callable[[], None] = lambda: None,
) -> list[TradeOff]:
    """Return what a way of propagating would do, by cross-validation over the labelled points.

    Each fold hides a share of the labels, propagates the others and compares. The estimate is of points such as were
    labelled: those picked by hand, in the middle of a cluster, are easier than the rest. Which question it answers is up
    to `groups`: without, how unlabelled points of the subjects that have labels fare; with the subjects as groups, how
    those of subjects fare who have none.

    Parameters
    ----------
    points, labels, quality
        As of `propagate`.
    method : str
        Key in `PROPAGATORS`.
    grid : sequence of mappings
        Its parameters; those left out have their start value.
    surest : sequence of float
        Shares of the proposed labels that are given, the surest first: see `Proposal.surest`. They cost nothing more.
    folds : int
        2 or more.
    seed : int
        Of the draw of folds, and of the sample.
    neighbours : (N, ≥ k) int array, optional
        As of `propagate`; one search serves the whole grid in any case.
    groups : (N,) array, optional
        Subject, or recording, of each point: labels of one are hidden together, since events of one subject resemble
        each other and would make the estimate for other subjects too good.
    subjects : (N,) array, optional
        Subject of each point, for the interval: `groups` by default.
    classes : sequence of str
        Names of the classes, for what is said; numbers where there are none.
    stop : callable
        Called before each propagation; what it raises ends the work.

    Returns
    -------
    list of TradeOff
        In the order of `grid`, then `surest`. With one class, or where nothing can be hidden, accuracy is NaN and notes
        say why. A method that is slow is judged on a sample of its `judged_most` points, and a note says so.

    Raises
    ------
    InputError
        As the method, or if there is no such method, `folds` is no whole number from 2, a share is not above 0 and at
        most 1, or there is not one group or subject per point.
    """
    check(whole(2), folds=folds)
    check(list_of("shares", SHARE), surest=list(surest))
    entry = chosen(PROPAGATORS, method, "way of propagating", "ways")
    given = checked(points, labels, quality)
    together = _of_each(groups, "group", given)
    owners = together if subjects is None else _of_each(subjects, "subject", given)
    drawn = _drawn(given.labels, entry.judged_most, seed)
    notes: tuple[str, ...] = ()
    if drawn is not None:
        notes = (_sampled(entry, drawn, given, seed),)
        given, neighbours = _rows(given, drawn), None
        together, owners = (None if each is None else each[drawn] for each in (together, owners))
    plan = folds_of(given.labels, folds, seed, together, classes)
    deepest = max((int(params.get("k", _start(entry))) for params in grid), default=0)
    lists = neighbour_lists(given.points, deepest, neighbours) if deepest else None
    judge = _Judge(entry, given, lists, plan, tuple(map(float, surest)), owners, tuple(classes), stop)
    return [replace(one, notes=(*one.notes, *notes)) for params in grid for one in judge.at(params)]


@dataclass
class _Judge:
    """Propagates once from all labels and once for each fold, and compares."""

    entry: PropagatorEntry
    given: Given
    lists: npt.NDArray[np.integer] | None
    plan: Folds
    surest: tuple[float, ...]
    subjects: npt.NDArray[Any] | None
    classes: tuple[str, ...]
    stop: Callable[[], None]

    def at(self, params: Mapping[str, float]) -> list[TradeOff]:
        """Return the trade-off at some parameters for each share of the surest labels."""
        labels, n = self.given.labels, len(self.given.labels)
        every = self._proposed(labels, params)
        given = [int((labels >= 0).sum()) + len(every.surest(share).ids) for share in self.surest]
        came = np.full((len(self.surest), n), -1)  # as what the hidden labels came back
        for hidden in self.plan.each():
            kept = labels.copy()
            kept[hidden] = -1
            proposal = self._proposed(kept, params)
            for place, share in enumerate(self.surest):
                part = proposal.surest(share)
                of_hidden = np.isin(part.ids, hidden)
                came[place, part.ids[of_hidden]] = part.labels[of_hidden]
        return [
            self._told(every.params, share, given[place] / n, came[place]) for place, share in enumerate(self.surest)
        ]

    def _proposed(self, labels: Ints, params: Mapping[str, float]) -> Proposal:
        self.stop()
        return self.entry.run(self.given.points, labels, self.given.quality, self.lists, **params)

    def _told(self, params: Mapping[str, Any], share: float, coverage: float, came: Ints) -> TradeOff:
        rows = np.flatnonzero(came >= 0)
        label, right = self.given.labels[rows], came[rows] == self.given.labels[rows]
        by_class = {
            class_name(int(c), self.classes): (int(right[label == c].sum()), int((label == c).sum()))
            for c in np.unique(label)
        }
        interval = self._interval(rows, right, list(by_class))
        return TradeOff(
            params=dict(params),
            surest=share,
            coverage=coverage,
            accuracy=float("nan") if interval.value is None else interval.value,
            n=len(rows),
            hidden=int((self.plan.number >= 0).sum()),
            interval=interval,
            notes=self.plan.notes,
            points=len(came),
            subjects=None if self.subjects is None else len(np.unique(self.subjects[rows])),
            by_class=by_class,
        )

    def _interval(self, rows: Ints, right: npt.NDArray[np.bool_], judged: list[str]) -> Estimate:
        if not judged:
            return Estimate(None, why=self.plan.why or "no hidden label was reached")
        if len(judged) < 2:
            return Estimate(
                None, why=f"only hidden labels of class {judged[0]} were reached, which says nothing of others"
            )
        if self.subjects is None:
            return proportion(int(right.sum()), len(right))
        return share_over_subjects(right, self.subjects[rows])


def _of_each(owners: npt.ArrayLike | None, what: str, given: Given) -> npt.NDArray[Any] | None:
    """Return the group or subject of each point; None where none is given."""
    if owners is None:
        return None
    each = np.asarray(owners)
    if each.shape != given.labels.shape:
        raise InputError(f"{each.size} {what}s for {len(given.labels)} points", remedy=f"Give one {what} per point")
    return each


def _start(entry: PropagatorEntry) -> float:
    """Return the neighbours that a method asks for by itself; 0 if it asks for none."""
    return entry.parameters["k"].start if "k" in entry.parameters else 0


def _drawn(labels: Ints, most: int | None, seed: int) -> Ints | None:
    """Return the rows of a sample: labelled ones first, up to half of it; None where all points can be judged."""
    if most is None or len(labels) <= most:
        return None
    order = np.random.default_rng(seed).permutation(len(labels))
    known = order[labels[order] >= 0][: most // 2]
    rest = order[labels[order] < 0][: most - len(known)]
    return np.sort(np.concatenate([known, rest]))


def _rows(given: Given, rows: Ints) -> Given:
    soft: Floats | None = None if given.soft is None else given.soft[rows]
    return Given(given.points[rows], given.labels[rows], given.quality[rows], given.ids[rows], soft)


def _sampled(entry: PropagatorEntry, drawn: Ints, given: Given, seed: int) -> str:
    kept, known = int((given.labels[drawn] >= 0).sum()), int((given.labels >= 0).sum())
    who = f"all {known:,}" if kept == known else f"{kept:,} of the {known:,}"
    return (
        f"{entry.title} takes too long on {len(given.labels):,} points: estimated on {len(drawn):,} of them, drawn at random"
        f" (seed {seed}) with {who} that are labelled."
    )
