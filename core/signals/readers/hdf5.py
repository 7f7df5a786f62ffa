"""HDF5: datasets of any name and shape, sliced in the file.

The file is opened for each read: nothing stays locked, and threads need not share a handle. Links to other files,
virtual and external datasets are left alone, since they would read what nobody chose.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from core.signals.readers.arrays import LOADED_MOST, open_mapped, too_large
from core.signals.readers.layouts import DOPPLER
from core.signals.readers.mapping import Contents, Index, StoredArray
from core.signals.recording import Recording

FORMAT = "hdf5"
TITLE = "HDF5"
EXTENSIONS: tuple[str, ...] = (".h5", ".hdf5", ".hdf", ".he5")
LISTED = EXTENSIONS
LAYOUTS = DOPPLER
MAGIC = b"\x89HDF\r\n\x1a\n"
SMALL = 4096  # values of an attribute or a list of names
OBJECT, HEAP_MOST = 16, 1 << 26  # bytes: the header of an object in a heap of texts, the largest heap that is read
HEAP, SEARCHED = b"GCOL\1\0\0\0", 1 << 26  # how a global heap begins; bytes at both ends of a file that are searched
LONGEST = 1 << 16  # bytes of each: more is damage, for which libraries would make room


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is HDF5."""
    return head.startswith(MAGIC)


def contents(path: Path, allow_truncated: bool = False) -> Contents:
    """Return what a file holds, without reading its arrays; HDF5 gives nothing of a file that ends early."""
    return Found(path).all()


class Found:
    """What is found in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.arrays: list[StoredArray] = []
        self.scalars: dict[str, float] = {}
        self.texts: dict[str, tuple[str, ...]] = {}
        self.refused: list[str] = []

    def all(self) -> Contents:
        """Look at every group and dataset that is in the file itself, wherever links lead."""
        import h5py

        with h5py.File(self.path, "r") as file:
            self.attributes("", file)
            file.visititems(self.look)
        return Contents(tuple(self.arrays), self.scalars, self.texts, refused=tuple(self.refused))

    def look(self, name: str, node: Any) -> None:
        """Take up one group or dataset."""
        import h5py

        self.attributes(name, node)
        if not isinstance(node, h5py.Dataset) or node.shape is None:
            return
        chunk = int(np.prod(node.chunks, dtype=object)) * node.dtype.itemsize if node.chunks else 0
        if chunk > LOADED_MOST:
            raise too_large(self.path, f"a chunk of {name}", chunk, "Save it with smaller chunks")
        if node.is_virtual or node.external:
            self.refused.append(name)
        else:
            self.dataset(name, node)

    def dataset(self, name: str, node: Any) -> None:
        """Take up one dataset: an array of numbers, a single number, or texts."""
        import h5py

        text = h5py.check_string_dtype(node.dtype) is not None
        if not (text or node.dtype.kind in "iufc"):
            self.refused.append(name)
        elif text or node.size == 1:
            if 0 < node.size <= SMALL and node.dtype.itemsize <= LONGEST and self.texts_are_there(node):
                self.small(name, node[()])
        elif node.size > 1:
            units = self.texts.get(f"{name}@units", self.texts.get(f"{name}@unit", ()))
            read = partial(cut, self.path, name)
            chunks, cost = packed(node)
            self.arrays.append(StoredArray(name, node.shape, str(node.dtype), read, (), units, chunks, cost))

    def texts_are_there(self, node: Any) -> bool:
        """Return whether texts of any length lie where the file says: libraries make room for whatever their heap states.

        Each is a length, the address of a global heap collection and a number in it (HDF5 File Format 3.0, III.E).
        """
        offset = node.id.get_offset()
        if node.dtype.kind != "O" or offset is None:
            return True
        size = self.path.stat().st_size
        with self.path.open("rb") as stream:
            stream.seek(offset)
            entries = np.frombuffer(stream.read(16 * node.size), [("n", "<u4"), ("at", "<u8"), ("index", "<u4")])
            return all(heap_is_whole(stream, at, size) for at in set(entries["at"].tolist()) - {0})

    @cached_property
    def heaps_are_whole(self) -> bool:
        """Whether the heaps of texts of any length are built as the format says.

        Which heap holds those of an attribute, the library does not tell: all that begin or end the file are gone through.
        """
        with self.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            size, places = len(mapped), []
            for first, last in ((0, min(size, SEARCHED)), (max(SEARCHED, size - SEARCHED), size)):
                place = mapped.find(HEAP, first, last)
                while place >= 0:
                    places.append(place)
                    place = mapped.find(HEAP, place + 1, last)
            return all(heap_is_whole(stream, place, size) for place in places)

    def attributes(self, name: str, node: Any) -> None:
        """Take up the attributes of a group or dataset."""
        for key in node.attrs:
            found = node.attrs.get_id(key)
            few = found.shape is not None and np.prod(found.shape, dtype=object) <= SMALL
            if few and found.dtype.itemsize <= LONGEST and (found.dtype.kind != "O" or self.heaps_are_whole):
                self.small(f"{name}@{key}", node.attrs[key])

    def small(self, name: str, value: Any) -> None:
        """Take up a number or texts."""
        values = np.asarray(value).reshape(-1)
        if values.dtype.kind in "iuf" and values.size == 1:
            self.scalars[name] = float(values[0])
        elif values.dtype.kind in "SUOT" and len(values) and all(isinstance(v, bytes | str) for v in values):
            self.texts[name] = tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values)


def heap_is_whole(stream: IO[bytes], at: int, file_bytes: int) -> bool:
    """Return whether a global heap collection is built as the format says; on free space of no size the library never ends.

    Each object is a header of 16 bytes and its data, padded to 8 bytes; number 0 is free space, its size with the header's.
    """
    stream.seek(min(at, file_bytes))
    head = stream.read(OBJECT)
    size = int.from_bytes(head[8:16], "little")
    if not (head.startswith(HEAP) and OBJECT <= size <= min(file_bytes - at, HEAP_MOST)):
        return False
    heap, place = head + stream.read(size - OBJECT), OBJECT
    while place + OBJECT <= size:
        number, length = struct.unpack_from("<H6xQ", heap, place)
        taken = OBJECT + -(-length // 8) * 8 if number else length
        if taken < OBJECT or place + taken > size:
            return False
        place += taken
    return True


def packed(node: Any) -> tuple[tuple[int, ...], float]:
    """Return the chunks of a dataset that are decoded whole, and what a value in them costs."""
    return (node.chunks, 6.0) if node.compression else ((), 1.0)


def cut(path: Path, name: str, index: Index) -> npt.NDArray[Any]:
    """Return what an index into a dataset asks for."""
    import h5py

    with h5py.File(path, "r") as file:
        return np.asarray(file[name][index])


open_file: Callable[..., Recording] = partial(open_mapped, contents, FORMAT)


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]
