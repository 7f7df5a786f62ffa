"""What a report of HITS says, gathered from a study; how it looks is said elsewhere."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from core import __version__
from core.errors import InputError
from core.events import (
    BASES,
    Criteria,
    HitsSummary,
    LabelRows,
    RaterAgreement,
    Recorded,
    Verdicts,
    agree_on_hits,
    has_doppler,
    judged_by,
    summarise,
    verdicts_of,
)
from core.jobs import NullReporter, Reporter
from core.registry import chosen
from core.reports.recorded import HITS, recorded_of
from core.study import BY_HAND, EventTable, RecordingEntry, Study

SETTINGS = ("settings", "criteria")  # attributes in which a maker keeps them together
OWN_SETTINGS = tuple(Criteria.__dataclass_fields__)  # or each by its name


@dataclass(frozen=True)
class Detector:
    """What found events: the maker, how many, and with which settings (empty where its events do not say)."""

    maker: str
    n: int
    settings: dict[str, Any]

    @property
    def by_hand(self) -> bool:
        """Whether it was a person."""
        return self.maker == BY_HAND


@dataclass(frozen=True)
class HitsReport:
    """What a report says.

    Attributes
    ----------
    study : str
        Its name.
    version : str
        Of Hitscope.
    made : datetime
    annotator : str or None
        Whose verdicts are counted; None if there is no person.
    basis : str
        One of `core.events.BASES`.
    recordings : tuple of Recorded
    events : EventTable
        Of kind ``hits``, in these recordings.
    labels : mapping of (event, annotator) to label row
        Of everybody.
    verdicts : Verdicts
        What is counted.
    summary : HitsSummary
    annotators : dict of str to int
        All who gave verdicts, and how many.
    agreements : tuple of RaterAgreement
        Of the annotator, or whoever judged most, with each other who judged some of the same events.
    detectors : tuple of Detector
    notes : tuple of str
        What has to be known of these numbers.
    """

    study: str
    version: str
    made: datetime
    annotator: str | None
    basis: str
    recordings: tuple[Recorded, ...]
    events: EventTable
    labels: LabelRows
    verdicts: Verdicts
    summary: HitsSummary
    annotators: dict[str, int]
    agreements: tuple[RaterAgreement, ...]
    detectors: tuple[Detector, ...]
    notes: tuple[str, ...]

    @property
    def simulated(self) -> tuple[str, ...]:
        """Names of the recordings that are simulated."""
        return tuple(r.name for r in self.recordings if r.simulated)


def hits_annotators(study: Study) -> dict[str, int]:
    """Return who gave verdicts on the HITS of a study, and on how many, most first."""
    return judged_by(study.label_rows(study.events(kind=HITS).id.tolist()))


def hits_report(
    study: Study,
    recordings: Sequence[int] | None = None,
    annotator: str | None = None,
    basis: str | None = None,
    report: Reporter | None = None,
) -> HitsReport:
    """Gather the numbers of the HITS of a study; nothing is written.

    Parameters
    ----------
    study : Study
    recordings : sequence of int, optional
        By default those with Doppler channels, also without an event since their time counts, and all with events.
    annotator : str, optional
        By default the study's current one if they gave verdicts, else the only one who did.
    basis : str, optional
        One of `core.events.BASES`: by default the annotator's verdicts, or the detector's suggestions where nobody
        gave any.
    report : Reporter, optional

    Raises
    ------
    InputError
        If there is no such recording or basis, nothing to report, or no telling whose verdicts are meant.
    JobCancelled
        If asked to stop.
    """
    report = report or NullReporter()
    entries = study.recordings() if recordings is None else [study.recording(n) for n in dict.fromkeys(recordings)]
    every = study.events(kind=HITS)
    looked_at, notes = _looked_at(study, entries, every, report, choose=recordings is None)
    if not looked_at:
        raise InputError(
            "there is no Doppler recording and no event of kind hits",
            subject=study.folder,
            remedy="Add a Doppler recording and find HITS in it, then ask again",
        )
    events = every.take(np.isin(every.recording, [r.id for r in looked_at]))
    labels = study.label_rows(events.id.tolist())
    judges = judged_by(labels)
    annotator, basis = _whose(study, judges, annotator, basis)
    verdicts = verdicts_of(events, labels, annotator, basis)
    first = annotator or next(iter(judges), "")
    pairs = [agree_on_hits(labels, events.id.tolist(), first, other) for other in judges if other != first]
    return HitsReport(
        study=study.name,
        version=__version__,
        made=datetime.now().astimezone(),
        annotator=annotator,
        basis=basis,
        recordings=looked_at,
        events=events,
        labels=labels,
        verdicts=verdicts,
        summary=summarise(events, verdicts, looked_at),
        annotators=judges,
        agreements=tuple(pair for pair in pairs if pair.every.n),
        detectors=_detectors(events),
        notes=(*notes, *_noted(events, looked_at)),
    )


def _looked_at(
    study: Study, entries: Sequence[RecordingEntry], events: EventTable, report: Reporter, *, choose: bool
) -> tuple[tuple[Recorded, ...], list[str]]:
    """Return recordings with their time; to be chosen, only those in which HITS can be, or are."""
    found, notes = [], []
    for number, entry in enumerate(entries):
        report.check()
        report.progress(number, len(entries), entry.name)
        channels = {str(name) for name in events.channel[events.recording == entry.id]}
        recorded, recording, note = recorded_of(study, entry, channels, report)
        if choose and not channels and not (recording is not None and has_doppler(recording)):
            continue
        found.append(recorded)
        notes += [note] * bool(note)
    return tuple(found), notes


def _whose(study: Study, judges: dict[str, int], annotator: str | None, basis: str | None) -> tuple[str | None, str]:
    """Return whose verdicts are counted, and on which basis."""
    if basis is not None:
        chosen(BASES, basis, "basis of the numbers", "bases")
    if basis == "detector":
        return None, basis
    if annotator is not None and annotator not in judges:
        known = f"Verdicts are there of: {', '.join(judges)}" if judges else "Nobody has given any yet"
        raise InputError(f"{annotator} has given no verdict on these events", subject=study.folder, remedy=known)
    if annotator is None and study.annotator in judges:
        annotator = study.annotator
    if annotator is None and len(judges) > 1:
        said = f"Choose one (--annotator) of: {', '.join(judges)}"
        raise InputError("several annotators have given verdicts", subject=study.folder, remedy=said)
    annotator = annotator or next(iter(judges), None)
    if annotator is None:
        return None, "detector"
    return annotator, basis or "annotator"


def _detectors(events: EventTable) -> tuple[Detector, ...]:
    """Return what found events, most first; the same maker with other settings is another one."""
    found = Counter(_found_by(events))
    return tuple(Detector(maker, n, json.loads(settings)) for (maker, settings), n in found.most_common())


def _noted(events: EventTable, recordings: Sequence[Recorded]) -> list[str]:
    notes = []
    with_events = set(events.recording.tolist())
    empty = [r for r in recordings if r.id not in with_events]
    if searched := [r.name for r in empty if r.searched]:
        notes.append(
            f"No event stands in {', '.join(searched)}, through which the detector looked: the hours count as hours in which "
            "nothing was found."
        )
    if unknown := [r.name for r in empty if not r.searched]:
        notes.append(
            f"No event stands in {', '.join(unknown)}: the hours count as hours in which nothing was found. The study does not "
            "tell whether anybody, or a detector, has looked through it."
        )
    if unknown := [r.name for r in recordings if r.usable_hours is None]:
        notes.append(
            f"The usable time of {', '.join(unknown)} is not known, since no search of this detector is noted in the study (its "
            "candidates are older, imported or drawn by hand): rates are of the whole length there, gaps left out."
        )
    if n := _several_channels(events):
        what = "1 event begins" if n == 1 else f"{n:,} events begin"
        notes.append(f"{what} before one of another channel of the same recording has ended; each is counted.")
    if n := _found_twice(events):
        what = "1 event lies" if n == 1 else f"{n:,} events lie"
        notes.append(
            f"{what} over another of the same channel that was found with other settings, or by another maker: perhaps the same "
            "ones; each is counted."
        )
    if not all(r.subject for r in recordings):
        notes.append("Recordings without a subject stand together as “not named”; they may be of several people.")
    return notes


def _found_by(events: EventTable) -> list[tuple[str, str]]:
    """Return the maker of each event, and its settings as JSON."""
    return [
        (maker, json.dumps(_settings(attributes), sort_keys=True))
        for maker, attributes in zip(events.maker.tolist(), events.attributes, strict=True)
    ]


def _settings(attributes: dict[str, Any]) -> dict[str, Any]:
    together: dict[str, Any] = next(
        (attributes[name] for name in SETTINGS if isinstance(attributes.get(name), dict)), {}
    )
    return {**{name: attributes[name] for name in OWN_SETTINGS if name in attributes}, **together}


def _found_twice(events: EventTable) -> int:
    """Return how many events begin before one of the same channel, found otherwise, has ended. O(n log n)."""
    place = list(zip(events.recording.tolist(), events.channel.tolist(), strict=True))
    return _overlapping(events, place, _found_by(events))


def _several_channels(events: EventTable) -> int:
    """Return how many events begin before one of another channel has ended. O(n log n)."""
    return _overlapping(events, events.recording.tolist(), events.channel.tolist())


def _overlapping(events: EventTable, place: Sequence[Any], how: Sequence[Any]) -> int:
    """Return how many events begin before one of the same place, but another how, has ended."""
    n = 0
    ends: defaultdict[Any, dict[Any, float]] = defaultdict(dict)
    for row in np.argsort(events.start_s, kind="stable").tolist():
        known, start = ends[place[row]], float(events.start_s[row])
        n += any(end > start for name, end in known.items() if name != how[row])
        known[how[row]] = max(known.get(how[row], 0.0), start + float(events.duration_s[row]))
    return n
