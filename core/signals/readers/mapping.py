"""What the arrays of a file mean whose format does not say it: guessed from names and shapes, else asked for once.

HDF5, NumPy, MATLAB and text files hold numbers. Which array is the signal, along which axis time runs and how fast, are
matters of habit: the habits stand in the tables here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError

Index = tuple[int | slice, ...]

RATES = frozenset(
    [
        "fs",
        "sf",
        "srate",
        "sfreq",
        "fsample",
        "fsamp",
        "samplingrate",
        "samplerate",
        "samprate",
        "samplingfrequency",
        "samplefrequency",
        "samplingfreq",
        "samplefreq",
        "rate",
        "hz",
        "fshz",
        "prf",
    ]
)
CHANNEL_NAMES = frozenset(
    [
        "chan",
        "chans",
        "channel",
        "channels",
        "chname",
        "chnames",
        "channame",
        "channames",
        "channelname",
        "channelnames",
        "chanlabels",
        "channellabels",
        "label",
        "labels",
        "lead",
        "leads",
        "leadname",
        "leadnames",
        "signame",
        "signames",
        "sensors",
        "electrodes",
        "columns",
    ]
)
TIMES = re.compile(r"(elapsed|sample|rel)?(time|times|timestamp|timestamps|t|seconds)(s|sec|seconds|ms|msec|us)?")
OFFSETS = frozenset(["offset", "offsets", "starts", "bounds", "boundaries"])
UNITS = frozenset(["unit", "units", "physicalunit", "physicalunits"])
UNITS_PER = {"unitspermv": "mV", "unitsperuv": "µV", "unitsperv": "V"}
TIME_UNITS = {"ms": 1e-3, "msec": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0}
SHORTEST_TIME = 100  # samples; an axis below that is not taken for time where labels lie along the other


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
    """

    cut: Callable[[Index], npt.NDArray[Any]]
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


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
    """

    arrays: tuple[StoredArray, ...]
    scalars: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed_axis: int | None = None
    asks_axis: bool = False
    refused: tuple[str, ...] = ()
    note: str = ""

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


def guess(contents: Contents, given: Mapping[str, Any]) -> ArrayMapping | None:
    """Return what an array most likely means, as far as `given` does not say it; None if it is not clear which array.

    Parameters
    ----------
    contents : Contents
    given : mapping
        Options; names not in the file are an error of the caller.
    """
    stored = contents.named(given["array"]) if "array" in given else _signal(contents)
    if stored is None:
        return None
    names = stored.names or _names(contents, stored)
    times = None if "fs" in given or "fs_from" in given else _times(contents, stored, given.get("time_column"))
    axis, item_axis = _axes(contents, stored, len(names), times, given)
    items, offsets = (stored.shape[item_axis], None) if item_axis is not None else _cut_by(contents, stored, axis)
    rates = [given["fs_from"]] if "fs_from" in given else [name for name in contents.scalars if is_named(name, RATES)]
    fs_from = None if "fs" in given or times else nearest(rates, contents.scalars, stored.name)
    unit, scale = _unit(contents, stored)
    known = {
        "array": stored.name,
        "axis": axis,
        "fs": given.get("fs", contents.scalars[fs_from] if fs_from else None),
        "fs_from": fs_from,
        "time_column": times.name if times else None,
        "item_axis": item_axis,
        "items": items,
        "offsets": offsets,
        "unit": unit,
        "scale": 1.0 if "unit" in given else scale,
        "names": names,
    }
    return ArrayMapping(**{**known, **given, "time_column": known["time_column"]})


def is_named(name: str, known: frozenset[str]) -> bool:
    """Return whether the last part of a name in a file is one of `known`, however it is spelt."""
    return plain(name) in known


def plain(name: str) -> str:
    """Return the last part of a name, in lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[/.@]", name)[-1].lower())


def nearest(names: list[str], values: Mapping[str, Any], array: str) -> str | None:
    """Return the name that lies closest to an array in the file's tree; None if several as close differ in value."""
    target = re.split(r"[/.@]", array)

    def shared(name: str) -> int:
        parts = re.split(r"[/.@]", name)
        return next(
            (n for n, (a, b) in enumerate(zip(parts, target, strict=False)) if a != b), min(len(parts), len(target))
        )

    best = [name for name in names if shared(name) == max(map(shared, names))]
    return best[0] if best and len({values[name] for name in best}) == 1 else None


def seconds_in(name: str, unit: str) -> float:
    """Return how many seconds a unit of time is that a column states in its unit or in its name."""
    ending = TIMES.fullmatch(plain(name))
    return TIME_UNITS.get(unit.lower() or (ending[3] or "" if ending else ""), 1.0)


def is_time(name: str) -> bool:
    """Return whether a column or an array is called as times are."""
    return TIMES.fullmatch(plain(name)) is not None


def _signal(contents: Contents) -> StoredArray | None:
    """Return the largest array, if it is the only one of its size."""
    found = [a for a in contents.arrays if not is_time(a.name)] or list(contents.arrays)
    most = max((int(np.prod(a.shape)) for a in found), default=0)
    largest = [a for a in found if np.prod(a.shape) == most]
    return largest[0] if len(largest) == 1 else None


def _names(contents: Contents, stored: StoredArray) -> tuple[str, ...]:
    fitting = [
        name for name, texts in contents.texts.items() if is_named(name, CHANNEL_NAMES) and len(texts) in stored.shape
    ]
    name = nearest(fitting, contents.texts, stored.name)
    return contents.texts[name] if name and len(set(contents.texts[name])) == len(contents.texts[name]) else ()


def _times(contents: Contents, stored: StoredArray, name: str | None) -> StoredArray | None:
    """Return the array of times that fits an axis of the signal."""
    of_one_axis = [a for a in contents.arrays if a is not stored and max(a.shape) == np.prod(a.shape)]
    fitting = {a.name: a for a in of_one_axis if max(a.shape) in stored.shape and (a.name == name or not name)}
    if name is None:
        fitting = {called: a for called, a in fitting.items() if is_time(called)}
    found = nearest(list(fitting), dict.fromkeys(fitting, 0), stored.name)
    return fitting[found] if found else None


def _axes(
    contents: Contents, stored: StoredArray, n_names: int, times: StoredArray | None, given: Mapping[str, Any]
) -> tuple[int | None, int | None]:
    """Return the axes of time and of items: labels lie along items, names along channels, and time is what is longest."""
    if contents.asks_axis and "axis" not in given:
        return None, None
    free = list(range(len(stored.shape)))
    axis = given.get("axis", contents.fixed_axis)
    if axis is None and times is not None:
        axis = stored.shape.index(max(times.shape))
    if axis is not None:
        free.remove(axis)
    named = next((a for a in free if n_names > 1 and stored.shape[a] == n_names), None)
    if named is not None:
        free.remove(named)
    if axis is not None:
        stacked = len(stored.shape) > 2 or "item" in given
        return axis, next(iter(free), named) if stacked and (free or named is not None) else None
    lengths = {a.shape[0] for a in contents.arrays if len(a.shape) == 1} | {len(t) for t in contents.texts.values()}
    labelled = [a for a in free if stored.shape[a] in lengths and _left(stored, free, a) >= SHORTEST_TIME]
    items = labelled[0] if labelled else None
    if items is not None:
        free.remove(items)
    longest = [a for a in free if stored.shape[a] == max(stored.shape[b] for b in free)]
    axis = longest[0] if len(longest) == 1 else None
    others = [a for a in range(len(stored.shape)) if a not in (axis, named)]
    if items is None and others and (len(stored.shape) > 2 or "item" in given):
        items = others[0]
    return axis, items


def _left(stored: StoredArray, free: list[int], without: int) -> int:
    return max((stored.shape[a] for a in free if a != without), default=0)


def _cut_by(contents: Contents, stored: StoredArray, axis: int | None) -> tuple[int | None, str | None]:
    """Return the number of recordings that lie one after the other, and the array of their offsets."""
    for array in contents.arrays:
        if axis is None or len(array.shape) != 1 or array.shape[0] < 2 or not is_named(array.name, OFFSETS):
            continue
        first, last = array.cut((slice(0, 1),)), array.cut((slice(array.shape[0] - 1, array.shape[0]),))
        if (first[0], last[0]) == (0, stored.shape[axis]):
            return array.shape[0] - 1, array.name
    return None, None


def _unit(contents: Contents, stored: StoredArray) -> tuple[str, float]:
    common = {name: texts[0] for name, texts in contents.texts.items() if is_named(name, UNITS) and len({*texts}) == 1}
    name = nearest(list(common), common, stored.name)
    if name is not None:
        return common[name], 1.0
    per = nearest([n for n in contents.scalars if plain(n) in UNITS_PER], contents.scalars, stored.name)
    if per is not None and contents.scalars[per] > 0:
        return UNITS_PER[plain(per)], 1 / contents.scalars[per]
    return "", 1.0
