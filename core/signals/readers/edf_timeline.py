"""Time in EDF+ and BDF+: what the annotation signals say about where each data record lies, and the marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

from core.signals.recording import Annotation

# Time-stamped annotation list (EDF+ specification, Kemp and Olivan 2003, 2.2.2): onset, duration, texts.
TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\x00]*)\x14\x00")
SLACK = 0.1  # of a data record: how far rounding may move a record of a file that calls itself continuous
ROUNDING_S = 1e-9
MOST_LOOKS = 1000  # at single data records, before reading them all is faster


@dataclass(frozen=True)
class Piece:
    """Data records that follow each other without a gap: the number of the first one and its time, s."""

    first_record: int
    onset_s: float


def read_marks(raw: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], list[Annotation]]:
    """Return the onset of every data record, NaN where none is stated, and all marks that have a text.

    Parameters
    ----------
    raw : (n_records, n_bytes) uint8 array
        One annotation signal.

    Returns
    -------
    onsets : (n_records,) float64 array
        Seconds from the start time in the header.
    marks : list of Annotation
        On the same clock.
    """
    n_records, width = raw.shape
    onsets = np.full(n_records, np.nan)
    marks = []
    for match in TAL.finditer(raw.tobytes()):
        record, onset = match.start() // width, float(match[1])
        # The first list of a record says when the record starts, whatever texts it goes on with.
        if np.isnan(onsets[record]):
            onsets[record] = onset
        texts = match[3].decode("utf-8", errors="replace").split("\x14")
        marks += [Annotation(onset, float(match[2] or 0.0), text) for text in texts if text]
    return onsets, marks


def find_pieces(
    onsets: npt.NDArray[np.float64], record_s: float, shortest_gap_s: float, says_continuous: bool
) -> tuple[Piece, ...]:
    """Return the pieces of a recording, on a clock that starts with its first data record.

    Parameters
    ----------
    onsets : (n_records,) float64 array
        As `read_marks` gives them.
    record_s : float
        Duration of a data record, s.
    shortest_gap_s : float
        What counts as a gap in a discontinuous recording, s.
    says_continuous : bool
        Whether the header says EDF+C: then only gaps above a tenth of a data record are believed.

    Raises
    ------
    ValueError
        If data records overlap, are out of order or, in a discontinuous recording, do not say when they start.
    """
    pieces = [Piece(0, 0.0)]
    if np.isnan(onsets).any():
        if says_continuous:
            return tuple(pieces)
        raise ValueError("not every data record of this discontinuous recording says when it starts")
    shortest = SLACK * record_s if says_continuous else shortest_gap_s
    since = onsets - onsets[:1]
    for record in np.flatnonzero(np.abs(np.diff(since) - record_s) > ROUNDING_S) + 1:
        last = pieces[-1]
        late = since[record] - last.onset_s - (record - last.first_record) * record_s
        if late < -SLACK * record_s - ROUNDING_S:
            raise ValueError(f"data record {record + 1} starts before the one in front of it ends")
        if late > shortest + ROUNDING_S:
            pieces.append(Piece(int(record), float(since[record])))
    return tuple(pieces)


def look_at_onsets(
    onset_of: Callable[[int], float], n: int, record_s: float, says_continuous: bool
) -> npt.NDArray[np.float64] | None:
    """Return the onset of every data record from few of them.

    Data records do not overlap. Where two of them are as far apart as the records between them last, there is no gap
    between them: a day without gaps is two looks, each gap about twenty more.

    Parameters
    ----------
    onset_of : callable
        Reads the onset of a data record, s; NaN where none is stated.
    n : int
        Number of data records.
    record_s : float
        Duration of a data record, s.
    says_continuous : bool
        As of `find_pieces`: then half of what it believes to be a gap is passed over.

    Returns
    -------
    (n,) float64 array or None
        None where so few do not tell: there are many gaps, or records that do not say when they start.
    """
    tolerance = ROUNDING_S + (SLACK / 2 * record_s if says_continuous else 0.0)
    onsets = np.full(n, np.nan)
    onsets[0], onsets[-1] = onset_of(0), onset_of(n - 1)
    open_ranges, looks = [(0, n - 1)], 2
    while open_ranges:
        first, last = open_ranges.pop()
        if np.isnan(onsets[first]) or np.isnan(onsets[last]) or looks > MOST_LOOKS:
            return None
        if abs(onsets[last] - onsets[first] - (last - first) * record_s) <= tolerance:
            onsets[first:last] = onsets[first] + np.arange(last - first) * record_s
        elif last - first > 1:
            middle = (first + last) // 2
            onsets[middle] = onset_of(middle)
            looks += 1
            open_ranges += [(first, middle), (middle, last)]
    return onsets


class LaterMarks(Sequence[Annotation]):
    """Marks that are read when they are first looked at: in a file of a day they lie far apart."""

    def __init__(self, read: Callable[[], tuple[Annotation, ...]]) -> None:
        self._read = read

    @cached_property
    def _all(self) -> tuple[Annotation, ...]:
        return self._read()

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Annotation]:
        return iter(self._all)

    @overload
    def __getitem__(self, index: int) -> Annotation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Annotation, ...]: ...
    def __getitem__(self, index: int | slice) -> Annotation | tuple[Annotation, ...]:
        return self._all[index]
