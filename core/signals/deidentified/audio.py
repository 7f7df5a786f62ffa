"""WAV and FLAC without names: the encoded samples, and of the comment only what channels mean and what the probe emitted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

from core.jobs import Reporter
from core.signals.deidentified.copying import Changes, Write, copy_bytes
from core.signals.readers.flac import SIGNATURE
from core.signals.readers.riff import MAGIC, UNKNOWN, byte_order, chunks
from core.signals.recording import Recording

TOO_LONG = UNKNOWN  # bytes that a RIFF file cannot hold
STREAMINFO, SEEKTABLE, VORBIS_COMMENT = 0, 3, 4  # metadata blocks of FLAC (RFC 9639, 8.1)


def plan(recording: Recording, target: Path, keep_time: bool) -> dict[Path, Write]:
    """Return how the one file is written."""
    stated = re.search(r"layout=\w+", recording.note)
    emission = "" if recording.emission_hz is None else f"emission_hz={recording.emission_hz:.15g}"
    comment = "; ".join(filter(None, (stated[0] if stated else "", emission, "simulated" * recording.simulated)))
    path, n = recording.path, recording.channels[0].n_samples
    with path.open("rb") as stream:
        riff = stream.read(4) in MAGIC
    if riff:
        return {target: lambda out, report: write_wav(path, comment, n, out, report)}
    return {target: lambda out, report: write_flac(path, comment, out, report)}


def changes(recording: Recording, keep_time: bool) -> Changes:
    """Return what is left out and what stays; neither file has a field for when it began that is kept."""
    return Changes(
        (*recording.identifying, "comments and all other fields"), ("layout of the channels", "emission frequency")
    )


def write_wav(path: Path, comment: str, n_samples: int, out: IO[bytes], report: Reporter) -> None:
    """Write the chunks of a WAV file that its samples need, and the comment."""
    order, found = byte_order(path), {chunk.name: chunk for chunk in chunks(path)}

    def header(name: bytes, size: int) -> bytes:
        return name + size.to_bytes(4, order)

    def whole(name: bytes, body: bytes) -> bytes:
        return header(name, len(body)) + body + bytes(len(body) % 2)

    kept = b""
    with path.open("rb") as stream:
        for chunk in (found[name] for name in (b"fmt ", b"fact") if name in found):
            stream.seek(chunk.start)
            kept += whole(chunk.name, stream.read(chunk.present))
    if comment:
        kept += whole(b"LIST", b"INFO" + whole(b"ICMT", comment.encode() + b"\0"))
    samples = found[b"data"]
    padding = bytes(samples.present % 2)
    total = 4 + len(kept) + 8 + samples.present + len(padding)
    if total < TOO_LONG:
        out.write(header({"little": b"RIFF", "big": b"RIFX"}[order], total) + b"WAVE" + kept)
        out.write(header(b"data", samples.present))
    else:
        sizes = b"".join(n.to_bytes(8, "little") for n in (total + 36, samples.present, n_samples)) + bytes(4)
        out.write(header(b"RF64", UNKNOWN) + b"WAVE" + whole(b"ds64", sizes) + kept + header(b"data", UNKNOWN))
    copy_bytes(path, samples.start, samples.present, out, report)
    out.write(padding)


def write_flac(path: Path, comment: str, out: IO[bytes], report: Reporter) -> None:
    """Write a FLAC stream with no metadata but what decoding needs, and the comment."""
    kept = []
    with path.open("rb") as stream:
        stream.read(len(SIGNATURE))
        last = False
        while not last:
            flag, size = stream.read(1)[0], int.from_bytes(stream.read(3), "big")
            last, body = flag >= 0x80, stream.read(size)
            if flag & 0x7F in (STREAMINFO, SEEKTABLE):
                kept.append((flag & 0x7F, body))
        start = stream.tell()
    if comment:
        kept.append((VORBIS_COMMENT, _vorbis(b"") + (1).to_bytes(4, "little") + _vorbis(f"COMMENT={comment}".encode())))
    out.write(SIGNATURE)
    for number, (kind, body) in enumerate(kept, 1):
        out.write(bytes([kind | 0x80 * (number == len(kept))]) + len(body).to_bytes(3, "big") + body)
    copy_bytes(path, start, None, out, report)


def _vorbis(text: bytes) -> bytes:
    return len(text).to_bytes(4, "little") + text
