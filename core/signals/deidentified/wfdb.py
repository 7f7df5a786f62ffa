"""WFDB records without names: headers without comments and date, files under the new record's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.errors import InputError
from core.jobs import Reporter
from core.signals.deidentified.audio import write_flac
from core.signals.deidentified.copying import Changes, Write, copy_bytes, names_of, without_names
from core.signals.readers.wfdb_files import FLAC_INVALID
from core.signals.readers.wfdb_header import NULL, Header, header_lines, read_header
from core.signals.readers.wfdb_segments import segment_headers
from core.signals.recording import Recording

RECORD_NAME = re.compile(r"[\w-]+", re.ASCII)
SKIP, AUX = 59, 63  # codes of annot(5) that more bytes follow


def plan(recording: Recording, target: Path, keep_time: bool) -> dict[Path, Write]:
    """Return how each file is written: headers, sample files and the reference annotations.

    Raises
    ------
    InputError
        If the new name is none for a WFDB record.
    """
    if not RECORD_NAME.fullmatch(target.stem):
        raise InputError(
            f"{target.stem!r} is no name for a WFDB record",
            subject=target,
            remedy="Use letters, digits, - and _ only",
        )
    header = read_header(recording.path)
    parts = {part.path: part for part in segment_headers(header) if part is not None}
    records = {header.path: target.stem} | {
        path: f"{target.stem}_{number:04d}" for number, path in enumerate(parts) if path != header.path
    }
    samples = _sample_names(list(parts.values()), target.stem)
    written: dict[Path, Write] = {}
    for path, name in records.items():
        of = header if path == header.path else parts[path]
        written[target.with_name(f"{name}.hea")] = _header_writer(of, records, samples, keep_time)
    for path, name in samples.items():
        written[target.with_name(name)] = _samples_writer(path, list(parts.values()))
    marks, names = recording.path.with_suffix(".atr"), names_of(recording.identifying)
    if marks.is_file():
        written[target.with_suffix(".atr")] = lambda out, _: _write(out, clean_annotations(marks.read_bytes(), names))
    return written


def changes(recording: Recording, keep_time: bool) -> Changes:
    """Return what is left out and what stays."""
    timed = recording.start_time is not None
    removed = [*recording.identifying, "comments", "name of the record", "annotations but the reference ones"]
    removed += ["start date"] * timed + ["time of day of the start"] * (not keep_time)
    kept = ["time of day of the start, where it is stated"] * keep_time
    return Changes(tuple(removed), (*kept, "names of channels", "reference annotations, without these names"))


def _write(out: IO[bytes], data: bytes) -> None:
    out.write(data)


def _sample_names(parts: list[Header], stem: str) -> dict[Path, str]:
    files = list(dict.fromkeys(file for part in parts for file in part.sample_files))
    if len(files) == 1:
        return {files[0]: stem + (files[0].suffix or ".dat")}
    return {file: f"{stem}_{number}{file.suffix or '.dat'}" for number, file in enumerate(files, 1)}


def _header_writer(header: Header, records: dict[Path, str], samples: dict[Path, str], keep_time: bool) -> Write:
    folder = header.path.parent
    first, *others = header_lines(header.path)
    lines = [_record_line(first, records[header.path], keep_time)]
    for line in others:
        old = line.split()[0]
        if old != NULL:
            new = records[folder / f"{old}.hea"] if header.segments else samples.get(folder / old, NULL)
            line = new + line[len(old) :]
        lines.append(line)
    return lambda out, _: _write(out, "".join(f"{line}\n" for line in lines).encode())


def _record_line(line: str, name: str, keep_time: bool) -> str:
    """Return the record line under another name, without its date and, if so asked, its time."""
    old, *fields = line.split()
    _, segments, number = old.partition("/")
    return " ".join([name + segments + number, *fields[: 4 if keep_time else 3]])


def _samples_writer(path: Path, parts: list[Header]) -> Write:
    mine = [s for part in parts for s in part.signals if s.is_stored and part.path.parent / s.file == path]
    if mine[0].fmt in FLAC_INVALID:
        return lambda out, report: write_flac(path, "", out, report)
    before = min(s.offset for s in mine)  # not samples: other programs put headers of their own there

    def write(out: IO[bytes], report: Reporter) -> None:
        out.write(bytes(before))
        copy_bytes(path, before, None, out, report)

    return write


def clean_annotations(data: bytes, names: re.Pattern[str] | None) -> bytes:
    """Return an annotation file with the names in its notes replaced by ``X``, each as long as before."""
    if names is None:
        return data
    out = bytearray(data)
    for start, stop in _notes(data):
        cleaned = without_names(data[start:stop], names, lambda name: "X" * len(name))
        out[start:stop] = cleaned.ljust(stop - start, b"X")[: stop - start]
    return bytes(out)


def _notes(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the notes of an annotation file lie: annot(5), MIT format."""
    at = 0
    while at + 2 <= len(data):
        word = int.from_bytes(data[at : at + 2], "little")
        code, n = word >> 10, word & 0x3FF
        at += 2
        if word == 0:
            return
        if code == SKIP:
            at += 4
        elif code == AUX:
            yield at, min(at + n, len(data))
            at += n + n % 2
