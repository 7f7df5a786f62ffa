"""Telling a candidate once: those that are one, in a stretch or where two stretches meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.events.hits.criteria import Hit

BESIDE_S, BESIDE_SHARE = 0.01, 0.2  # before and after a stronger one: this, and this share of its duration
NEAR_HZ, SKIRT_DB = 500.0, 12.0  # from it: apart, unless so much weaker that it is the stronger one's skirt
SEAM_S = 0.25  # to both sides of where stretches meet: both look at it, and may measure other times


def distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out what is part of a stronger one, within its time and near its shift; in order of time. O(k²) for k hits."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: -h.ratio_db):
        if not any(_part_of(hit, stronger) for stronger in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start_s)


def _part_of(hit: Hit, stronger: Hit) -> bool:
    reach = BESIDE_SHARE * stronger.duration_s + BESIDE_S
    within = stronger.start_s - reach < _middle(hit) < stronger.start_s + stronger.duration_s + reach
    near = abs(stronger.peak_hz - hit.peak_hz) < NEAR_HZ
    return within and (near or hit.ratio_db < stronger.ratio_db - SKIRT_DB)


def _end(hit: Hit) -> float:
    return hit.start_s + hit.duration_s


def _middle(hit: Hit) -> float:
    return hit.start_s + hit.duration_s / 2


@dataclass
class Seam:
    """Where one stretch ends and the next begins: what lies there waits until both have been looked at."""

    _waiting: list[Hit] = field(default_factory=list)

    def join(self, hits: Iterable[Hit], start_s: float, stop_s: float | None) -> list[Hit]:
        """Return what can be told of a stretch, in order of time.

        Parameters
        ----------
        hits : iterable of Hit
            Of the stretch and what is around it, in seconds of the recording.
        start_s, stop_s : float
            The stretch; `stop_s` is None for the last.
        """
        known = distinct([*self._waiting, *(hit for hit in hits if _end(hit) >= start_s - SEAM_S)])
        if stop_s is None:
            self._waiting = []
            return known
        near = [hit for hit in known if hit.start_s < stop_s + SEAM_S and _end(hit) > stop_s - SEAM_S]
        # None is told before one that began earlier.
        first = min((hit.start_s for hit in near), default=stop_s)
        self._waiting = [hit for hit in known if hit.start_s >= first and hit.start_s < stop_s + SEAM_S]
        return [hit for hit in known if hit.start_s < first]
