"""WFDB records of one or several segments: which signal of which file each channel is, and when nothing was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from core.errors import MissingFileError
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.wfdb_files import signal_file
from core.signals.readers.wfdb_header import NULL, Header, Signal, beside, read_header
from core.signals.readers.wfdb_source import Segment, Stored
from core.signals.recording import Gaps
from core.signals.units import conversion


def segment_headers(header: Header) -> list[Header | None]:
    """Return the header of each segment, None for one that is only a pause; of a plain record, its own.

    Raises
    ------
    InputError
        If one is missing, is itself of several segments, or has another sampling rate.
    """
    if not header.segments:
        return [header]
    found: list[Header | None] = []
    for name, _ in header.segments:
        part = None if name == NULL else read_header(beside(header.path, f"{name}.hea"))
        if part is not None and part.segments:
            raise damaged(part.path, "it is a segment, and states segments of its own")
        if part is not None and not np.isclose(part.fs, header.fs, rtol=1e-6):
            raise damaged(part.path, f"it states {part.fs:g} frames a second, and its record {header.fs:g}")
        found.append(part)
    return found


def described_channels(header: Header, parts: Sequence[Header | None]) -> tuple[Signal, ...]:
    """Return the signal lines that name the channels: those of the first segment, which describes a variable layout."""
    signals = next((part.signals for part in parts if part is not None), ())
    if len(signals) != header.n_signals:
        raise damaged(header.path, f"its header states {header.n_signals} channels and describes {len(signals)}")
    return signals


def lay_out(
    header: Header, parts: Sequence[Header | None], channels: tuple[Signal, ...], allow_truncated: bool
) -> tuple[Segment, ...]:
    """Return the segments of a record, in order.

    Raises
    ------
    InputError
        If a sample file is missing or ends early, or a segment does not fit the record.
    """
    if not header.segments:
        stored = _stored(header, header.n_frames, allow_truncated)
        present = [s.n_frames for s in stored if s is not None]
        n_frames = min(present) if present else header.n_frames or 0
        if n_frames == 0 and header.n_frames and present:
            raise ends_early(header.path, 0, header.n_frames, "samples")
        return (Segment(0, n_frames, _placed(header, stored, channels, by_name=False)),)
    segments, start = [], 0
    for (_, n_frames), part in zip(header.segments, parts, strict=True):
        stored = _stored(part, n_frames, allow_truncated) if part is not None and n_frames else []
        placed = _placed(part, stored, channels, by_name=header.variable) if part is not None and n_frames else ()
        segments.append(Segment(start, n_frames, placed or (None,) * len(channels)))
        start += n_frames
    if header.n_frames is not None and header.n_frames != start:
        raise damaged(header.path, f"its header states {header.n_frames:,} samples, and its segments hold {start:,}")
    return tuple(segments)


def _stored(header: Header, n_frames: int | None, allow_truncated: bool) -> list[Stored | None]:
    """Return what is stored of each signal of a header; None of those without a file."""
    by_file = sorted((s for s in header.signals if s.is_stored), key=lambda s: s.file)
    places = {id(s): n for n, s in enumerate(header.signals)}
    found: list[Stored | None] = [None] * len(header.signals)
    for name, group in groupby(by_file, key=lambda s: s.file):
        signals = tuple(group)
        file = signal_file(sample_path(header.path, name), signals)
        present = file.frames(n_frames)
        if n_frames is not None and present < n_frames and not allow_truncated:
            raise ends_early(file.path, present, n_frames, "samples")
        for number, signal in enumerate(signals):
            n = present if n_frames is None else min(present, n_frames)
            found[places[id(signal)]] = Stored(file, number, n, 1.0)
    return found


def sample_path(header: Path, name: str) -> Path:
    """Return where a sample file lies.

    Raises
    ------
    InputError
        If it is not there, or elsewhere.
    """
    path = beside(header, name)
    if not path.is_file():
        raise MissingFileError(
            f"its sample file {name} is missing",
            subject=path,
            remedy=f"Put {name} into {header.parent.resolve()}, beside the header",
        )
    return path


def _placed(
    header: Header, stored: Sequence[Stored | None], channels: tuple[Signal, ...], *, by_name: bool
) -> tuple[Stored | None, ...]:
    """Return for each channel of the record what a segment stores of it."""
    mine, wanted = (_keys(signals, by_name) for signals in (header.signals, channels))
    if not by_name and len(mine) != len(wanted):
        raise damaged(header.path, f"it describes {len(mine)} channels, and its record {len(wanted)}")
    where = {key: number for number, key in enumerate(mine)}
    return tuple(
        _fitting(header, stored[where[key]], header.signals[where[key]], channel) if key in where else None
        for key, channel in zip(wanted, channels, strict=True)
    )


def _keys(signals: Iterable[Signal], by_name: bool) -> list[tuple[str, int]]:
    """Return what tells the signals of a segment apart: name and how often it came before, or only the place."""
    seen: Counter[str] = Counter()
    keys = []
    for signal in signals:
        name = signal.name if by_name else ""
        keys.append((name, seen[name]))
        seen[name] += 1
    return keys


def _fitting(header: Header, stored: Stored | None, signal: Signal, channel: Signal) -> Stored | None:
    if stored is None:
        return None
    factor = conversion(signal.unit, channel.unit)
    if factor is None or signal.per_frame != channel.per_frame:
        raise damaged(
            header.path,
            f"channel {signal.name or 'without a name'} is in {signal.unit}, {signal.per_frame} to a frame, and in its"
            f" record in {channel.unit}, {channel.per_frame} to a frame",
        )
    return Stored(stored.file, stored.number, stored.n_frames, factor)


def gaps(segments: Sequence[Segment], fs: float, channel: int | None = None) -> Gaps:
    """Return start and end (s) of the stretches in which a channel is not stored; without one, in which none is."""
    found: list[tuple[int, int]] = []
    for segment in segments:
        asked = segment.channels if channel is None else (segment.channels[channel],)
        present = max((s.n_frames for s in asked if s is not None), default=0)
        low, high = segment.start + min(present, segment.n_frames), segment.start + segment.n_frames
        if low == high:
            continue
        if found and found[-1][1] == low:
            low = found.pop()[0]
        found.append((low, high))
    return tuple((low / fs, high / fs) for low, high in found)
