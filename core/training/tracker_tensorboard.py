"""Runs as TensorBoard reads them: a folder of events for each."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.jobs import refuse_taken, replacing
from core.training.tracking import Track

FILE = "events.out.tfevents.hitscope"


def write(track: Track, folder: Path, replace: bool) -> None:
    """Write a run to a folder of its own in `folder`: whole or not at all.

    Raises
    ------
    InputError
        If it is there and is not to be replaced, or cannot be written.
    """
    # Not the library's SummaryWriter: it writes in a thread, in which a full disk is met unseen.
    from tensorboardX.proto.event_pb2 import Event

    file = folder / track.name / FILE
    if not replace:
        refuse_taken(file, remedy="Choose another folder, or say that it is to be replaced (--replace)")
    with replacing(file) as opened:
        opened.write(_record(Event(file_version="brain.Event:2", wall_time=(track.times or [0.0])[0])))
        for step, time, summary in _summaries(track):
            opened.write(_record(Event(step=step, wall_time=time, summary=summary)))


def _record(event: Any) -> bytes:
    """Return an event as the file has it: length, its checksum, event, its checksum."""
    from tensorboardX.record_writer import masked_crc32c

    data = event.SerializeToString()
    length = struct.pack("<Q", len(data))
    return b"".join((length, struct.pack("<I", masked_crc32c(length)), data, struct.pack("<I", masked_crc32c(data))))


def _summaries(track: Track) -> Iterator[tuple[int, float, Any]]:
    """Yield step, time and content of each event."""
    from tensorboardX.summary import hparams, scalar, text

    last, ended = len(track.epochs), (track.times or [0.0])[-1]
    for summary in hparams(track.parameters, track.figures):
        yield 0, ended, summary
    yield 0, ended, text("about", "\n".join(f"* {name}: {value}" for name, value in track.facts.items()))
    for step, (epoch, time) in enumerate(zip(track.epochs, track.times, strict=True), 1):
        for name, value in epoch.items():
            yield step, time, scalar(name, value)
    for name, value in track.figures.items():
        yield last, ended, scalar(name, value)
