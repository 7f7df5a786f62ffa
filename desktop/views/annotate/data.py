"""What Annotate reads and computes in the background."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from core.annotation import (
    PROPAGATORS,
    QUERIES,
    Asked,
    OnMap,
    Pool,
    Proposal,
    TradeOff,
    contested_labels,
    cross_validate,
    descendants,
    label_next,
    label_path,
    remarks,
    to_changeset,
    usable_neighbours,
    without_given,
)
from core.errors import HitscopeError, InputError
from core.jobs import read_json
from core.projection import Map, ProjectionSet, load_projection
from core.study import Changeset, EventTable, RunEntry, Study
from desktop.services.tasks import TaskReporter

KS, TAUS = (5, 10, 20), (0.0, 0.1, 0.2, 0.4, 0.6, 0.8)  # of the trade-off that is drawn
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the surest labels, where it is not over τ
MANY = 20_000  # events above which a slow method is judged at the present k only
NEXT, MODELS = 20, 3  # events asked at a time; newest models that are heard
LISTED = 50  # neighbours of each event that are kept: the most that a slider offers
Lists = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Shown:
    """The map that is shown: of which run, its place there, the events, and the map."""

    run_id: str
    which: int
    ids: npt.NDArray[np.int64]
    made: Map

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from all other maps of a study."""
        return self.run_id, self.made.number

    @property
    def n_usable(self) -> int:
        """How many of the events may decide something: those of test subjects only where features are transductive."""
        return int(self.made.events.usable.sum())

    def on(self, events: EventTable, classes: list[str], study: Study | None) -> OnMap:
        """Return what propagation, its estimate and the queue see of it; `study` knows what people do not agree on."""
        return OnMap(self.made, events, classes, contested_labels(study) if study is not None else None)


@dataclass(frozen=True)
class Source:
    """What a proposal is made from: map, method and its parameters."""

    run_id: str
    which: int
    method: str
    params: dict[str, float]
    surest: float = 1.0  # share of the labels, the surest first


@dataclass(frozen=True)
class Preview:
    """A proposal with the class key of each of its labels, what it was made from, and the study it belongs to."""

    proposal: Proposal
    keys: list[str]
    source: Source
    study: Study
    classes: tuple[str, ...] = ()  # that its numbers are of
    notes: tuple[str, ...] = ()
    on: str = ""  # what it was made on, in words

    @property
    def reason(self) -> str:
        """One line of the history."""
        return self.proposal.describe(self.on)

    def changeset(self, study: Study) -> Changeset:
        """Return the changeset that accepts it, as far as nobody labelled the events meanwhile."""
        return to_changeset(study, self.proposal, self.classes)


def read_maps(run: RunEntry) -> ProjectionSet:
    """Return the maps of a projection run."""
    return load_projection(run.folder)


def models_by_age(runs: list[RunEntry]) -> list[RunEntry]:
    """Return the finished runs, newest first, whatever their kind."""
    done = [run for run in runs if run.status == "done"]
    return sorted(done, key=lambda run: (run.created, run.id), reverse=True)


def read_predictions(runs: list[RunEntry]) -> dict[int, str]:
    """Return the class key that the newest model gives to each event it has seen.

    A prediction is a place in the model's own classes, which need not be those of the study, nor in their order.

    Raises
    ------
    InputError
        If the model's files are damaged.
    """
    for run in models_by_age(runs):
        path = run.folder / "predictions.npz"
        classes = _classes_of(run)
        if not path.exists() or not classes:
            continue
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                ids, places = file["ids"].tolist(), file["probabilities"].argmax(axis=1).tolist()
            return {event: classes[place] for event, place in zip(ids, places, strict=True)}
        except (OSError, ValueError, KeyError, IndexError, BadZipFile) as error:
            raise InputError(
                f"the predictions of {run.name} cannot be read ({error})", subject=path, remedy="Train the model again"
            ) from error
    return {}


def read_annotators(study: Study, ids: list[int]) -> dict[int, str]:
    """Return who labelled each event: several names, if several did; of a propagated label, who accepted it."""
    said: dict[int, list[str]] = {}
    for (event, who), _row in sorted(study.label_rows(ids).items()):
        said.setdefault(event, []).append(who)
    return {event: " + ".join(names) for event, names in said.items()}


@dataclass(frozen=True)
class Lineage:
    """Where the label of an event is from: the way to the label that somebody gave, and who else descends from that one.

    `source` is how that label came; ``propagated`` where the way ends at the event itself, since no single label gave it.
    """

    event: int
    path: list[int]
    origin: int
    descendants: list[int]
    source: str


def read_lineage(study: Study, event: int) -> Lineage:
    """Return where the label of an event is from; of one labelled by hand, what descends from it."""
    path = label_path(study, event)
    origin = path[-1] if path else event
    source = "".join(study.events(ids=[origin]).label_source)
    return Lineage(event, path, origin, descendants(study, origin), source)


def read_shares(runs: list[RunEntry], ids: npt.NDArray[np.int64], classes: list[str]) -> list[npt.NDArray[np.float64]]:
    """Return what each of the newest models says of events, as shares of the study's classes; NaN of what it has not seen."""
    found = []
    for run in models_by_age(runs)[:MODELS]:
        path, own = run.folder / "predictions.npz", _classes_of(run)
        if not path.exists() or not set(own) <= set(classes):
            continue
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                seen, given = file["ids"], file["probabilities"]
        except (OSError, ValueError, KeyError, BadZipFile):
            continue  # said where predictions are shown
        shares = np.full((len(ids), len(classes)), np.nan)
        row_of = {event: row for row, event in enumerate(seen.tolist())}
        rows = np.array([row_of.get(event, -1) for event in ids.tolist()])
        shares[rows >= 0] = 0.0
        for place, name in enumerate(own):
            shares[rows >= 0, classes.index(name)] = given[rows[rows >= 0], place]
        found.append(shares)
    return found


def ask_next(
    key: str, shown: Shown, events: EventTable, classes: list[str], lists: Lists | None, runs: list[RunEntry]
) -> list[Asked]:
    """Return which events to label next, by one of `QUERIES`; those that have a label are not asked."""
    on = shown.on(events, classes, None)  # what is contested has a label, and is not asked
    pool = Pool(
        on.ids, on.labels, on.points, on.quality,
        read_shares(runs, on.ids, classes) if QUERIES[key].models else (), on.closed, classes, lists,
    )  # fmt: skip
    return label_next(key, pool, NEXT)


def _classes_of(run: RunEntry) -> list[str]:
    """Return the classes of a model in its own order: of its card, else of what was asked for."""
    card = run.folder / "model.json"
    if not card.exists():
        return list(run.params.get("classes") or [])
    try:
        return list(read_json(card)["classes"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"the model {run.name} cannot be read ({error})", subject=card, remedy="Train the model again"
        ) from error


def neighbours(shown: Shown) -> Lists:
    """Return the nearest others of each event that may decide something: found once, they serve every k and τ."""
    return usable_neighbours(shown.made, LISTED).astype(np.int32)


def preview(
    study: Study, shown: Shown, events: EventTable, classes: list[str], source: Source, lists: Lists | None
) -> Preview:
    """Propose labels from the human labels."""
    on = shown.on(events, classes, study)
    proposal = PROPAGATORS[source.method].run(on.points, on.given, on.quality, lists, ids=on.ids, **source.params)
    notes = (*remarks(proposal, on.given, on.quality, tuple(classes)), *on.notes)
    proposal = without_given(proposal.surest(source.surest), events)
    keys = [classes[number] for number in proposal.labels.tolist()]
    return Preview(proposal, keys, source, study, tuple(classes), notes, on.name(shown.run_id, shown.which))


@dataclass(frozen=True)
class Known:
    """What an estimate is made from: map, labels, neighbour lists, and who is hidden together."""

    shown: Shown
    events: EventTable
    classes: list[str]
    lists: Lists | None
    subject: dict[int, str]  # of each recording
    study: Study | None = None

    def at(
        self,
        method: str,
        grid: list[dict[str, float]],
        surest: tuple[float, ...],
        report: TaskReporter,
        *,
        whole: bool = False,
    ) -> list[TradeOff]:
        """Return what a method would do for the subjects that have labels; `whole` ones are hidden to judge others.

        Raises
        ------
        InputError
            As `cross_validate`.
        """
        on, subjects = self.on, self._subjects
        made = cross_validate(
            on.points, on.labels, on.quality, method, grid, surest, groups=subjects if whole else None, subjects=subjects,
            classes=self.classes, neighbours=self.lists, stop=report.check,
        )  # fmt: skip
        return [replace(one, notes=(*one.notes, *on.notes)) for one in made]

    def some_without_labels(self) -> bool:
        """Return whether somebody on the map has no label at all."""
        return not np.isin(self._subjects, self._subjects[self.on.labels >= 0]).all()

    @cached_property
    def on(self) -> OnMap:
        """The part of the map that may decide something."""
        return self.shown.on(self.events, self.classes, self.study)

    @cached_property
    def _subjects(self) -> npt.NDArray[np.int64]:
        """Return the subject of each event as a number."""
        recording = dict(zip(self.events.id.tolist(), self.events.recording.tolist(), strict=True))
        names = [self.subject.get(recording.get(event, -1), "") for event in self.on.ids.tolist()]
        return np.unique(names, return_inverse=True)[1]


def estimate(known: Known, method: str, params: dict[str, float], surest: float, report: TaskReporter) -> TradeOff:
    """Return what to expect at exactly these values; where subjects without labels are on the map, of these, too."""
    same = known.at(method, [params], (surest,), report)[0]
    if not known.some_without_labels():
        return same
    return replace(same, others=known.at(method, [params], (surest,), report, whole=True)[0])


def curve(known: Known, method: str, params: dict[str, float], surest: float, report: TaskReporter) -> list[TradeOff]:
    """Return accuracy against coverage for the present k and some others; nothing where too few labels are there.

    It is over τ; of methods that are too slow for that, over the share of the surest labels.
    """
    swept, most = PROPAGATORS[method].swept, known.shown.n_usable - 1
    grid, surests = [params], (surest,)
    if "k" in params and (swept or most < MANY):
        ks = sorted({params["k"], *(other for other in KS if other <= most)})
        grid = [params | {"k": k} for k in ks]
    if swept:
        grid = [at | {"tau": tau} for at in grid for tau in TAUS]
    else:
        surests = tuple(sorted({surest, *SHARES}))
    try:
        return known.at(method, grid, surests, report)
    except HitscopeError:
        return []
