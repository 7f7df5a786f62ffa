"""EDF+ files that hold annotations only (EDF+ specification, Kemp and Olivan 2003, 2.2), and those of any EDF+ or BDF+."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from core.signals.annotation_files.details import MARKER, completed, details_of
from core.signals.annotation_files.moments import as_seen
from core.signals.readers import edf
from core.signals.recording import Annotation, Recording

RECORD_BYTES = 61_440  # the largest data record that the format recommends
TIMEKEEPING = b"+0\x14\x14\x00"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # a text may hold only tabs and line breaks of these
ON_CHANNEL = re.compile(r"(.+)@@(\S.*)", re.DOTALL)  # how MNE and EDFbrowser say that a text is about one channel
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def read(path: Path) -> list[Annotation]:
    """Return the annotations of a file, with or without signals."""
    found: list[Annotation] = []
    for mark in edf.open_file(path).annotations:
        if found and mark.text.startswith(MARKER) and mark.onset_s == found[-1].onset_s:
            found[-1] = completed(found[-1], mark.text)
        else:
            found.append(_plain(mark.onset_s, mark.duration_s, mark.text))
    return found


def _plain(onset_s: float, duration_s: float, text: str) -> Annotation:
    """Return what a list entry says without our details."""
    on_channel = ON_CHANNEL.fullmatch(text)
    if on_channel:
        return Annotation(onset_s, duration_s, on_channel[1], {"channel": on_channel[2]})
    return Annotation(onset_s, duration_s, text)


def encode(events: Sequence[Annotation], recording: Recording | None, plain: bool = False) -> bytes:
    """Return the bytes of the file; its date is that of the recording, and whose it is, is not said."""
    lists = [_time_stamped(event, plain) for event in events]
    width = max([RECORD_BYTES, *(len(TIMEKEEPING) + len(each) for each in lists)])
    records = [TIMEKEEPING]
    for each in lists:
        if len(records[-1]) + len(each) > width:
            records.append(TIMEKEEPING)
        records[-1] += each
    width = 2 * -(-max(map(len, records)) // 2)
    header = _header(recording.start_time if recording else None, len(records), width // 2)
    return header + b"".join(record.ljust(width, b"\0") for record in records)


def _time_stamped(event: Annotation, plain: bool) -> bytes:
    """Return the time-stamped list of one event: its text, and as a second one its comment or what the text does not say."""
    text = _text(event.text or str(event.attributes.get("label") or event.attributes.get("kind") or "mark"))
    channel = event.attributes.get("channel")
    if isinstance(channel, str) and channel and not CONTROL.search(channel):
        text += f"@@{channel}".encode("utf-8", "replace").decode()
    seen = as_seen(event)
    onset = np.format_float_positional(seen.onset_s, trim="-", sign=True)
    duration = f"\x15{np.format_float_positional(seen.duration_s, trim='-')}" if seen.duration_s > 0 else ""
    if plain:
        further = _text(str(event.attributes.get("comment", "")))
    else:
        further = details_of(event, _plain(seen.onset_s, seen.duration_s, text))
    texts = "".join(f"{each}\x14" for each in (text, further) if each)
    return f"{onset}{duration}\x14{texts}\x00".encode()


def _text(said: str) -> str:
    """Return a text as a list can hold it, and as nobody takes it for our details."""
    text = CONTROL.sub(" ", said).encode("utf-8", "replace").decode()
    return f" {text}" if text.startswith(MARKER) else text


def _header(start: datetime | None, n_records: int, n_samples: int) -> bytes:
    """Return the header of a file with one annotation signal and data records that last no time."""
    said = "X" if start is None else f"{start:%d}-{MONTHS[start.month - 1]}-{start.year}"
    shown = start if start is not None and 1985 <= start.year < 2085 else datetime(1985, 1, 1)
    fields: list[tuple[object, int]] = [
        ("0", 8),
        ("X X X X", 80),
        (f"Startdate {said} X X X", 80),
        (f"{shown:%d.%m.%y}", 8),
        (f"{start or shown:%H.%M.%S}", 8),
        (512, 8),
        ("EDF+C", 44),
        (n_records, 8),
        (0, 8),
        (1, 4),
        ("EDF Annotations", 16),
        ("", 80),
        ("", 8),
        (-1, 8),
        (1, 8),
        (-32768, 8),
        (32767, 8),
        ("", 80),
        (n_samples, 8),
        ("", 32),
    ]
    return "".join(str(value).ljust(width) for value, width in fields).encode("ascii")
