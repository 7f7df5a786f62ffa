"""The elements of a MATLAB file of version 5 to 7.2: where each lies, and whether it is built as the format says.

scipy reads the variables, but trusts their structure: a damaged type code ends the process. So what it is to read is gone
through first. A variable is an element; within it lie more: its flags, dimensions, name and values (MAT-File Format,
MathWorks).
"""

from __future__ import annotations

import math
import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIRST = 128  # bytes before the first element
MATRIX, COMPRESSED = 14, 15
# Bytes of a value by the type of an element; a text in UTF-8 may take more than one for a letter.
BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
UTF8 = 16
CLASSES = range(1, 18)
COMPLEX = 0x0800
INT32, UINT32 = 5, 6
NESTED = frozenset((1, 2, 3))  # cells, structures, objects: a matrix for each cell or field
PLAIN = frozenset((4, *range(6, 16)))  # classes of text and numbers: flags, dimensions, name, values
SPARSE, FUNCTION = 5, 16  # flags, dimensions, name; rows, starts of columns, values; or a matrix
FLAGS_AT = 8  # of the content of a matrix: behind the tag of its flags
DEEPEST = 32
ENOUGH = 1024  # bytes of a compressed element, to see its flags


@dataclass(frozen=True)
class Element:
    """A variable in a file: where its content begins, its bytes there, and whether they are compressed."""

    at: int
    size: int
    packed: bool
    order: str
    is_complex: bool


def find_elements(path: Path) -> list[Element]:
    """Return the variables of a file, in order; none if scipy would take it for another version.

    Raises
    ------
    ValueError
        If one begins as none does, or ends behind the file.
    """
    from scipy.io.matlab import matfile_version

    found: list[Element] = []
    if matfile_version(path)[0] != 1:
        return found
    with path.open("rb") as stream:
        order = "<" if stream.read(FIRST)[126:128] == b"IM" else ">"
        end = path.stat().st_size
        while len(tag := stream.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            at = stream.tell()
            if kind not in (MATRIX, COMPRESSED) or at + size > end:
                raise ValueError(f"no variable can begin at byte {at - 8:,}")
            head = stream.read(min(size, ENOUGH))
            if kind == COMPRESSED:
                head = zlib.decompressobj().decompress(head, 8 + FLAGS_AT + 4)[8:]
            (flags,) = struct.unpack_from(f"{order}I", head, FLAGS_AT)
            found.append(Element(at, size, kind == COMPRESSED, order, bool(flags & COMPLEX)))
            stream.seek(at + size)
    return found


def check_element(path: Path, element: Element, most: int) -> None:
    """Go through all elements within a variable; O(elements), and O(bytes) where it is compressed.

    Raises
    ------
    ValueError
        If it is not built as the format says, or takes more than `most` bytes.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        if not element.packed:
            _check_matrix(mapped, element.at, element.at + element.size, element.order, 0)
            return
        unpacked = zlib.decompressobj().decompress(mapped[element.at : element.at + element.size], most + 1)
    if len(unpacked) > most:
        raise ValueError(f"a variable takes more than {most / 1e9:.1f} GB")
    kinds = [kind for kind, start, stop in _within(unpacked, 0, len(unpacked), element.order)]
    if kinds != [MATRIX]:
        raise ValueError("a compressed element holds no variable")
    _check_matrix(unpacked, 8, len(unpacked), element.order, 0)


def _check_matrix(data: bytes | mmap.mmap, start: int, stop: int, order: str, depth: int) -> None:
    parts = list(_within(data, start, stop, order))
    if not parts and start == stop:  # an empty cell
        return
    flags = parts[0] if parts else (0, 0, 0)
    if flags[0] != UINT32 or flags[2] - flags[1] != 8 or depth > DEEPEST:
        raise ValueError(f"no variable can begin at byte {start:,}")
    (said,) = struct.unpack_from(f"{order}I", data, flags[1])
    what, is_complex = said & 0xFF, bool(said & COMPLEX)
    if what not in CLASSES:
        raise ValueError(f"the variable at byte {start:,} is of no known class")
    n = _count(data, parts[1:2], order, start)
    if what in PLAIN and len(parts) < 4:
        raise ValueError(f"the variable at byte {start:,} holds no values")
    if what == SPARSE and len(parts) < 6 + is_complex:
        raise ValueError(f"the variable at byte {start:,} is sparse and holds no rows, columns or values")
    if what == FUNCTION and MATRIX not in [kind for kind, _, _ in parts[3:4]]:
        raise ValueError(f"the variable at byte {start:,} is a function and holds none")
    if what in NESTED and n > max(1, sum(kind == MATRIX for kind, _, _ in parts)):
        raise ValueError(f"the variable at byte {start:,} states {n:,} cells and holds fewer")
    for place, (kind, first, last) in enumerate(parts[1:]):
        if kind == MATRIX and what not in PLAIN:
            _check_matrix(data, first, last, order, depth + 1)
        elif kind not in BYTES:
            raise ValueError(f"type {kind} at byte {first - 8:,} is none of the format's")
        elif what in PLAIN and place >= 2 and kind != UTF8 and last - first != n * BYTES[kind]:
            raise ValueError(f"the variable at byte {start:,} states {n:,} values and holds others")


def _count(data: bytes | mmap.mmap, dimensions: list[tuple[int, int, int]], order: str, start: int) -> int:
    """Return how many values a matrix has by its dimensions, of which there are two at least."""
    for kind, first, last in dimensions:
        if kind == INT32 and last - first >= 8 and (last - first) % 4 == 0:
            sizes = struct.unpack_from(f"{order}{(last - first) // 4}i", data, first)
            if min(sizes) >= 0:
                return math.prod(sizes)
    raise ValueError(f"the variable at byte {start:,} states no dimensions")


def _within(data: bytes | mmap.mmap, start: int, stop: int, order: str) -> Iterator[tuple[int, int, int]]:
    """Yield type, start and end of each element between two places; those of up to four bytes have a short tag."""
    while start + 8 <= stop:
        kind, size = struct.unpack_from(f"{order}II", data, start)
        if kind >> 16:
            kind, size, first, after = kind & 0xFFFF, kind >> 16, start + 4, start + 8
            if size > 4:
                raise ValueError(f"the element at byte {start:,} is longer than its tag allows")
        else:
            first = start + 8
            after = first + -(-size // 8) * 8
        if first + size > stop:
            raise ValueError(f"the element at byte {start:,} is longer than what it is in")
        yield kind, first, first + size
        start = after
