"""Recorded time: how long there was a signal in which something could have been found."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from core.errors import HitscopeError
from core.events import Recorded
from core.jobs import Reporter
from core.signals import Recording, open_from_study
from core.study import RecordingEntry, Study

Gaps = Sequence[tuple[float, float]]
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
        return _recorded(entry, entry.duration_s, ()), None, why
    gaps = gaps_of(recording, channels)
    return _recorded(entry, recording.duration, gaps), recording, ""


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
