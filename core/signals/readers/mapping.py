"""What the arrays of a file mean whose format does not say it, and the question where nobody has said it yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy.typing as npt

from core.errors import InputError

Index = tuple[int | slice, ...]


@dataclass(frozen=True)
class Candidate:
    """An array that may be the signal: its name in the file, its shape and its type of number."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.name} {'×'.join(f'{n:,}' for n in self.shape)} {self.dtype}"


@dataclass(frozen=True)
class StoredArray(Candidate):
    """One of them with the way to its numbers; `cut` reads what an index asks for and keeps nothing else.

    Attributes
    ----------
    cut : callable
        ``cut(index) -> array`` for one int or slice per axis.
    names, units : tuple of str
        Of its channels, where the format ties them to the array.
    chunks : tuple of int
        Shape of the pieces that can only be decoded whole; empty where there are none.
    cost : float
        Of reading a value, against a stored one (`Recording.cost`).
    """

    cut: Callable[[Index], npt.NDArray[Any]]
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    chunks: tuple[int, ...] = ()
    cost: float = 1.0


@dataclass(frozen=True)
class Contents:
    """What a file of arrays holds.

    Attributes
    ----------
    arrays : tuple of StoredArray
        Of numbers.
    scalars : mapping of str to float
        Single numbers, attributes as ``array@name``.
    texts : mapping of str to tuple of str
        Texts and lists of texts.
    fixed_axis : int or None
        The axis of time where the format knows it.
    asks_axis : bool
        Whether the shape makes that doubtful, so that somebody must say it.
    refused : tuple of str
        Arrays that are never read, such as pickled objects.
    note : str
        What else the file says of itself.
    start_time : datetime or None
    """

    arrays: tuple[StoredArray, ...]
    scalars: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed_axis: int | None = None
    asks_axis: bool = False
    refused: tuple[str, ...] = ()
    note: str = ""
    start_time: datetime | None = None

    def named(self, name: str) -> StoredArray | None:
        """Return an array by its name."""
        return next((array for array in self.arrays if array.name == name), None)


@dataclass(frozen=True)
class ArrayMapping:
    """What one array means.

    Attributes
    ----------
    array : str
        Its name or path in the file.
    axis : int or None
        Along which time runs; None if that cannot be told.
    fs : float or None
        Hz; None if it is not known, or follows from `time_column`.
    fs_from : str or None
        The scalar in the file that holds it.
    time_column : str or None
        The column or the array of one axis that holds the time of every sample.
    item, item_axis, items : int or None
        Which of several recordings, along which axis they are stacked, and how many there are.
    offsets : str or None
        The array that says where each item starts, if they lie one after the other.
    unit, scale : str and float
        Values times `scale` are in `unit`; empty where the file states none.
    names : tuple of str
        Of the channels.
    kind : str or None
        Of all channels, as in `Channel`; None to guess it from their names.
    layout : str or None
        What the channels are together, such as ``iq``.
    """

    array: str
    axis: int | None = None
    fs: float | None = None
    fs_from: str | None = None
    time_column: str | None = None
    item: int | None = None
    item_axis: int | None = None
    items: int | None = None
    offsets: str | None = None
    unit: str = ""
    scale: float = 1.0
    names: tuple[str, ...] = ()
    kind: str | None = None
    layout: str | None = None

    def missing(self) -> tuple[str, ...]:
        """Return the options that somebody must give before the recording can be opened."""
        lacks = {
            "axis": self.axis is None,
            "item": self.items is not None and self.item is None,
            "fs": self.fs is None and self.time_column is None,
        }
        return tuple(name for name, lacking in lacks.items() if lacking)

    def options(self) -> dict[str, Any]:
        """Return it as options of `open_recording`, JSON-able; what follows from the file or is unknown is left out."""
        derived = {"item_axis", "items", "offsets"} | ({"fs"} if self.fs_from else set())
        said = {name: value for name, value in asdict(self).items() if name not in derived}
        said["names"] = list(self.names)
        return {
            name: value for name, value in said.items() if value not in (None, "", []) and (name, value) != ("scale", 1)
        }


class MappingNeeded(InputError):
    """A file does not say what its arrays mean; the answer is given as options.

    Attributes
    ----------
    candidates : tuple of Candidate
    guess : ArrayMapping or None
        As far as names and shapes tell; None if not even which array it is.
    missing : tuple of str
        Options that must be given: ``array axis item fs``.
    """

    def __init__(
        self, path: object, candidates: tuple[Candidate, ...], guess: ArrayMapping | None, missing: tuple[str, ...]
    ) -> None:
        lacks = {
            "array": "which of its arrays is the signal",
            "axis": "along which axis time runs",
            "item": f"which of its {guess.items if guess else None} recordings to open",
            "fs": "its sampling rate",
        }
        example = {"array": "array=NAME", "axis": "axis=0", "item": "item=0", "fs": "fs=250"}
        shown = "; ".join(str(candidate) for candidate in candidates[:12])
        super().__init__(
            f"the file does not say {' and '.join(lacks[name] for name in missing)}",
            subject=path,
            remedy=f"Give it: {' '.join(f'--reader {example[name]}' for name in missing)}. Its arrays: {shown}",
        )
        self.candidates, self.guess, self.missing = candidates, guess, missing
