"""HITS in numbers: counts and rates by class, by strength, by recording and by subject, each with its interval."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.events.intervals import Estimate, proportion, rate
from core.events.verdicts import ARTEFACT, EMBOLUS, UNDECIDED, Verdicts, order_of
from core.study import UNSURE, EventTable

HBR_EDGES_DB = (3.0, 6.0, 9.0, 12.0)
UNMEASURED = "not measured"


@dataclass(frozen=True)
class Recorded:
    """A recording as a summary sees it.

    Attributes
    ----------
    id : int
    name, subject : str
    hours : float
        In which there was a signal, gaps left out, h.
    simulated : bool
    duration_s : float
        Gaps included, s.
    gaps : tuple of (float, float)
        Start and end (s) of each stretch without a signal.
    usable_hours : float or None
        In which a detector would have seen an embolus, h; None if no search says.
    searched : bool
        Whether a detector is known to have looked through it.
    notes : tuple of str
        What that detector said of it.
    """

    id: int
    name: str
    subject: str
    hours: float
    simulated: bool = False
    duration_s: float = 0.0
    gaps: tuple[tuple[float, float], ...] = ()
    usable_hours: float | None = None
    searched: bool = False
    notes: tuple[str, ...] = ()

    @property
    def rated_hours(self) -> float:
        """Hours that rates are of: the usable ones, or all where these are not known."""
        return self.hours if self.usable_hours is None else self.usable_hours


@dataclass(frozen=True)
class ClassCount:
    """How many events are of a class.

    Attributes
    ----------
    key : str
        Class key; ``""`` for events without a verdict.
    n : int
    by : dict of str to int
        How many of these are whose, as `Verdicts.sources` names them.
    share : Estimate
        Of the events with a verdict; undefined for those without.
    per_hour : Estimate
    """

    key: str
    n: int
    by: dict[str, int]
    share: Estimate
    per_hour: Estimate


@dataclass(frozen=True)
class PartCount:
    """The events of a part of the whole: of a range of HBR, a recording or a subject.

    Attributes
    ----------
    name : str
        ``""`` for a subject that is not named.
    emboli, artefacts, unsure, undecided, others : int
    hours : float
        Recorded time, h.
    rated_hours : float
        Time that rates are of, h: the usable time of each recording, or its recorded time where that is not known.
    n_usable : int
        Of how many recordings the usable time is known.
    per_hour : Estimate
        Emboli per hour of the rated time.
    simulated : bool
        Whether a recording of it is.
    n_recordings : int
    subject : str
        Whose recording it is.
    """

    name: str
    emboli: int
    artefacts: int
    unsure: int
    undecided: int
    others: int
    hours: float
    rated_hours: float
    n_usable: int
    per_hour: Estimate
    simulated: bool = False
    n_recordings: int = 1
    subject: str = ""

    @property
    def n(self) -> int:
        """All events."""
        return self.emboli + self.artefacts + self.unsure + self.undecided + self.others


@dataclass(frozen=True)
class HitsSummary:
    """HITS of some recordings.

    Attributes
    ----------
    total : PartCount
        All of them.
    classes : tuple of ClassCount
        One per class that occurs, ``embolus`` and ``artefact`` in any case.
    by_hbr, by_recording, by_subject : tuple of PartCount
    with_emboli : Estimate
        Share of the named subjects who have one embolus or more.
    n_with_emboli, n_subjects : int
        These subjects, and all that are named.
    """

    total: PartCount
    classes: tuple[ClassCount, ...]
    by_hbr: tuple[PartCount, ...]
    by_recording: tuple[PartCount, ...]
    by_subject: tuple[PartCount, ...]
    with_emboli: Estimate
    n_with_emboli: int
    n_subjects: int


def summarise(events: EventTable, verdicts: Verdicts, recordings: Sequence[Recorded]) -> HitsSummary:
    """Return the numbers of events and their verdicts. O(n).

    Parameters
    ----------
    events : EventTable
    verdicts : Verdicts
        One for each.
    recordings : sequence of Recorded
        Those that were looked at, also those without an event: their time counts. Events of others are left out.
    """
    known = np.isin(events.recording, [r.id for r in recordings])
    events = events.take(known)
    verdicts = Verdicts(verdicts.classes[known], verdicts.sources[known])
    groups = verdicts.groups
    strengths = _strengths(events)
    subjects = sorted({r.subject for r in recordings}, key=lambda name: (not name, name))

    def part(name: str, rows: npt.NDArray[np.bool_], of: Sequence[Recorded]) -> PartCount:
        return _part(name, groups[rows].tolist(), of)

    by_subject = []
    for subject in subjects:
        of = [r for r in recordings if r.subject == subject]
        by_subject.append(part(subject, np.isin(events.recording, [r.id for r in of]), of))
    named = [p for p in by_subject if p.name]
    n_with = sum(p.emboli > 0 for p in named)
    return HitsSummary(
        total=part("all", np.ones(len(events), bool), recordings),
        classes=_classes(verdicts, recordings),
        by_hbr=tuple(part(name, strengths == name, recordings) for name in hbr_names(UNMEASURED in strengths)),
        by_recording=tuple(part(r.name, events.recording == r.id, [r]) for r in recordings),
        by_subject=tuple(by_subject),
        with_emboli=proportion(n_with, len(named)),
        n_with_emboli=n_with,
        n_subjects=len(named),
    )


def hbr_of(events: EventTable) -> npt.NDArray[np.float64]:
    """Return the HBR of each event, dB; NaN where none was measured."""
    said = [attributes.get("hbr_db") for attributes in events.attributes]
    good = [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else math.nan for v in said]
    return np.array(good, dtype=np.float64)


def hbr_names(unmeasured: bool = False) -> list[str]:
    """Return the names of the ranges of HBR, weakest first; each includes its lower end."""
    between = [f"{a:g} to {b:g} dB" for a, b in itertools.pairwise(HBR_EDGES_DB)]
    return [f"below {HBR_EDGES_DB[0]:g} dB", *between, f"{HBR_EDGES_DB[-1]:g} dB and more", *[UNMEASURED] * unmeasured]


def _strengths(events: EventTable) -> npt.NDArray[np.object_]:
    hbr, names = hbr_of(events), np.array(hbr_names(True), dtype=object)
    return np.where(np.isfinite(hbr), names[np.digitize(np.nan_to_num(hbr), HBR_EDGES_DB)], UNMEASURED)


def _part(name: str, groups: Sequence[str], recordings: Sequence[Recorded]) -> PartCount:
    counts = Counter(groups)
    known = {
        "emboli": counts[EMBOLUS], "artefacts": counts[ARTEFACT], "unsure": counts[UNSURE], "undecided": counts[UNDECIDED],
    }  # fmt: skip
    subjects = {r.subject for r in recordings}
    return PartCount(
        name,
        **known,
        others=len(groups) - sum(known.values()),
        hours=math.fsum(r.hours for r in recordings),
        rated_hours=math.fsum(r.rated_hours for r in recordings),
        n_usable=sum(r.usable_hours is not None for r in recordings),
        per_hour=_rate(counts[EMBOLUS], recordings),
        simulated=any(r.simulated for r in recordings),
        n_recordings=len(recordings),
        subject=subjects.pop() if len(subjects) == 1 else "",
    )


def _rate(n: int, recordings: Sequence[Recorded]) -> Estimate:
    found = rate(n, math.fsum(r.rated_hours for r in recordings))
    recorded = any(r.hours > 0 for r in recordings)
    return replace(found, why="no usable time") if found.value is None and recorded else found


def _classes(verdicts: Verdicts, recordings: Sequence[Recorded]) -> tuple[ClassCount, ...]:
    classes = verdicts.classes.tolist()
    counts, by = Counter(classes), Counter(zip(classes, verdicts.sources.tolist(), strict=True))
    judged = len(classes) - counts[UNDECIDED]
    made = []
    for key in sorted({EMBOLUS, ARTEFACT, *counts}, key=order_of):
        n, whose = counts[key], {source: m for (k, source), m in by.items() if k == key and source}
        share = proportion(n, judged) if key != UNDECIDED else Estimate(None, why="these have no verdict")
        made.append(ClassCount(key, n, whose, share, _rate(n, recordings)))
    return tuple(made)
