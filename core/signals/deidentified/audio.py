"""WAV and FLAC without names: the encoded samples as they are, and of the comment only what the channels mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.jobs import Reporter
from core.signals.deidentified.copying import Write, copy_bytes
from core.signals.readers.audio import FLAC, UNKNOWN_SIZE
from core.signals.recording import Recording

STREAMINFO, SEEKTABLE, VORBIS_COMMENT = 0, 3, 4  # metadata blocks of FLAC (RFC 9639, 8.1)


def plan(recording: Recording, target: Path, keep_time: bool) -> dict[Path, Write]:
    """Return how the one file is written."""
    stated = re.search(r"layout=\w+", recording.note)
    comment = "; ".join([*([stated[0]] if stated else []), *(["simulated"] if recording.simulated else [])])
    path, n = recording.path, recording.channels[0].n_samples
    with path.open("rb") as stream:
        riff = stream.read(4) in (b"RIFF", b"RIFX", b"RF64")
    if riff:
        return {target: lambda out, report: write_wav(path, comment, n, out, report)}
    return {target: lambda out, report: write_flac(path, comment, out, report)}


def write_wav(path: Path, comment: str, n_samples: int, out: IO[bytes], report: Reporter) -> None:
    """Write the chunks of a WAV file that its samples need, and the comment."""
    chunks = dict(_chunks(path))
    with path.open("rb") as stream:
        order = "big" if stream.read(4) == b"RIFX" else "little"

        def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
            n = len(body) if size is None else size
            return name + n.to_bytes(4, order) + body + bytes(len(body) % 2)  # type: ignore[arg-type]

        kept = b""
        for name in (b"fmt ", b"fact"):
            if name in chunks:
                start, size = chunks[name]
                stream.seek(start)
                kept += chunk(name, stream.read(size))
    if comment:
        text = comment.encode() + b"\0"
        kept += chunk(b"LIST", b"INFO" + chunk(b"ICMT", text))
    start, size = chunks[b"data"]
    total = 4 + len(kept) + 8 + size + size % 2
    if total < UNKNOWN_SIZE:
        head = {"little": b"RIFF", "big": b"RIFX"}[order] + total.to_bytes(4, order) + b"WAVE"  # type: ignore[arg-type]
        data = chunk(b"data", b"", size)
    else:  # sizes of 64 bits: EBU Tech 3306
        sizes = [total + 36, size, n_samples]
        long_sizes = b"".join(value.to_bytes(8, "little") for value in sizes) + bytes(4)
        head = b"RF64" + UNKNOWN_SIZE.to_bytes(4, "little") + b"WAVE" + chunk(b"ds64", long_sizes)
        data = chunk(b"data", b"", UNKNOWN_SIZE)
    out.write(head + kept + data)
    copy_bytes(path, start, size, out, report)
    out.write(bytes(size % 2))


def _chunks(path: Path) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield the name, start and size of each chunk up to the samples."""
    end, long_size = path.stat().st_size, UNKNOWN_SIZE
    with path.open("rb") as stream:
        order = "big" if stream.read(12)[:4] == b"RIFX" else "little"
        while len(head := stream.read(8)) == 8:
            name, size, start = head[:4], int.from_bytes(head[4:], order), stream.tell()  # type: ignore[arg-type]
            if name == b"ds64":
                long_size = int.from_bytes(stream.read(16)[8:], "little")
            if name == b"data":
                size = long_size if size == UNKNOWN_SIZE else size
                yield name, (start, min(size, end - start))
                return
            yield name, (start, size)
            stream.seek(start + size + size % 2)


def write_flac(path: Path, comment: str, out: IO[bytes], report: Reporter) -> None:
    """Write a FLAC stream with no metadata but what decoding needs, and the comment."""
    kept = []
    with path.open("rb") as stream:
        head = stream.read(10)
        if head[:3] == b"ID3":  # a tag of other audio formats in front of the stream: its size has 7 bits in a byte
            stream.seek(10 + sum(byte << 7 * k for k, byte in enumerate(reversed(head[6:10]))))
        else:
            stream.seek(0)
        stream.read(len(FLAC))
        last = False
        while not last:
            flag, size = stream.read(1)[0], int.from_bytes(stream.read(3), "big")
            last, body = flag >= 0x80, stream.read(size)
            if flag & 0x7F in (STREAMINFO, SEEKTABLE):
                kept.append((flag & 0x7F, body))
        start = stream.tell()
    if comment:
        kept.append((VORBIS_COMMENT, _vorbis(b"") + (1).to_bytes(4, "little") + _vorbis(f"COMMENT={comment}".encode())))
    out.write(FLAC)
    for number, (kind, body) in enumerate(kept, 1):
        out.write(bytes([kind | 0x80 * (number == len(kept))]) + len(body).to_bytes(3, "big") + body)
    copy_bytes(path, start, None, out, report)


def _vorbis(text: bytes) -> bytes:
    return len(text).to_bytes(4, "little") + text
