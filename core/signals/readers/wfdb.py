"""WFDB records (PhysioNet): a header, sample files and annotation files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from core.errors import InputError
from core.signals.readers.damage import damaged
from core.signals.readers.layouts import ChannelLayout
from core.signals.readers.naming import distinct, guess_kinds
from core.signals.readers.wfdb_header import read_header, sniff
from core.signals.readers.wfdb_segments import described_channels, gaps, lay_out, segment_headers
from core.signals.readers.wfdb_source import SegmentsSource
from core.signals.recording import Annotation, Channel, Recording

FORMAT = "wfdb"
TITLE = "WFDB records"
EXTENSIONS: tuple[str, ...] = (".hea", ".dat")
LISTED: tuple[str, ...] = (".hea",)  # samples beside their header would list each record twice
LAYOUTS: dict[str, ChannelLayout] = {}  # its header says what the channels are
# Comment lines are free text; by custom those about the person are `age: 51` or `<sex>: F`.
PERSONAL = re.compile(
    r"\W*+(?=[^:=]*+[:=])(?P<field>(?:patient|subject|name|initials|id|mrn|age|sex|gender|birth|dob)\b[^:=]*|[^:=]*\b(?:date|birth)\b[^:=]*)"
    r"[:=]\s*(?P<value>\S.*)",
    re.IGNORECASE,
)
AGE_AND_SEX = re.compile(r"\W*(?P<age>\d{1,3}) (?P<sex>[MF])\b")  # as the MIT-BIH databases begin: `23 F 2546 N/A x1`
NOT_SAID = ("x", "n/a", "na", "unknown", "?")

__all__ = ["EXTENSIONS", "FORMAT", "LAYOUTS", "LISTED", "TITLE", "files", "formerly_hashed", "open_file", "sniff"]


def open_file(path: Path, *, annotator: str = "atr", allow_truncated: bool = False) -> Recording:
    """Open a record by its header or its sample file; `annotator` is the extension of its annotation file."""
    path = path.with_suffix(".hea")
    header = read_header(path)
    parts = segment_headers(header)
    described = described_channels(header, parts)
    segments = lay_out(header, parts, described, allow_truncated)
    n_frames = segments[-1].start + segments[-1].n_frames if segments else 0
    names = distinct(signal.name or f"channel {n + 1}" for n, signal in enumerate(described))
    common = gaps(segments, header.fs) if described else ()
    of_channels = {n: gaps(segments, header.fs, n) for n in range(len(described))}
    kinds = guess_kinds(names, [signal.unit for signal in described])
    options = {"annotator": annotator if annotator != "atr" else None, "allow_truncated": allow_truncated}
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(
            Channel(name, header.fs * s.per_frame, s.unit, n_frames * s.per_frame, kind)
            for name, s, kind in zip(names, described, kinds, strict=True)
        ),
        source=SegmentsSource(segments, tuple(s.per_frame for s in described)),
        start_time=header.start_time,
        annotations=_annotations(path, annotator, header.fs),
        options={key: value for key, value in options.items() if value},
        note="\n".join(header.comments),
        gaps=common,
        channel_gaps={n: own for n, own in of_channels.items() if own != common},
        identifying=_identifying(comment for part in (header, *parts) if part for comment in part.comments),
    )


def files(path: Path) -> list[Path]:
    """Return the header, the headers of segments and the sample files; annotations may change, the recording stays."""
    path = path.with_suffix(".hea")
    header = read_header(path)
    parts = [part for part in segment_headers(header) if part is not None]
    samples = [file for part in parts for file in part.sample_files]
    return list(dict.fromkeys([path, *(part.path for part in parts), *samples]))


def formerly_hashed(path: Path) -> list[Path]:
    """Return what once counted as the recording, after its `files`: the reference annotations."""
    return [marks for marks in [path.with_suffix(".atr")] if marks.is_file()]


def _identifying(comments: Iterable[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for comment in comments:
        if both := AGE_AND_SEX.match(comment):
            fields |= both.groupdict()
        elif said := PERSONAL.match(comment):
            fields[said["field"].strip(" <>\t").lower()] = said["value"].strip()
    return {field: value for field, value in fields.items() if value.lower() not in NOT_SAID}


def _annotations(path: Path, annotator: str, fs: float) -> tuple[Annotation, ...]:
    from core.signals.annotation_files import wfdb as marks  # later: it needs the readers

    file = path.with_suffix(f".{annotator}")
    if not file.is_file():
        if annotator == "atr":
            return ()
        raise InputError("there is no such annotation file", subject=file, remedy="Check the name of the annotator")
    try:
        return tuple(marks.read(file, fs))
    except Exception as error:
        raise damaged(file, f"the annotations cannot be read ({error})") from error
