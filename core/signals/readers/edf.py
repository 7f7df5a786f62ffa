"""EDF, EDF+ and BDF: edfio reads the header; `edf_samples` the samples.

A discontinuous recording (EDF+D) keeps its gaps: what lies between two pieces reads as NaN.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from core.signals.readers.clock import Clock
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.edf_persons import identifying
from core.signals.readers.edf_samples import EdfSource, Layout
from core.signals.readers.edf_timeline import MOST_LOOKS, LaterMarks, Piece, find_pieces, look_at_onsets, read_marks
from core.signals.readers.encoding import encoding_of
from core.signals.readers.layouts import ChannelLayout
from core.signals.readers.naming import distinct, guess_kinds
from core.signals.readers.records import Records
from core.signals.recording import Annotation, Channel, Recording

FORMAT = "edf"
TITLE = "EDF and BDF"
EXTENSIONS: tuple[str, ...] = (".edf", ".bdf", ".rec")
LISTED = EXTENSIONS
LAYOUTS: dict[str, ChannelLayout] = {}  # its header says what the channels are
UNITS = {"uV": "µV", "μV": "µV", "": "1"}
BDF = b"\xffBIOSEMI"
EDF = b"0       "


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is EDF or BDF."""
    return head.startswith((EDF, BDF))


def open_file(path: Path, *, allow_truncated: bool = False) -> Recording:
    """Open a file; one that ends early is refused unless its whole records are to be used."""
    records, file, fixed = _header(path, allow_truncated)
    says_continuous = not fixed[192:236].startswith((b"EDF+D", b"BDF+D"))
    signals = file._signals  # with the annotation signals, which take room in each record too
    edges = np.cumsum([0, *(s.samples_per_data_record * records.sample_bytes for s in signals)]).tolist()
    columns = [slice(low, high) for low, high in pairwise(edges)]
    marking = [column for s, column in zip(signals, columns, strict=True) if s.label.endswith("Annotations")]
    if min((s.samples_per_data_record for s in signals), default=0) < 0:
        raise damaged(path, "a channel states fewer than no samples in a data record")
    # A channel that is announced and never sampled has no rate to be shown at.
    carrying = [(s, c) for s, c in zip(signals, columns, strict=True) if c not in marking and s.samples_per_data_record]
    record_s, said = float(file.data_record_duration), identifying(fixed)
    fastest = max((s.samples_per_data_record for s, _ in carrying), default=1)
    try:
        marks, pieces = _timeline(records, marking, record_s, record_s / fastest / 2, says_continuous)
        layouts = tuple(_layout(s, column, record_s, records.n, pieces) for s, column in carrying)
    except ValueError as error:
        raise damaged(path, str(error)) from error
    names = distinct(s.label.rstrip(".") or "unnamed" for s, _ in carrying)
    units = [UNITS.get(unit := s.physical_dimension.strip(), unit) for s, _ in carrying]
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(
            Channel(name, layout.clock.fs, unit, layout.clock.n_samples, kind)
            for name, unit, kind, layout in zip(names, units, guess_kinds(names, units), layouts, strict=True)
        ),
        source=EdfSource(records, layouts, tuple(marking)),
        start_time=_start(file),
        subject=_code(said),
        annotations=marks,
        options={"allow_truncated": True} if allow_truncated else {},
        note=file.local_recording_identification,
        gaps=_gaps(pieces, record_s) if carrying else (),
        identifying=said,
    )


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]


def _header(path: Path, allow_truncated: bool) -> tuple[Records, Any, bytes]:
    """Return where the records are, edfio's reading of the header, and its fixed part."""
    import edfio

    with path.open("rb") as stream:
        fixed = stream.read(256)
        if not sniff(fixed) or len(fixed) < 256:
            raise damaged(path, "this is not an EDF or BDF file")
        n_signals, stated = int(fixed[252:256]), int(fixed[236:244])
        header = fixed + stream.read(256 * n_signals)
        size = 3 if fixed.startswith(BDF) else 2
        counts = header[256 + 216 * n_signals : 256 + 224 * n_signals]
        n_bytes = size * sum(int(counts[8 * n : 8 * n + 8]) for n in range(n_signals))
        first_record = stream.read(n_bytes)
    present = (path.stat().st_size - len(header)) // n_bytes if n_bytes else 0
    if present < stated and n_bytes and not allow_truncated:
        raise ends_early(path, present, stated, "data records")
    # Files are not always ASCII, as they should be: unit µV and names of persons in the local encoding.
    encoding = encoding_of(header[8:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # edfio finds one record and warns; the true number is checked above
        read = edfio.read_bdf if size == 3 else edfio.read_edf
        file = read(header + first_record, header_encoding=encoding)
    n = present if stated < 0 else min(present, stated)
    return Records(path, len(header), n, n_bytes, size), file, fixed


def _timeline(
    records: Records, marking: list[slice], record_s: float, shortest_gap_s: float, says_continuous: bool
) -> tuple[Sequence[Annotation], tuple[Piece, ...]]:
    """Return the marks and the pieces on a clock that starts with the first data record."""

    def onset_of(record: int) -> float:
        return float(read_marks(records.bytes_of(slice(record, record + 1), marking[0]))[0][0])

    def marks() -> tuple[Annotation, ...]:
        try:
            found = [m for columns in marking for block in records.blocks_of(columns) for m in read_marks(block)[1]]
        except OSError as error:  # read later, the file may be gone
            raise damaged(records.path, f"its annotations cannot be read ({error.strerror})") from error
        # A difference is rounded; an onset that is no difference is exactly what the file says.
        moved = (Annotation(round(m.onset_s - zero, 9) if zero else m.onset_s, m.duration_s, m.text) for m in found)
        return tuple(sorted(moved, key=lambda m: m.onset_s))

    is_long = bool(marking) and records.n > MOST_LOOKS
    onsets = look_at_onsets(onset_of, records.n, record_s, says_continuous) if is_long else None
    if onsets is None and marking and records.n:
        onsets = np.concatenate([read_marks(block)[0] for block in records.blocks_of(marking[0])])
    elif onsets is None:
        onsets = np.full(records.n, np.nan)
    pieces = find_pieces(onsets, record_s, shortest_gap_s, says_continuous)
    zero = float(onsets[0]) if len(onsets) and np.isfinite(onsets[0]) else 0.0
    return LaterMarks(marks) if is_long else marks(), pieces


def _gaps(pieces: tuple[Piece, ...], record_s: float) -> tuple[tuple[float, float], ...]:
    """Return start and end (s) of what lies between the pieces."""
    return tuple(
        (before.onset_s + (after.first_record - before.first_record) * record_s, after.onset_s)
        for before, after in pairwise(pieces)
    )


def _layout(signal: Any, columns: slice, record_s: float, n_records: int, pieces: tuple[Piece, ...]) -> Layout:
    if record_s <= 0:
        raise ValueError("the file states data records without duration")
    low, high = signal.physical_range
    digital_low, digital_high = signal.digital_range
    if digital_high == digital_low:
        raise ValueError(f"channel {signal.label} states an empty digital range")
    n, gain = signal.samples_per_data_record, (high - low) / (digital_high - digital_low)
    first_stored = tuple(n * piece.first_record for piece in pieces)
    clock = Clock(n / record_s, n * n_records, first_stored, tuple(round(p.onset_s * n / record_s) for p in pieces))
    return Layout(columns, n, gain, low - gain * digital_low, clock)


def _start(file: Any) -> datetime | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # two fields that state different dates
            start: datetime = file.startdatetime
    except (ValueError, AttributeError, IndexError):
        return None  # anonymised files leave the date out
    return start


def _code(said: dict[str, str]) -> str | None:
    """Return the code of the patient; free text is one where it is a single word."""
    code = said.get("patient code") or said.get("patient", " ")
    return None if " " in code else code
