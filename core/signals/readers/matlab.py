"""MATLAB files: versions 4 to 7.2 by scipy, 7.3 as the HDF5 that it is.

Variables of the old versions can only be read whole: a large one is refused, with the way to save it so that it need not
be. Cells, objects and functions are passed over; nothing in a file is executed. Axes are those that MATLAB shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.readers.array_source import Whole
from core.signals.readers.arrays import LOADED_MOST, open_mapped, too_large
from core.signals.readers.hdf5 import Found, cut, packed
from core.signals.readers.layouts import DOPPLER
from core.signals.readers.mapping import Contents, Index, StoredArray
from core.signals.readers.mat5 import Element, check_element, find_elements
from core.signals.recording import Recording

FORMAT = "matlab"
TITLE = "MATLAB"
EXTENSIONS: tuple[str, ...] = (".mat",)
LISTED = EXTENSIONS
LAYOUTS = DOPPLER
MAGIC = b"MATLAB 5.0 MAT-file"
MAGIC_HDF5 = b"MATLAB 7.3 MAT-file"
ITEM_BYTES = {"double": 8, "single": 4} | {f"{u}int{bits}": bits // 8 for u in ("", "u") for bits in (8, 16, 32, 64)}
SMALL = 1 << 14  # bytes; above that, a variable is left in the file until its samples are read
SMALL_CELLS = 4096
DEEPEST = 4  # structs in structs
REMEDY = "Save it in MATLAB with -v7.3; then it is read in parts"


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is MATLAB's."""
    return head.startswith((MAGIC, MAGIC_HDF5))


def contents(path: Path, allow_truncated: bool = False) -> Contents:
    """Return the variables of a file and the fields of its structs; a file that ends early gives nothing."""
    with path.open("rb") as stream:
        head = stream.read(len(MAGIC_HDF5))
    if head == MAGIC_HDF5:
        return MatlabFound(path).all()
    import scipy.io

    found = _Found([], {}, {}, [])
    inside = []
    for (name, shape, kind), element in zip_longest(scipy.io.whosmat(path), find_elements(path)):
        two_parts = element is not None and element.is_complex
        n_bytes = int(np.prod(shape, dtype=object)) * ITEM_BYTES.get(kind, 1) * (1 + two_parts)
        if kind in ITEM_BYTES and n_bytes > SMALL:
            load = partial(_variable, path, name, n_bytes, element)
            found.arrays.append(StoredArray(name, shape, "complex128" if two_parts else kind, Whole(load)))
        elif kind in ITEM_BYTES or kind in ("char", "cell", "struct"):
            inside.append(name)
            if element is not None:
                check_element(path, element, LOADED_MOST)
        else:
            found.refused.append(name)
    if inside and path.stat().st_size > LOADED_MOST:
        raise too_large(path, "the file", path.stat().st_size, REMEDY)
    values = scipy.io.loadmat(path, variable_names=inside) if inside else {}
    for name in inside:
        found.take(name, values[name])
    return Contents(tuple(found.arrays), found.scalars, found.texts, refused=tuple(found.refused))


@dataclass(frozen=True)
class _Found:
    """What is found in variables that were read."""

    arrays: list[StoredArray]
    scalars: dict[str, float]
    texts: dict[str, tuple[str, ...]]
    refused: list[str]

    def take(self, name: str, value: Any, depth: int = 0) -> None:
        """Take up a variable, or the fields of a struct."""
        if type(value) is not np.ndarray or depth > DEEPEST:  # functions and opaque objects are subclasses
            self.refused.append(name)
        elif value.dtype.names and value.size == 1:
            for part in value.dtype.names:
                self.take(f"{name}.{part}", value.reshape(-1)[0][part], depth + 1)
        elif value.dtype.names:
            for part in value.dtype.names:
                self._texts(f"{name}.{part}", [row[part] for row in value.reshape(-1)])
        elif value.dtype.kind == "O":
            self._texts(name, value.reshape(-1).tolist())
        elif value.dtype.kind in "US":
            self.texts[name] = tuple(str(text).strip() for text in value.reshape(-1))
        elif value.dtype.kind in "iuf" and value.size == 1:
            self.scalars[name] = float(value.flat[0])
        elif value.dtype.kind in "iufc" and value.size > 1:
            self.arrays.append(StoredArray(name, value.shape, str(value.dtype), value.__getitem__))

    def _texts(self, name: str, values: list[Any]) -> None:
        if values and all(isinstance(v, np.ndarray) and v.dtype.kind in "US" and v.size == 1 for v in values):
            self.texts[name] = tuple(str(v.flat[0]).strip() for v in values)
        else:
            self.refused.append(name)


def _variable(path: Path, name: str, n_bytes: int, element: Element | None) -> npt.NDArray[Any]:
    import scipy.io

    if n_bytes > LOADED_MOST:
        raise too_large(path, name, n_bytes, REMEDY)
    if element is not None:
        check_element(path, element, LOADED_MOST + SMALL)
    values: npt.NDArray[Any] = scipy.io.loadmat(path, variable_names=[name])[name]
    return values


class MatlabFound(Found):
    """What is found in a file of version 7.3: HDF5 with MATLAB's own habits, its axes the other way round."""

    def attributes(self, name: str, node: Any) -> None:
        """Pass over attributes: they only say how MATLAB stores things."""

    def dataset(self, name: str, node: Any) -> None:
        """Take up an array, a number, or texts, which are arrays of codes or cells of references to such."""
        if name.startswith("#") or "MATLAB_empty" in node.attrs:
            return
        kind = bytes(node.attrs.get("MATLAB_class", b"")).decode("ascii", "replace")
        if kind == "cell" and node.size <= SMALL_CELLS:
            texts = [_text(node.file[reference]) for reference in node[()].reshape(-1)]
            if texts and all(text is not None for text in texts):
                self.texts[name] = tuple(text for text in texts if text is not None)
        elif kind == "char":
            text = _text(node)
            if text is not None:
                self.texts[name] = (text,)
        elif node.size == 1 and node.dtype.kind in "iuf":
            self.small(name, node[()])
        elif node.size > 1 and (node.dtype.kind in "iuf" or node.dtype.names == ("real", "imag")):
            dtype = "complex128" if node.dtype.names else str(node.dtype)
            chunks, cost = packed(node)
            read = partial(_cut_reversed, self.path, name)
            self.arrays.append(StoredArray(name, node.shape[::-1], dtype, read, chunks=chunks[::-1], cost=cost))
        else:
            self.refused.append(name)


def _text(node: Any) -> str | None:
    if bytes(node.attrs.get("MATLAB_class", b"")) != b"char" or node.size > SMALL_CELLS or node.dtype.kind != "u":
        return None
    return "".join(map(chr, node[()].reshape(-1).tolist())).strip()


def _cut_reversed(path: Path, name: str, index: Index) -> npt.NDArray[Any]:
    values = cut(path, name, index[::-1]).T
    return values["real"] + 1j * values["imag"] if values.dtype.names else values


open_file: Callable[..., Recording] = partial(open_mapped, contents, FORMAT)


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]
