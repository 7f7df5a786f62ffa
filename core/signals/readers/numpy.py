"""NumPy arrays: ``.npy``, and ``.npz`` with any number of named arrays. Pickled objects are never loaded.

``.npy`` and what is stored uncompressed in ``.npz`` is memory-mapped; a compressed array is unpacked once, whole. Of a
``.npy`` that ends early, what is whole can be read where time is the axis that runs slowest, which is how rows are written.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from core.signals.readers.array_source import Whole
from core.signals.readers.arrays import LOADED_MOST, open_mapped, too_large
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.layouts import DOPPLER
from core.signals.readers.mapping import Contents, Index, StoredArray
from core.signals.recording import Recording

FORMAT = "numpy"
TITLE = "NumPy arrays"
EXTENSIONS: tuple[str, ...] = (".npy", ".npz")
LISTED = EXTENSIONS
LAYOUTS = DOPPLER
MAGIC = b"\x93NUMPY"
ZIP = b"PK\x03\x04"
LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip member: lengths of its name and of what follows it
SMALL = 4096  # values of a list of names

Header = tuple[tuple[int, ...], bool, "np.dtype[Any]", int]


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is ``.npy``, or a zip archive that begins with one."""
    if head.startswith(ZIP) and len(head) > LOCAL_HEADER.size:
        n_name, _ = LOCAL_HEADER.unpack_from(head)
        return head[LOCAL_HEADER.size :][:n_name].endswith(b".npy")
    return head.startswith(MAGIC)


def contents(path: Path, allow_truncated: bool = False) -> Contents:
    """Return what a file holds, without reading its arrays."""
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return _archive(path)
        stream.seek(0)
        shape, fortran, dtype, at = _header(stream)
    if dtype.hasobject or dtype.kind not in "iufc":
        return Contents((), refused=("the array",))
    present, stated = path.stat().st_size - at, int(np.prod(shape, dtype=object)) * dtype.itemsize
    time = int(np.argmax(shape)) if shape else 0
    if present < stated:
        row = stated // shape[time]
        if not allow_truncated or time != (len(shape) - 1 if fortran else 0) or present < row:
            raise ends_early(path, present, stated, "bytes of samples")
        shape = (*shape[:time], present // row, *shape[time + 1 :])
    cut = partial(_mapped, path, at, shape, fortran, dtype)
    array = StoredArray("array", shape, str(dtype), cut)
    return Contents((array,) if shape else (), fixed_axis=time if present < stated else None)


def _header(stream: IO[bytes]) -> Header:
    """Return shape, whether the first axis runs fastest, type, and where the values begin."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if any(n < 0 for n in shape):
        raise ValueError(f"it states a shape of {shape}")
    return shape, fortran, dtype, stream.tell()


def _mapped(path: Path, at: int, shape: tuple[int, ...], fortran: bool, dtype: Any, index: Index) -> npt.NDArray[Any]:
    return np.array(np.memmap(path, dtype, "r", at, shape, "F" if fortran else "C")[index])


def _archive(path: Path) -> Contents:
    arrays: list[StoredArray] = []
    scalars: dict[str, float] = {}
    texts: dict[str, tuple[str, ...]] = {}
    refused: list[str] = []
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name == member.filename:
                continue
            with archive.open(member) as stream:
                shape, fortran, dtype, at = _header(stream)
                size = int(np.prod(shape, dtype=object))
                if member.file_size - at < size * dtype.itemsize:
                    raise damaged(path, f"its array {name} is not whole")
                if dtype.hasobject or dtype.kind not in "iufcSU":
                    refused.append(name)
                elif size > 1 and dtype.kind in "iufc":
                    cut = _stored(path, member, at, shape, fortran, dtype)
                    arrays.append(StoredArray(name, shape, str(dtype), cut))
                elif 0 < size <= SMALL and size * dtype.itemsize <= LOADED_MOST:
                    values = np.frombuffer(stream.read(size * dtype.itemsize), dtype)
                    if dtype.kind in "SU":
                        texts[name] = tuple(
                            v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values
                        )
                    elif dtype.kind in "iuf":
                        scalars[name] = float(values[0])
    return Contents(tuple(arrays), scalars, texts, refused=tuple(refused))


def _stored(path: Path, member: zipfile.ZipInfo, at: int, shape: tuple[int, ...], fortran: bool, dtype: Any) -> Any:
    """Return the way to an array in an archive: by its place if it is stored as it is, else unpacked."""
    if member.compress_type == zipfile.ZIP_STORED:
        with path.open("rb") as stream:
            stream.seek(member.header_offset)
            local = stream.read(LOCAL_HEADER.size)
        return partial(
            _mapped,
            path,
            member.header_offset + len(local) + sum(LOCAL_HEADER.unpack(local)) + at,
            shape,
            fortran,
            dtype,
        )
    return Whole(partial(_unpacked, path, member.filename, dtype))


def _unpacked(path: Path, name: str, dtype: Any) -> npt.NDArray[Any]:
    with zipfile.ZipFile(path) as archive:
        n_bytes = archive.getinfo(name).file_size
        if n_bytes > LOADED_MOST:
            raise too_large(
                path, name, n_bytes, "Save it uncompressed (numpy.savez) or as .npy; then it is read in parts"
            )
        with archive.open(name) as stream:
            values: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
            return values


open_file: Callable[..., Recording] = partial(open_mapped, contents, FORMAT)


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]
