"""EDF, EDF+ and BDF without names: header fields as EDF+ 2.1.3.3 writes what is not known; samples byte for byte."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, cast

import numpy as np

from core.jobs import Reporter
from core.signals.deidentified.copying import BLOCK, Changes, Write, names_of, without_names
from core.signals.readers.edf_persons import PATIENT, RECORDING
from core.signals.readers.edf_samples import EdfSource
from core.signals.readers.edf_timeline import TAL
from core.signals.recording import Recording

DATE, TIME = slice(168, 176), slice(176, 184)


def plan(recording: Recording, target: Path, keep_time: bool) -> dict[Path, Write]:
    """Return how the one file is written."""
    source, names = cast(EdfSource, recording.source), names_of(recording.identifying)

    def write(out: IO[bytes], report: Reporter) -> None:
        with recording.path.open("rb") as stream:
            out.write(_blank(stream.read(source.records.header_bytes), keep_time))
        _write_records(source, names, out, report)

    return {target: write}


def changes(recording: Recording, keep_time: bool) -> Changes:
    """Return what is left out and what stays."""
    removed = [*recording.identifying, "start date (now 01.01.85)"]
    removed += [] if keep_time else ["time of day of the start (now 00:00:00)"]
    kept = ["time of day of the start"] if keep_time else []
    return Changes(tuple(removed), (*kept, "names of channels", "annotations, without these names"))


def _blank(header: bytes, keep_time: bool) -> bytes:
    blanked = bytearray(header)
    blanked[PATIENT] = b"X X X X".ljust(80)
    blanked[RECORDING] = b"Startdate X X X X".ljust(80)
    blanked[DATE] = b"01.01.85"
    if not keep_time:
        blanked[TIME] = b"00.00.00"
    return bytes(blanked)


def _write_records(source: EdfSource, names: re.Pattern[str] | None, out: IO[bytes], report: Reporter) -> None:
    records = source.records
    step = max(BLOCK // max(records.n_bytes, 1), 1)
    for first in range(0, records.n, step):
        report.check()
        block = records.bytes_of(slice(first, min(first + step, records.n)), slice(0, records.n_bytes)).copy()
        if names is not None:
            for columns in source.marking:
                for record in block:
                    record[columns] = np.frombuffer(_clean(record[columns].tobytes(), names), np.uint8)
        out.write(block.tobytes())
        report.progress(min(first + step, records.n), records.n, records.path.name)


def _clean(marks: bytes, names: re.Pattern[str]) -> bytes:
    """Return the annotations of a record with ``X`` for each name, as long as before."""

    def clean(match: re.Match[bytes]) -> bytes:
        begin, end = match.start(3) - match.start(), match.end(3) - match.start()
        return match[0][:begin] + without_names(match[3], names, lambda _: "X") + match[0][end:]

    return TAL.sub(clean, marks).ljust(len(marks), b"\0")
