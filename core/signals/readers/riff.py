"""The chunks of a WAV file: RIFF, RIFX (big-endian) and RF64 (sizes of 64 bits, EBU Tech 3306)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

MAGIC = (b"RIFF", b"RIFX", b"RF64")
UNKNOWN = 0xFFFFFFFF  # what streaming writers leave behind as size, and what RF64 has its own chunk for


class Chunk(NamedTuple):
    """A chunk: where it starts, the bytes it states (None where it states none) and those that are there."""

    name: bytes
    start: int
    stated: int | None
    present: int


def byte_order(path: Path) -> Literal["little", "big"]:
    """Return the order of bytes in the sizes and the samples."""
    with path.open("rb") as stream:
        return "big" if stream.read(4) == b"RIFX" else "little"


def chunks(path: Path) -> Iterator[Chunk]:
    """Yield the chunks up to the samples, ``data``, which are the last."""
    end, order, long_size = path.stat().st_size, byte_order(path), None
    with path.open("rb") as stream:
        stream.seek(12)
        while len(head := stream.read(8)) == 8:
            name, size, start = head[:4], int.from_bytes(head[4:], order), stream.tell()
            if name == b"ds64":
                long_size = int.from_bytes(stream.read(16)[8:], "little")
            stated = long_size if name == b"data" and size == UNKNOWN else size
            yield Chunk(name, start, stated, end - start if stated is None else min(stated, max(end - start, 0)))
            if name == b"data":
                return
            stream.seek(start + size + size % 2)
