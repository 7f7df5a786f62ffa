"""EDF, EDF+ and BDF: edfio reads the header; samples are sliced from a memory map, exact to the sample.

A discontinuous recording (EDF+D) keeps its gaps: what lies between two pieces reads as NaN.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.digital import int24
from core.signals.readers.edf_persons import identifying
from core.signals.readers.edf_timeline import Piece, find_pieces, read_marks
from core.signals.readers.layouts import ChannelLayout
from core.signals.readers.naming import distinct, guess_kind
from core.signals.recording import Annotation, Channel, Floats, Recording

FORMAT = "edf"
TITLE = "EDF and BDF"
EXTENSIONS: tuple[str, ...] = (".edf", ".bdf", ".rec")
LISTED = EXTENSIONS
LAYOUTS: dict[str, ChannelLayout] = {}  # its header says what the channels are
BDF = b"\xffBIOSEMI"
EDF = b"0       "


@dataclass(frozen=True)
class Records:
    """The data records of a file as a memory map: one row a record, one byte a column."""

    path: Path
    header_bytes: int
    n: int
    n_bytes: int
    sample_bytes: int

    def bytes_of(self, records: slice, columns: slice) -> npt.NDArray[np.uint8]:
        """Return some bytes of some records; nothing else is read."""
        if self.n == 0 or self.n_bytes == 0:
            return np.empty((0, columns.stop - columns.start), np.uint8)
        raw = np.memmap(self.path, np.uint8, "r", self.header_bytes, (self.n, self.n_bytes))
        return np.ascontiguousarray(raw[records, columns])


@dataclass(frozen=True)
class Layout:
    """Where a channel lies in each data record, its way to physical units, and the sample each piece starts at."""

    columns: slice
    per_record: int
    gain: float
    shift: float
    starts: tuple[int, ...]


@dataclass(frozen=True)
class EdfSource:
    """Samples of every channel, on one clock; `marking` is where in each record its annotations lie."""

    records: Records
    piece_records: tuple[int, ...]
    layouts: tuple[Layout, ...]
    marking: tuple[slice, ...] = ()

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in physical units; NaN between pieces."""
        layout = self.layouts[channel]
        ends = (*self.piece_records[1:], self.records.n)
        out = np.full(stop - start, np.nan)
        piece = max(int(np.searchsorted(layout.starts, start, side="right")) - 1, 0)
        while piece < len(ends) and layout.starts[piece] < stop:
            begin, first = layout.starts[piece], self.piece_records[piece]
            low, high = max(start, begin), min(stop, begin + (ends[piece] - first) * layout.per_record)
            if low < high:
                out[low - start : high - start] = self._in_piece(layout, first, low - begin, high - begin)
            piece += 1
        return out

    def _in_piece(self, layout: Layout, first_record: int, start: int, stop: int) -> Floats:
        n = layout.per_record
        first, last = start // n, -(-stop // n)
        raw = self.records.bytes_of(slice(first_record + first, first_record + last), layout.columns)
        digital = _integers(raw, self.records.sample_bytes)
        return digital[start - first * n : stop - first * n] * layout.gain + layout.shift


def _integers(raw: npt.NDArray[np.uint8], size: int) -> Floats:
    """Return little-endian two's complement integers of 2 (EDF) or 3 (BDF) bytes as float64."""
    return (raw.view("<i2").reshape(-1) if size == 2 else int24(raw)).astype(np.float64)


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
        layouts = tuple(_layout(s, column, record_s, pieces) for s, column in carrying)
    except ValueError as error:
        raise damaged(path, str(error)) from error
    names = distinct(s.label.rstrip(".") or "unnamed" for s, _ in carrying)
    in_last = records.n - pieces[-1].first_record
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(
            _channel(name, s.physical_dimension.strip(), layout, in_last, record_s)
            for name, (s, _), layout in zip(names, carrying, layouts, strict=True)
        ),
        source=EdfSource(records, tuple(p.first_record for p in pieces), layouts, tuple(marking)),
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
    try:
        encoding, _ = "utf-8", header[8:].decode("utf-8")
    except UnicodeDecodeError:
        encoding = "latin-1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # edfio finds one record and warns; the true number is checked above
        read = edfio.read_bdf if size == 3 else edfio.read_edf
        file = read(header + first_record, header_encoding=encoding)
    n = present if stated < 0 else min(present, stated)
    return Records(path, len(header), n, n_bytes, size), file, fixed


def _timeline(
    records: Records, marking: list[slice], record_s: float, shortest_gap_s: float, says_continuous: bool
) -> tuple[tuple[Annotation, ...], tuple[Piece, ...]]:
    """Return the marks and the pieces on a clock that starts with the first data record."""
    found = [read_marks(records.bytes_of(slice(None), columns)) for columns in marking]
    onsets = found[0][0] if found else np.full(records.n, np.nan)
    pieces = find_pieces(onsets, record_s, shortest_gap_s, says_continuous)
    zero = float(onsets[0]) if len(onsets) and np.isfinite(onsets[0]) else 0.0
    marks = [Annotation(round(m.onset_s - zero, 9), m.duration_s, m.text) for _, several in found for m in several]
    return tuple(sorted(marks, key=lambda m: m.onset_s)), pieces


def _gaps(pieces: tuple[Piece, ...], record_s: float) -> tuple[tuple[float, float], ...]:
    """Return start and end (s) of what lies between the pieces."""
    return tuple(
        (before.onset_s + (after.first_record - before.first_record) * record_s, after.onset_s)
        for before, after in pairwise(pieces)
    )


def _layout(signal: Any, columns: slice, record_s: float, pieces: tuple[Piece, ...]) -> Layout:
    if record_s <= 0:
        raise ValueError("the file states data records without duration")
    low, high = signal.physical_range
    digital_low, digital_high = signal.digital_range
    if digital_high == digital_low:
        raise ValueError(f"channel {signal.label} states an empty digital range")
    n, gain = signal.samples_per_data_record, (high - low) / (digital_high - digital_low)
    starts = tuple(round(piece.onset_s * n / record_s) for piece in pieces)
    return Layout(columns, n, gain, low - gain * digital_low, starts)


def _channel(name: str, unit: str, layout: Layout, records_in_last_piece: int, record_s: float) -> Channel:
    unit = {"uV": "µV", "μV": "µV", "": "1"}.get(unit, unit)
    n_samples = layout.starts[-1] + records_in_last_piece * layout.per_record
    return Channel(name, layout.per_record / record_s, unit, n_samples, guess_kind(name, unit))


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
