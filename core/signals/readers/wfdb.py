"""WFDB records (PhysioNet): a header, sample files and annotation files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.layouts import ChannelLayout
from core.signals.readers.naming import distinct, guess_kind
from core.signals.recording import Annotation, Channel, Floats, Recording

FORMAT = "wfdb"
TITLE = "WFDB records"
EXTENSIONS: tuple[str, ...] = (".hea", ".dat")
LISTED: tuple[str, ...] = (".hea",)  # samples beside their header would list each record twice
LAYOUTS: dict[str, ChannelLayout] = {}  # its header says what the channels are
# Samples and bytes of a block (WFDB manual, signal(5)); the FLAC formats have no fixed size.
BLOCKS = {
    "80": (1, 1),
    "16": (1, 2),
    "61": (1, 2),
    "160": (1, 2),
    "24": (1, 3),
    "32": (1, 4),
    "212": (2, 3),
    "310": (3, 4),
    "311": (3, 4),
}
RECORD_LINE = re.compile(rb"(#.*\n|[ \t]*\r?\n)*[\w-]+(/\d+)?\s+\d+\b")


@dataclass(frozen=True)
class WfdbSource:
    """Samples of a record; the wfdb library reads only the frames asked for."""

    record: str
    samples_per_frame: tuple[int, ...]

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in physical units; invalid ones are NaN."""
        import wfdb

        per_frame = self.samples_per_frame[channel]
        first, last = start // per_frame, math.ceil(stop / per_frame)
        record = wfdb.rdrecord(self.record, sampfrom=first, sampto=last, channels=[channel], smooth_frames=False)
        samples = record.e_p_signal[0] if record.e_p_signal is not None else record.p_signal[:, 0]
        return np.asarray(samples[start - first * per_frame : stop - first * per_frame], dtype=np.float64)


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is a WFDB header."""
    return RECORD_LINE.match(head) is not None


def open_file(path: Path, *, annotator: str = "atr", allow_truncated: bool = False) -> Recording:
    """Open a record by its header or its sample file; `annotator` is the extension of its annotation file."""
    path, header = _header(path)
    segments = _segments(header)
    n_frames = _whole_frames(path, header, segments, allow_truncated)
    named = segments[0]  # of a multi-segment record, the one that describes its layout
    if len(named.sig_name or []) != header.n_sig:
        raise damaged(path, f"its header states {header.n_sig} channels and describes {len(named.sig_name or [])}")
    units = [unit or "1" for unit in named.units or []]
    names = distinct(name or f"channel {n + 1}" for n, name in enumerate(named.sig_name or []))
    per_frame = tuple(int(n or 1) for n in named.samps_per_frame or [])
    options = {"annotator": annotator if annotator != "atr" else None, "allow_truncated": allow_truncated}
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(
            Channel(name, float(header.fs) * spf, unit, n_frames * spf, guess_kind(name, unit))
            for name, unit, spf in zip(names, units, per_frame, strict=True)
        ),
        source=WfdbSource(str(path.with_suffix("")), per_frame),
        start_time=getattr(header, "base_datetime", None),
        annotations=_annotations(path, annotator, float(header.fs)),
        options={key: value for key, value in options.items() if value},
        note="\n".join(header.comments or []),
    )


def files(path: Path) -> list[Path]:
    """Return the header, the headers of segments, the sample files and the reference annotations."""
    path, header = _header(path)
    segments = [path.parent / f"{name}.hea" for name in getattr(header, "seg_name", []) if name != "~"]
    samples = [path.parent / name for s in _segments(header) for name in s.file_name or [] if name != "~"]
    return [*dict.fromkeys([path, *segments, *samples]), *(p for p in [path.with_suffix(".atr")] if p.is_file())]


def _header(path: Path) -> tuple[Path, Any]:
    import wfdb

    path = path.with_suffix(".hea")
    if not path.is_file():
        raise InputError("its header (.hea) is missing", subject=path, remedy="Put the .hea file beside it")
    with path.open("rb") as stream:
        if not sniff(stream.read(4096)):
            raise damaged(path, "this is not a WFDB header")
    header = wfdb.rdheader(str(path.with_suffix("")), rd_segments=True)
    if header.sig_len is None:
        raise InputError(
            "the header does not state the length", subject=path, remedy="Add the number of samples to its first line"
        )
    return path, header


def _segments(header: Any) -> list[Any]:
    """Return the headers of all segments that hold samples or name channels; of a plain record, its own."""
    return [s for s in getattr(header, "segments", [header]) if s is not None]


def _whole_frames(path: Path, header: Any, segments: list[Any], allow_truncated: bool) -> int:
    """Return how many frames there are.

    Raises
    ------
    InputError
        If a sample file is missing, or ends early and this was not allowed.
    """
    present, stated = int(header.sig_len), int(header.sig_len)
    for segment in segments:
        for name in dict.fromkeys(n for n in segment.file_name or [] if n != "~"):
            frames = _frames_in(path.parent / name, segment, name)
            if frames < segment.sig_len:
                if not allow_truncated or segment is not header:
                    raise ends_early(path.with_name(name), frames, segment.sig_len, "samples")
                present = min(present, frames)
    if present <= 0 < stated:
        raise ends_early(path, 0, stated, "samples")
    return present


def _frames_in(path: Path, segment: Any, name: str) -> int:
    """Return how many frames a sample file holds; those of a compressed file are taken on trust."""
    if not path.is_file():
        raise InputError(
            f"its sample file {name} is missing",
            subject=path,
            remedy=f"Put {name} into {path.parent.resolve()}, beside the header",
        )
    mine = [n for n, file in enumerate(segment.file_name) if file == name]
    form = segment.fmt[mine[0]]
    if form == "8":
        raise InputError(
            "it stores differences (format 8), which cannot be read from the middle",
            subject=path,
            remedy="Convert the record to format 16 with xform of the WFDB software",
        )
    size = path.stat().st_size - (segment.byte_offset[mine[0]] or 0)
    if form not in BLOCKS:
        return int(segment.sig_len) if size > 0 else 0
    samples, n_bytes = BLOCKS[form]
    return int(max(size, 0) * samples // n_bytes // sum(segment.samps_per_frame[n] for n in mine))


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
