"""What arrays most likely mean: which one is the signal, along which axis time runs, and how fast.

HDF5, NumPy, MATLAB and text files leave that to habit; the habits stand in the tables here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.signals.readers.mapping import ArrayMapping, Contents, StoredArray

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
TIMES = re.compile(r"(elapsed|sample|rel)?(time|times|timestamp|timestamps|t|seconds)(s|sec|seconds|ms|msec|us|ns)?")
OFFSETS = frozenset(["offset", "offsets", "starts", "bounds", "boundaries"])
UNITS = frozenset(["unit", "units", "physicalunit", "physicalunits"])
UNITS_PER = {"unitspermv": "mV", "unitsperuv": "µV", "unitsperv": "V"}
TIME_UNITS = {"ms": 1e-3, "msec": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0}
SHORTEST_TIME = 100  # samples; an axis below that is not taken for time where labels lie along the other


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
        longest = max(stored.shape)  # a time for every trial is none for every sample
        fitting = {called: a for called, a in fitting.items() if is_time(called) and max(a.shape) == longest}
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
