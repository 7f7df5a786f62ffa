"""What a test side has to do with what is learnt: by its labels, their maps, its subjects, its windows or their scaling."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.annotation import descendants, propagated_on
from core.features import units_of
from core.projection import MapEvents
from core.study import Study

Ints = npt.NDArray[np.int64]
Unit = str | int  # a subject, or the number of a recording whose subject is not known


@dataclass(frozen=True)
class Leak:
    """One way in which test events had a part in what was learnt.

    Attributes
    ----------
    kind : str
        ``chosen_on``: features, map and propagation of training labels were made with test events. ``transductive``: the
        same, of subjects that somebody marked as test subjects and used all the same. ``descends``: labels of training
        events came by way of test events. ``subjects``: the same people are on several sides. ``duplicate`` and
        ``near_duplicate``: windows that are on two sides. ``scaled_on``: training windows were scaled by statistics of
        stretches that are tested.
    events : tuple of int
        Test events, or of ``descends`` the training events; of duplicates those of the side that judges.
    of : int
        How many events there are on their side.
    what : str
        One sentence with the numbers.
    run : str
        The projection run, if it is about one.
    severity : str
        ``block``: the figures would be wrong, and no run begins unless `TrainingSpec.accept_leaks`. ``ask``: they may be
        too good; somebody should decide. ``note``: to be known.
    partners : tuple of int
        Of duplicates: the event that each is a duplicate of.
    """

    kind: str
    events: tuple[int, ...]
    of: int
    what: str
    run: str = ""
    severity: str = "note"
    partners: tuple[int, ...] = ()

    @property
    def n(self) -> int:
        """How many events it is about."""
        return len(self.events)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields, with the number of events."""
        return {**asdict(self), "events": list(self.events), "partners": list(self.partners), "n": self.n}


def leaks(study: Study, sides: Mapping[str, Sequence[int]]) -> list[Leak]:
    """Return what went from the test side of a split into its training labels; nothing where all is as it should be.

    Parameters
    ----------
    study : Study
        Opened for the annotator whose labels were learnt.
    sides : mapping
        Event ids of ``train`` and ``test``, as `Split.to_json` gives them and ``splits.json`` of a run holds them.

    Returns
    -------
    list of Leak
        As far as the history says on which maps labels were propagated, see `core.annotation.propagated_on`.
    """
    test = np.array(sorted(sides["test"]), dtype=np.int64)
    learnt = _propagated(study, sides["train"])
    found = [leak for run, to in _maps(study, learnt).items() for leak in _of_map(study, run, to, test)]
    if through := sorted(set(learnt) & set(descendants(study, *test.tolist()))):
        what = f"The labels of {len(through):,} of {len(sides['train']):,} training events came by way of test events."
        found.append(Leak("descends", tuple(through), len(sides["train"]), what, severity="block"))
    return found


def subjects_kept_apart(study: Study, ids: Collection[int]) -> frozenset[Unit]:
    """Return the subjects that were kept for testing where labels of events were propagated, and seen on none of the maps.

    Parameters
    ----------
    study : Study
        Opened for the annotator whose labels are learnt.
    ids : collection of int
        Events to learn from.

    Returns
    -------
    frozenset
        Subjects, and numbers of recordings of unknown subjects; empty where no label was propagated, or none on a map
        with test subjects.
    """
    kept: set[Unit] = set()
    seen: set[Unit] = set()
    for run in _maps(study, _propagated(study, ids)):
        on = MapEvents.load(study.run(run).folder)
        kept |= _units(study, on.ids[on.test & ~on.usable])
        seen |= _units(study, on.ids[on.usable])
    return frozenset(kept - seen)


def _propagated(study: Study, ids: Collection[int]) -> list[int]:
    """Return those of the events that show a propagated label."""
    events = study.events(ids=ids)
    shown: list[int] = events.id[events.label_source == "propagated"].tolist()
    return shown


def _maps(study: Study, learnt: Sequence[int]) -> dict[str, Ints]:
    """Return the projection runs that are still there and the events whose labels were propagated on each."""
    on = propagated_on(study, learnt)
    return {run: events for run, events in on.items() if (study.run(run).folder / "ids.npy").exists()}


def _of_map(study: Study, run: str, to: Ints, test: Ints) -> list[Leak]:
    """Return what is to be said of the test events that one map was made or used with."""
    on = MapEvents.load(study.run(run).folder)
    found = []
    for kind, among in (("chosen_on", on.usable & ~on.test), ("transductive", on.usable & on.test)):
        there = tuple(np.intersect1d(test, on.ids[among]).tolist())
        if there:
            what = (
                f"{len(there):,} of {len(test):,} test events had a part in the maps of {run}, on which the labels of "
                f"{len(to):,} training events were propagated"
            )
            what += "; these are test subjects used transductively" if kind == "transductive" else ""
            what += ": figures of them say less about new patients."
            found.append(Leak(kind, there, len(test), what, run, "ask" if kind == "chosen_on" else "note"))
    return found


def _units(study: Study, ids: Ints) -> set[Unit]:
    subject = {entry.id: entry.subject or "" for entry in study.recordings()}
    recordings = study.events(ids=ids.tolist()).recording.tolist()
    return set(units_of([subject[n] for n in recordings], recordings))
