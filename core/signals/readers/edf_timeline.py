"""Time in EDF+ and BDF+: what the annotation signals say about where each data record lies, and the marks."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.signals.recording import Annotation

# Time-stamped annotation list (EDF+ specification, Kemp and Olivan 2003, 2.2.2): onset, duration, texts.
TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\x00]*)\x14\x00")
SLACK = 0.1  # of a data record: how far rounding may move a record of a file that calls itself continuous
ROUNDING_S = 1e-9


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
