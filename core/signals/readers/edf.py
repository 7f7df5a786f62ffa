"""EDF, EDF+ and BDF: edfio reads header and annotations; samples are sliced from a memory map, exact to the sample."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.signals.readers.kinds import guess_kind
from core.signals.recording import Annotation, Channel, Floats, Recording

FORMAT = "edf"
EXTENSIONS = (".edf", ".bdf")


@dataclass(frozen=True)
class EdfSource:
    """Data records as a memory map: one row a record, one byte a column."""

    path: Path
    header_bytes: int
    n_records: int
    record_bytes: int
    sample_bytes: int
    # Of each channel: byte offset in the record, samples per record, gain and offset to physical units.
    layout: tuple[tuple[int, int, float, float], ...]

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in physical units."""
        offset, per_record, gain, shift = self.layout[channel]
        first, last = start // per_record, -(-stop // per_record)
        records = np.memmap(self.path, np.uint8, "r", self.header_bytes, (self.n_records, self.record_bytes))[
            first:last, offset : offset + per_record * self.sample_bytes
        ]
        digital = _integers(np.ascontiguousarray(records), self.sample_bytes)
        return digital[start - first * per_record : stop - first * per_record] * gain + shift


def _integers(raw: npt.NDArray[np.uint8], size: int) -> Floats:
    """Return little-endian two's complement integers of 2 (EDF) or 3 (BDF) bytes as float64."""
    if size == 2:
        return raw.view("<i2").reshape(-1).astype(np.float64)
    wide = np.zeros((raw.size // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return (wide.view("<i4").reshape(-1) >> 8).astype(np.float64)


def open_file(path: Path, *, allow_truncated: bool = False) -> Recording:
    """Open a file; one that ends early is refused unless its whole records are to be used."""
    import edfio

    size = path.stat().st_size
    if size < 256:
        raise InputError("the file is too short to be EDF", subject=path, remedy="Copy it again from where it came")
    bdf = path.suffix.lower() == ".bdf"
    with warnings.catch_warnings():
        # What edfio would only warn of (a wrong number of records) is checked below.
        warnings.simplefilter("ignore")
        file = edfio.read_bdf(path) if bdf else edfio.read_edf(path, lazy_load_data=True)
    sample_bytes = 3 if bdf else 2
    every = file._signals  # with the annotation signals, which take room in each record too
    record_bytes = sum(s.samples_per_data_record for s in every) * sample_bytes
    n_records = _whole_records(path, file, record_bytes, size, allow_truncated)
    if not file.is_continuous:
        raise InputError(
            "the recording is discontinuous (EDF+D): its gaps would be closed silently",
            subject=path,
            remedy="Export it as continuous EDF+C, or one file per piece",
        )
    channels, layout, offset = [], [], 0
    for signal in every:
        per_record = signal.samples_per_data_record
        if not signal.label.endswith("Annotations"):
            channels.append(_channel(signal, n_records, float(file.data_record_duration)))
            layout.append((offset, per_record, *_calibration(signal)))
        offset += per_record * sample_bytes
    source = EdfSource(path, file.bytes_in_header_record, n_records, record_bytes, sample_bytes, tuple(layout))
    annotations = tuple(
        Annotation(float(a.onset), float(a.duration or 0.0), a.text) for a in file.annotations if a.text
    )
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(channels),
        source=source,
        start_time=_start(file),
        subject=_subject(file),
        annotations=annotations,
        note=file.local_recording_identification,
    )


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]


def _whole_records(path: Path, file: Any, record_bytes: int, size: int, allow_truncated: bool) -> int:
    if record_bytes == 0:
        return 0
    present = (size - file.bytes_in_header_record) // record_bytes
    with path.open("rb") as raw:
        raw.seek(236)  # edfio corrects this field by the file's size; a file cut short must not pass unnoticed
        stated = int(raw.read(8))
    if stated >= 0 and present < stated and not allow_truncated:
        raise InputError(
            f"the file ends after {max(present, 0)} of its {stated} data records",
            subject=path,
            kept="The file was not changed",
            remedy="Copy it again from where it came, or open it with allow_truncated to use what is whole",
        )
    return int(present if stated < 0 else min(present, stated))


def _channel(signal: Any, n_records: int, record_s: float) -> Channel:
    unit = signal.physical_dimension.strip() or "1"
    n = signal.samples_per_data_record
    name = signal.label.rstrip(".") or "unnamed"
    return Channel(name, n / record_s, "µV" if unit == "uV" else unit, n * n_records, guess_kind(name, unit))


def _calibration(signal: Any) -> tuple[float, float]:
    low, high = signal.physical_range
    digital_low, digital_high = signal.digital_range
    if digital_high == digital_low:
        raise ValueError(f"channel {signal.label} states an empty digital range")
    gain = (high - low) / (digital_high - digital_low)
    return gain, low - gain * digital_low


def _start(file: Any) -> datetime | None:
    try:
        start: datetime = file.startdatetime
    except (ValueError, AttributeError):
        return None  # anonymised files leave the date out
    return start


def _subject(file: Any) -> str | None:
    try:
        code = file.patient.code.strip()
    except (ValueError, AttributeError, IndexError):
        return None
    return None if code in ("", "X") else code
