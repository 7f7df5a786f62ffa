"""Stretches of samples in which something holds, put together from chunk to chunk so that a seam is never seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Spans = npt.NDArray[np.int64]


def spans_of(mask: npt.NDArray[np.bool_], offset: int = 0) -> Spans:
    """Return start and stop of each run of True, as an ``(n, 2)`` array of sample numbers counted from `offset`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return edges.reshape(-1, 2).astype(np.int64) + offset


def joined(spans: Spans, gap: int = 0) -> Spans:
    """Return spans, given in order of their start, with those joined that lie at most `gap` samples apart."""
    if len(spans) < 2:
        return spans
    reach = np.maximum.accumulate(spans[:, 1])
    begins = np.concatenate(([True], spans[1:, 0] - reach[:-1] > gap))
    ends = np.concatenate((begins[1:], [True]))
    return np.column_stack((spans[begins, 0], reach[ends]))


class Collected:
    """Spans of one condition, chunk by chunk.

    Parameters
    ----------
    least : int
        Shorter ones are forgotten as soon as they can grow no more, which bounds memory.
    gap : int
        Those at most this many samples apart are one.
    """

    def __init__(self, least: int = 1, gap: int = 0) -> None:
        self._least, self._gap = least, gap
        self._done: list[Spans] = []
        self._open = np.zeros((0, 2), np.int64)  # the last one, which may go on

    def add(self, spans: Spans) -> None:
        """Add the spans of the next chunk; those that touch the one before go on with it."""
        together = joined(np.concatenate((self._open, spans)), self._gap)
        self._open = together[-1:]
        self._keep(together[:-1])

    def all(self) -> Spans:
        """Return the spans that are long enough, in order."""
        self._keep(self._open)
        self._open = self._open[:0]
        return np.concatenate(self._done) if self._done else np.zeros((0, 2), np.int64)

    def _keep(self, spans: Spans) -> None:
        long = spans[spans[:, 1] - spans[:, 0] >= self._least]
        if len(long):
            self._done.append(long)
