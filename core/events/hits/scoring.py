"""Scoring a detector against a truth table: what was found, what was missed, what was false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TOLERANCE_S = 0.05


@dataclass(frozen=True)
class Matched:
    """Which alarm belongs to which event.

    Attributes
    ----------
    alarm_of : (n_events,) int array
        -1 for an event that was missed.
    event_of : (n_alarms,) int array
        -1 for a false alarm.
    """

    alarm_of: npt.NDArray[np.intp]
    event_of: npt.NDArray[np.intp]


def match(events: Sequence[tuple[float, float]], alarms: Sequence[tuple[float, float]]) -> Matched:
    """Match events and alarms, (start, stop) in s, one to one, those whose middles are nearest first.

    An alarm may belong to an event if its middle lies within the event, or 50 ms before or after it. A further alarm for an
    event that has one already is a false alarm. O(n log n + k) for k pairs that are near enough.
    """
    alarm_of = np.full(len(events), -1, dtype=np.intp)
    event_of = np.full(len(alarms), -1, dtype=np.intp)
    if not events or not alarms:
        return Matched(alarm_of, event_of)
    middles = np.array([(a + b) / 2 for a, b in alarms])
    order = np.argsort(middles)
    pairs = []
    for e, (start, stop) in enumerate(events):
        low, high = np.searchsorted(middles[order], [start - TOLERANCE_S, stop + TOLERANCE_S])
        pairs += [(abs(middles[a] - (start + stop) / 2), e, int(a)) for a in order[low:high]]
    for _, e, a in sorted(pairs):
        if alarm_of[e] < 0 and event_of[a] < 0:
            alarm_of[e], event_of[a] = a, e
    return Matched(alarm_of, event_of)
