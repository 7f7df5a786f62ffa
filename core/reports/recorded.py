"""Recorded time: how long there was a signal, and how long something could have been found in it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.errors import HitscopeError
from core.events import Recorded
from core.jobs import Reporter
from core.signals import Recording, open_from_study
from core.study import RecordingEntry, Study

Gaps = Sequence[tuple[float, float]]
HITS = "hits"  # the kind of events, and their maker
UNUSABLE = ("missing_s", "without_blood_s", "both_sides_s")  # of the seconds that it notes of a channel
DOPPLER = ("doppler_i", "doppler_q", "doppler_forward", "doppler_reverse")


def recorded_of(
    study: Study, entry: RecordingEntry, channels: Collection[str], report: Reporter
) -> tuple[Recorded, Recording | None, str]:
    """Return a recording's time with a signal, the recording, and what is to be said of it.

    Parameters
    ----------
    study : Study
    entry : RecordingEntry
    channels : collection of str
        Those with events: what counts is the time in which one of these, or of the Doppler channels, has samples; of a
        recording with neither, any.
    report : Reporter

    Raises
    ------
    JobCancelled
        If asked to stop.
    """
    try:
        recording = open_from_study(study, entry.id, report)
    except HitscopeError as error:
        report.check()
        why = f"{entry.name}: its gaps could not be left out of its hours ({error.what})"
        return _searched(study, _recorded(entry, entry.duration_s, ())), None, why
    gaps = gaps_of(recording, channels)
    return _searched(study, _recorded(entry, recording.duration, gaps)), recording, ""


def usable_hours(seconds: Mapping[str, float]) -> float | None:
    """Return in how many hours the detector of HITS would have seen an embolus, of the seconds that it noted; None if none."""
    if "whole_s" not in seconds:
        return None
    return max(0.0, seconds["whole_s"] - math.fsum(seconds.get(name, 0.0) for name in UNUSABLE)) / 3600


def _searched(study: Study, recorded: Recorded) -> Recorded:
    """Return a recording's time with what the detector said of it; of several gates, that with most usable time counts."""
    searches = [s for s in study.searches(recorded.id) if s.maker == HITS]
    known = [hours for s in searches if (hours := usable_hours(s.seconds)) is not None]
    notes = [f"{s.channel}: {note}" if len(searches) > 1 else note for s in searches for note in s.notes]
    # It counts in steps of some milliseconds, and may come out above the time of the samples.
    usable = min(recorded.hours, max(known)) if known else None
    return replace(recorded, usable_hours=usable, searched=bool(searches), notes=tuple(notes))


def gaps_of(recording: Recording, channels: Collection[str] = ()) -> tuple[tuple[float, float], ...]:
    """Return start and end (s) of each stretch in which none of the Doppler channels, and none of `channels`, has samples."""
    known = recording.channels
    chosen = [n for n, c in enumerate(known) if c.kind in DOPPLER or c.name in channels] or list(range(len(known)))
    common: Gaps = [(0.0, recording.duration)]
    for number in chosen:
        end = known[number].n_samples / known[number].fs
        tail = [(end, recording.duration)] if recording.duration - end > 1 / known[number].fs else []
        common = _both(common, [*recording.gaps_of(number), *tail])
    return tuple(common)


def _both(one: Gaps, other: Gaps) -> list[tuple[float, float]]:
    """Return the stretches that lie in both of two ordered lists. O(n + m)."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        start, stop = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if stop > start:
            found.append((start, stop))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return found


def _recorded(entry: RecordingEntry, duration_s: float, gaps: tuple[tuple[float, float], ...]) -> Recorded:
    missing = math.fsum(stop - start for start, stop in gaps)
    hours = max(0.0, duration_s - missing) / 3600
    return Recorded(entry.id, entry.name, entry.subject or "", hours, entry.simulated, duration_s, gaps)
