"""DWL MultiDop transcranial Doppler: the log, the I/Q of its events and the velocity envelope are one recording.

The device writes ``NAME.TX4`` (log), ``NAME.TD4`` (events) and ``NAME.TW4`` (envelope) of examination 4 of a patient; opening
any of them opens all that are there. The log must be: it says when the events were. docs/formats/dwl.md has the layout.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import InputError, TruncatedError
from core.signals.readers import dwl_events, dwl_log
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.dwl_events import Event, Piece
from core.signals.readers.dwl_log import Log
from core.signals.readers.layouts import ChannelLayout
from core.signals.recording import Annotation, Channel, Floats, Gaps, Recording

FORMAT = "dwl"
TITLE = "DWL MultiDop Doppler"
LOG, EVENTS, ENVELOPE = PARTS = ("x", "d", "w")  # the third letter of the extension
EXTENSIONS: tuple[str, ...] = tuple(f".t{part}{number}" for part in PARTS for number in range(10))
LISTED = EXTENSIONS[:10]
LAYOUTS: dict[str, ChannelLayout] = {}  # the files say what the channels are
TIMES = "no event says when it was: I/Q and HITs are placed by the log, within about 0.1 s of the log's clock and the envelope"
ENVELOPE_BLOCK = 64  # samples of one channel that lie together


@dataclass(frozen=True)
class EventsSource:
    """I or Q of one gate; NaN between the events."""

    path: Path
    row: int
    pieces: tuple[tuple[int, Piece], ...]

    def read(self, start: int, stop: int) -> Floats:
        """Return samples as the device stored them."""
        out = np.full(stop - start, np.nan)
        for begin, piece in self.pieces:
            low, high = max(start, begin), min(stop, begin + piece.n_samples)
            if low < high:
                part = dwl_events.read_piece(self.path, piece, low - begin, high - begin)
                out[low - start : high - start] = part[self.row]
        return out


@dataclass(frozen=True)
class EnvelopeSource:
    """The velocity envelope of one channel of a file of so many."""

    path: Path
    number: int
    n_channels: int

    def read(self, start: int, stop: int) -> Floats:
        """Return samples as the device stored them."""
        first, last = start // ENVELOPE_BLOCK, -(-stop // ENVELOPE_BLOCK)
        row = ENVELOPE_BLOCK * self.n_channels
        raw = np.fromfile(self.path, "<i2", (last - first) * row, offset=2 * first * row)
        mine = raw.reshape(-1, self.n_channels, ENVELOPE_BLOCK)[:, self.number].reshape(-1)
        return mine[start - first * ENVELOPE_BLOCK : stop - first * ENVELOPE_BLOCK].astype(np.float64)


@dataclass(frozen=True)
class DwlSource:
    """One source a channel."""

    channels: tuple[EventsSource | EnvelopeSource, ...]

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples as the device stored them; NaN where it stored none."""
        return self.channels[channel].read(start, stop)


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is a log or holds events; an envelope cannot be told from noise."""
    return bool(dwl_log.MAGIC.match(head)) or dwl_events.sniff(head)


def open_file(path: Path, *, allow_truncated: bool = False) -> Recording:
    """Open an examination by any of its files; one of which whole events are missing is refused unless allowed."""
    parts = _parts(path)
    log = dwl_log.read_log(parts[LOG])
    if not log.ended and not allow_truncated:
        raise TruncatedError(
            "the log breaks off before the examination stops",
            subject=parts[LOG],
            kept="The file was not changed",
            remedy="Copy it again from where it came, or use what is whole: --reader allow_truncated=true",
        )
    channels: list[tuple[Channel, EventsSource | EnvelopeSource]] = []
    notes, identifying, marks = [f"DWL MultiDop {log.version}"], dict(log.identifying), log.marks
    gaps: list[tuple[float, float]] = []
    if EVENTS in parts:
        events, notes_of_events = _whole(parts[EVENTS], allow_truncated)
        starts = dwl_events.place(parts[EVENTS], events, _first_logged(marks))
        notes += [*notes_of_events, TIMES]
        marks = _placed(marks, events, starts)
        channels += _gates(parts[EVENTS], events, starts)
        gaps = _gaps(events, starts)
        if name := dwl_events.patient(parts[EVENTS]):
            identifying.setdefault("patient name", name)
    if ENVELOPE in parts:
        channels += _envelopes(parts[ENVELOPE], log, allow_truncated)
        notes.append("the velocity envelope is in units of the device")
        # Where the envelope goes on between events, no stretch is without samples.
        gaps = [(max(start, channels[-1][0].n_samples / channels[-1][0].fs), stop) for start, stop in gaps]
    common = tuple((start, stop) for start, stop in gaps if start < stop)
    of_channels = {n: _gaps_of(channel, source) for n, (channel, source) in enumerate(channels)}
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(channel for channel, _ in channels),
        source=DwlSource(tuple(source for _, source in channels)),
        start_time=log.start_time,
        annotations=tuple(sorted(marks, key=lambda mark: mark.onset_s)),
        options={"allow_truncated": True} if allow_truncated else {},
        note="; ".join(notes),
        gaps=common,
        channel_gaps={n: own for n, own in of_channels.items() if own != common},
        identifying=identifying,
        emission_hz=log.emission_hz,
    )


def files(path: Path) -> list[Path]:
    """Return the log, the events and the envelope, those that are there."""
    parts = _parts(path)
    return [parts[part] for part in PARTS if part in parts]


def _parts(path: Path) -> dict[str, Path]:
    """Return the files of an examination by the third letter of their extensions.

    Raises
    ------
    InputError
        If there is no log.
    """
    suffix = path.suffix.lower()
    if suffix not in EXTENSIONS:  # known by its first bytes
        return {LOG: path}
    found = {suffix[2]: path}
    for part in PARTS:
        name = f".t{part}{suffix[3]}"
        beside = [path.with_suffix(known) for known in (name.upper(), name)]
        if part not in found and (there := next((file for file in beside if file.is_file()), None)):
            found[part] = there
    if LOG not in found:
        missing = path.with_suffix(f".TX{suffix[3]}").name
        raise InputError(
            f"its log {missing} is missing, which says when its events were",
            subject=path,
            remedy=f"Put {missing} into {path.parent.resolve()}, beside it",
        )
    return found


def _whole(path: Path, allow_truncated: bool) -> tuple[list[Event], list[str]]:
    """Return the events and what is to be said about them.

    A last event of which some gates are whole is given as far as it goes; a file that lacks events is refused.
    """
    events, stated = dwl_events.read_events(path)
    if len({event.prf for event in events}) > 1:
        raise damaged(path, "its events are of different pulse repetition frequencies")
    whole = len(events) - (bool(events) and events[-1].whole_gates == 0)
    if whole < stated and not allow_truncated:
        raise ends_early(path, whole, stated, "events")
    notes = [f"{whole} of {stated} events"] if whole < stated else [f"{stated} events"]
    for number, event in enumerate(events, 1):
        if event.whole_gates < event.n_gates:
            notes.append(f"event {number} is cut off: {event.whole_gates} of {event.n_gates} gates are whole")
    return events, notes


def _first_logged(marks: Iterable[Annotation]) -> dict[int, float]:
    """Return when the log reports the first HIT of each event."""
    times: dict[int, float] = {}
    for mark in marks:
        if "offset" in mark.attributes:
            times.setdefault(mark.attributes["offset"], mark.onset_s)
    return times


def _placed(marks: tuple[Annotation, ...], events: list[Event], starts: list[int]) -> tuple[Annotation, ...]:
    """Return the marks, with HITs where they are in the I/Q; the time of the log stays as `logged_s`."""
    first = _first_logged(marks)
    known = {event.offset: (event, start) for event, start in zip(events, starts, strict=True)}
    placed = []
    for mark in marks:
        offset = mark.attributes.get("offset")
        if offset in known:
            event, start = known[offset]
            # The block says where its first HIT is; further ones are as much later as the log says.
            later = mark.onset_s - first[offset]
            onset = (start + event.hit_start) / event.prf + later
            duration = 0.0 if later else max(event.hit_stop - event.hit_start, 0) / event.prf
            mark = replace(
                mark, onset_s=onset, duration_s=duration, attributes={**mark.attributes, "logged_s": mark.onset_s}
            )
        placed.append(mark)
    return tuple(placed)


def _gates(path: Path, events: list[Event], starts: list[int]) -> list[tuple[Channel, EventsSource | EnvelopeSource]]:
    channels: list[tuple[Channel, EventsSource | EnvelopeSource]] = []
    # All gates are of one length, so that I and Q of what was cut off in one of them can be asked for, and are NaN.
    n = max((s + max(p.n_samples for p in e.pieces) for e, s in zip(events, starts, strict=True)), default=0)
    for gate in sorted({piece.gate for event in events for piece in event.pieces}):
        pieces = tuple(
            (start, piece)
            for event, start in zip(events, starts, strict=True)
            for piece in event.pieces
            if piece.gate == gate
        )
        for row, letter in enumerate("IQ"):
            channel = Channel(f"{letter}{gate + 1}", events[0].prf, "1", n, f"doppler_{letter.lower()}")
            channels.append((channel, EventsSource(path, row, pieces)))
    return channels


def _gaps(events: list[Event], starts: list[int]) -> list[tuple[float, float]]:
    """Return the stretches between events, s."""
    ends = [0, *(s + max(p.n_samples for p in e.pieces) for e, s in zip(events, starts, strict=True))]
    reached = np.maximum.accumulate(ends).tolist()
    return [(end / e.prf, s / e.prf) for end, s, e in zip(reached, starts, events, strict=False) if s > end]


def _gaps_of(channel: Channel, source: EventsSource | EnvelopeSource) -> Gaps:
    """Return the stretches of a channel that lie in none of its pieces, s; the envelope has no such."""
    if isinstance(source, EnvelopeSource):
        return ()
    found, reached = [], 0
    for start, stop in [
        *((s, s + piece.n_samples) for s, piece in source.pieces),
        (channel.n_samples, channel.n_samples),
    ]:
        if start > reached:
            found.append((reached / channel.fs, start / channel.fs))
        reached = max(reached, stop)
    return tuple(found)


def _envelopes(path: Path, log: Log, allow_truncated: bool) -> list[tuple[Channel, EventsSource | EnvelopeSource]]:
    n_channels, fs = log.n_envelopes, log.envelope_fs
    if not n_channels or not fs:
        raise damaged(path, "the log does not say how many channels the velocity envelope has, or how fast it is")
    blocks, rest = divmod(path.stat().st_size, 2 * ENVELOPE_BLOCK * n_channels)
    if not blocks or (rest and not allow_truncated):
        raise ends_early(path, blocks, blocks + 1, "blocks")
    n = blocks * ENVELOPE_BLOCK
    doppler = log.settings.get("DOPCHAN", 0).bit_count()
    names = [f"velocity {k + 1}" if k < doppler else f"external {k - doppler + 1}" for k in range(n_channels)]
    return [(Channel(name, fs, "1", n), EnvelopeSource(path, k, n_channels)) for k, name in enumerate(names)]
