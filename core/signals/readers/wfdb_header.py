"""WFDB headers as header(5) of the WFDB manual describes them: a record line, then one for each signal or segment.

The wfdb library takes some milliseconds for a header and does not know signal files in a folder; a multi-segment record
may have thousands of headers. Tests hold this parser against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PureWindowsPath

from core.errors import InputError
from core.signals.readers.damage import damaged
from core.signals.readers.encoding import encoding_of

NULL = "~"  # stands for a file or a segment that does not exist
RECORD_LINE = re.compile(rb"([ \t]*#.*\n|[ \t]*\r?\n)*[ \t]*[\w-]+(/\d+)?[ \t]+\d+\b")
FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$")
GAIN = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)(?:\(([-+]?[\d.]+)\))?(?:/(\S+))?$")
# header(5): what a missing field means. A gain of 0 says that the signal is not calibrated.
DEFAULT_FS, DEFAULT_GAIN, DEFAULT_UNIT = 250.0, 200.0, "mV"


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal line.

    Attributes
    ----------
    file, fmt : str
        Signal file, relative to the header, and its storage format.
    per_frame : int
        Samples in each frame.
    skew : int
        Frames by which it is stored late.
    offset : int
        Bytes (FLAC: samples) in front of the first sample of the file.
    gain, baseline : float
        Digital units per physical unit, and the digital value of physical 0.
    unit : str
    initial : int
        Value in front of the first difference (format 8).
    name : str
    """

    file: str
    fmt: str
    per_frame: int
    skew: int
    offset: int
    gain: float
    baseline: float
    unit: str
    initial: int
    name: str

    @property
    def is_stored(self) -> bool:
        """Whether it has samples: a signal of format 0 has none, whatever file it names (signal(5))."""
        return self.file != NULL and self.fmt != "0"


@dataclass(frozen=True)
class Header:
    """One header file; `n_frames` is None where it is not stated, and `segments` are (name, frames)."""

    path: Path
    fs: float
    n_frames: int | None
    start_time: datetime | None
    n_signals: int
    signals: tuple[Signal, ...]
    segments: tuple[tuple[str, int], ...]
    comments: tuple[str, ...]

    @property
    def variable(self) -> bool:
        """Whether the first of its segments is empty and only describes the layout."""
        return bool(self.segments) and self.segments[0][1] == 0

    @property
    def sample_files(self) -> list[Path]:
        """Its signal files, in order.

        Raises
        ------
        InputError
            As `beside`.
        """
        return list(dict.fromkeys(beside(self.path, s.file) for s in self.signals if s.is_stored))


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is a WFDB header."""
    return RECORD_LINE.match(head) is not None


def read_header(path: Path) -> Header:
    """Read a header file.

    Raises
    ------
    InputError
        If it is missing, or a line of it is not as header(5) says.
    """
    lines = _all_lines(path)
    comments = tuple(line.strip(" \t#") for line in lines if line.startswith("#"))
    try:
        return _parse(path, _said(lines), comments)
    except (ValueError, IndexError) as error:
        raise damaged(path, f"its header cannot be understood: {error}") from error


def beside(header: Path, name: str) -> Path:
    """Return where a file lies that a header names: in its folder, or in a folder in there.

    What the name says is looked at, not where links lead: those were put there by whoever keeps the files.

    Raises
    ------
    InputError
        If it names a place elsewhere: a header decides nothing about other folders.
    """
    said = PureWindowsPath(name)  # which knows both kinds of slashes, and drives
    if said.anchor or ".." in said.parts:
        raise damaged(header, f"its header names {name}, which is outside its folder")
    return header.parent / name


def header_lines(path: Path) -> list[str]:
    """Return the lines of a header file without comments.

    Raises
    ------
    InputError
        If it is missing, or no header.
    """
    return _said(_all_lines(path))


def _said(lines: list[str]) -> list[str]:
    return [line for line in lines if line and not line.startswith("#")]


def _all_lines(path: Path) -> list[str]:
    if not path.is_file():
        raise InputError("its header (.hea) is missing", subject=path, remedy="Put the .hea file beside it")
    with path.open("rb") as stream:
        raw = stream.read(4096)
        if not sniff(raw):
            raise damaged(path, "this is not a WFDB header")
        raw += stream.read()
    return [line.strip() for line in raw.decode(encoding_of(raw)).splitlines()]


def _parse(path: Path, lines: list[str], comments: tuple[str, ...]) -> Header:
    name, n_signals, *rest = lines[0].split()
    _, multi, n_segments = name.partition("/")
    n_described = int(n_segments) if multi else int(n_signals)
    described = lines[1 : 1 + n_described]
    if len(described) < n_described:
        what = "segments" if multi else "channels"
        raise damaged(path, f"its header states {n_described} {what} and describes {len(described)}")
    fs = float(re.split(r"[/(]", rest[0])[0]) if rest else DEFAULT_FS
    if not 0 < fs < float("inf"):
        raise ValueError(f"{rest[0]} is no sampling rate")
    return Header(
        path=path,
        fs=fs,
        n_frames=(int(rest[1]) or None) if len(rest) > 1 else None,
        start_time=_start_time(*rest[2:4]) if len(rest) > 3 else None,
        n_signals=int(n_signals),
        signals=() if multi else tuple(_signal(line) for line in described),
        segments=tuple(_segment(line) for line in described) if multi else (),
        comments=comments,
    )


def _start_time(time: str, date: str) -> datetime | None:
    try:
        day = datetime.strptime(date, "%d/%m/%Y")
        parts = [float(part) for part in reversed(time.split(":"))]
    except ValueError:
        return None  # dates are left out, or blanked, where a record is made anonymous
    return day + timedelta(seconds=sum(value * 60**power for power, value in enumerate(parts)))


def _segment(line: str) -> tuple[str, int]:
    name, n_frames = line.split()[:2]
    return name, int(n_frames)


def _signal(line: str) -> Signal:
    file, fmt, gain, _, zero, initial, _, _, name = [*line.split(None, 8), *[""] * 9][:9]
    form, scale = FORMAT.match(fmt), GAIN.match(gain or "0")
    if form is None or scale is None:
        raise ValueError(f"the signal line {line!r}")
    adc_zero = int(float(zero or 0))
    return Signal(
        file=file,
        fmt=form[1],
        per_frame=int(form[2] or 1) or 1,
        skew=int(form[3] or 0),
        offset=int(form[4] or 0),
        gain=float(scale[1]) or DEFAULT_GAIN,
        baseline=float(scale[2]) if scale[2] else adc_zero,
        unit=scale[3] or DEFAULT_UNIT,
        initial=int(float(initial)) if initial else adc_zero,
        name=name.strip(),
    )
