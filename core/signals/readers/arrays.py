"""Recordings out of arrays: one way to open HDF5, NumPy, MATLAB and text files, whatever their arrays turn out to mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import TEXT, check_each, finite, list_of, one_of, whole
from core.errors import InputError
from core.signals.readers.array_source import ArraySource, Line
from core.signals.readers.clock import Clock, UnsteadyError, clock_of
from core.signals.readers.damage import damaged
from core.signals.readers.guessing import guess, seconds_in
from core.signals.readers.layouts import DOPPLER
from core.signals.readers.mapping import ArrayMapping, Contents, MappingNeeded, StoredArray
from core.signals.readers.naming import KINDS, distinct, guess_kinds
from core.signals.recording import Channel, Recording

LOADED_MOST = 1 << 29  # bytes of an array that can only be read whole
CHANNELS_MOST = 4096  # beyond that, an axis is not one of channels
TIMES_AT_ONCE = 1 << 16
UNIT_SPELLINGS = {"uV": "µV", "μV": "µV", "microvolt": "µV", "microvolts": "µV", "volt": "V", "volts": "V", "": "1"}
RULES = {
    "array": TEXT,
    "axis": whole(0),
    "fs": finite(above=0),
    "fs_from": TEXT,
    "time_column": TEXT,
    "item": whole(0),
    "unit": TEXT,
    "scale": finite(),
    "names": list_of("names", TEXT),
    "kind": one_of(KINDS),
    "layout": one_of(DOPPLER),
}


def open_mapped(
    contents_of: Callable[[Path, bool], Contents],
    format: str,
    path: Path,
    *,
    array: str | None = None,
    axis: int | None = None,
    fs: float | None = None,
    fs_from: str | None = None,
    time_column: str | None = None,
    item: int | None = None,
    unit: str | None = None,
    scale: float | None = None,
    names: list[str] | str | None = None,
    kind: str | None = None,
    layout: str | None = None,
    allow_truncated: bool = False,
) -> Recording:
    """Open a file of arrays; the options are those of `ArrayMapping`, and are needed where the file does not tell.

    `names` may also be one text with commas. A rate that is given is believed: then times in the file count for nothing.

    Raises
    ------
    MappingNeeded
        If what is essential is neither in the file nor given.
    InputError
        If the file holds nothing that could be a signal, or an option does not fit it.
    """
    options: dict[str, Any] = {
        "array": array,
        "axis": axis,
        "fs": fs,
        "fs_from": fs_from,
        "time_column": time_column,
        "item": item,
    }
    options |= {"unit": unit, "scale": scale, "names": names, "kind": kind, "layout": layout}
    given = {name: value for name, value in options.items() if value is not None}
    contents = contents_of(path, allow_truncated)
    mapping = _mapping(path, contents, given)
    stored = contents.named(mapping.array)
    assert stored is not None
    clock, first_row = _clock(path, contents, stored, mapping)
    lines, channels = _channels(path, stored, mapping, clock)
    return Recording(
        path=path,
        format=format,
        channels=channels,
        source=ArraySource(stored, lines, clock, first_row, mapping.scale),
        start_time=contents.start_time,
        simulated="simulated" in contents.note.lower(),
        options=given | ({"allow_truncated": True} if allow_truncated else {}),
        note="; ".join(filter(None, [contents.note, _which(mapping)])),
        gaps=clock.gaps,
    )


def guess_in(path: Path, contents: Contents) -> tuple[tuple[StoredArray, ...], ArrayMapping | None]:
    """Return the arrays that may be the signal, and what the likeliest means.

    Raises
    ------
    InputError
        If there is none.
    """
    if not contents.arrays:
        if contents.refused:
            held = f"only what is never read ({', '.join(contents.refused[:5])})"
        elif contents.scalars:
            held = f"only single numbers ({', '.join([*contents.scalars][:5])}), no signal"
        else:
            held = "no arrays of numbers"
        raise InputError(
            f"it holds {held}", subject=path, remedy="Save the signal as a plain array of numbers, then open that file"
        )
    return contents.arrays, guess(contents, {})


def _mapping(path: Path, contents: Contents, given: Mapping[str, Any]) -> ArrayMapping:
    """Return what is given and guessed, when it is enough and fits the file."""
    said = dict(given)
    if isinstance(said.get("names"), str):
        said["names"] = [name.strip() for name in said["names"].split(",")]
    if isinstance(said.get("array"), int):  # an array called 1, written on a command line
        said["array"] = str(said["array"])
    check_each(RULES, said, subject=path)
    candidates, _ = guess_in(path, contents)
    held = {"array": [a.name for a in candidates], "time_column": [a.name for a in candidates]}
    held["fs_from"] = list(contents.scalars)
    for option, names in held.items():
        if option in said and said[option] not in names:
            raise InputError(
                f"it holds no {said[option]!r}",
                subject=path,
                remedy=f"{option} may be: {', '.join(names) or 'nothing here'}",
            )
    chosen = contents.named(said["array"]) if "array" in said else None
    if "axis" in said and said["axis"] >= min(len(a.shape) for a in ([chosen] if chosen else candidates)):
        raise InputError(f"its array has no axis {said['axis']}", subject=path, remedy="The first axis is 0")
    found = guess(contents, said)
    missing = ("array",) if found is None else found.missing()
    if found is None or missing:
        raise MappingNeeded(path, candidates, found, missing)
    if not (found.fs or found.time_column) or (found.fs is not None and not 0 < found.fs < np.inf):
        raise InputError(
            f"it states a sampling rate of {found.fs}", subject=path, remedy="Give the rate: --reader fs=250"
        )
    return found


def _clock(path: Path, contents: Contents, stored: StoredArray, mapping: ArrayMapping) -> tuple[Clock, int]:
    """Return when the samples were taken, and the row that the recording starts with."""
    assert mapping.axis is not None
    first, last = 0, stored.shape[mapping.axis]
    if mapping.item is not None and mapping.item >= (mapping.items or 0):
        choices = f"Choose one of 0 to {mapping.items - 1}" if mapping.items else "It is one recording: leave item out"
        raise InputError(f"there is no item {mapping.item}", subject=path, remedy=choices)
    offsets = contents.named(mapping.offsets or "")
    if offsets is not None and mapping.item is not None:
        first, last = (int(n) for n in offsets.cut((slice(mapping.item, mapping.item + 2),)))
        if not 0 <= first <= last <= stored.shape[mapping.axis]:
            raise damaged(path, f"{offsets.name} of item {mapping.item} lie outside {stored.name}")
    times = contents.named(mapping.time_column or "")
    if times is None:
        assert mapping.fs is not None
        return Clock(float(mapping.fs), last - first), first
    if last - first < 2:
        raise InputError(
            f"{times.name} states the time of a single sample, which gives no sampling rate",
            subject=path,
            remedy="Choose a file with more rows, or give the rate: --reader fs=250",
        )
    to_seconds = seconds_in(times.name, times.units[0] if times.units else "")
    where = tuple(0 if n == 1 else None for n in times.shape)

    def block(start: int) -> npt.NDArray[Any]:
        part = slice(start, min(start + TIMES_AT_ONCE, last))
        values = times.cut(tuple(part if place is None else place for place in where))
        if (
            values.dtype.kind != "f"
        ):  # such as nanoseconds since 1970: the difference is exact, the number as a float is not
            values = (values - values.dtype.type(zero)).astype(np.float64)
        return values * values.dtype.type(to_seconds)

    zero = times.cut(tuple(first if place is None else place for place in where))
    try:
        return clock_of(block(start) for start in range(first, last, TIMES_AT_ONCE)), first
    except UnsteadyError as error:
        raise InputError(
            f"the times in {times.name} keep no constant rate: {error}",
            subject=path,
            kept="The file was not changed",
            remedy="Resample it, or give the rate to take its rows as evenly spaced: --reader fs=250",
        ) from error


def _channels(
    path: Path, stored: StoredArray, mapping: ArrayMapping, clock: Clock
) -> tuple[tuple[Line, ...], tuple[Channel, ...]]:
    """Return every channel and where it lies."""
    assert mapping.axis is not None
    lengths = [1 if axis == mapping.axis else n for axis, n in enumerate(stored.shape)]
    fixed = {mapping.item_axis: mapping.item} if mapping.item_axis is not None and mapping.item is not None else {}
    for axis in fixed:
        lengths[axis] = 1
    n = int(np.prod(lengths))
    if n > CHANNELS_MOST:
        raise InputError(
            f"{stored.name} would be {n:,} channels of {clock.n_samples:,} samples",
            subject=path,
            remedy="If its rows are recordings, choose one (item=0); if time runs along another axis, say so (axis=0)",
        )
    places = [tuple(fixed.get(axis, i) for axis, i in enumerate(place)) for place in np.ndindex(*lengths)]
    parts = ("real", "imag") if np.dtype(stored.dtype).kind == "c" else ("real",)
    lines = tuple(
        Line(tuple(map(int, p[: mapping.axis])), tuple(map(int, p[mapping.axis + 1 :])), part)
        for p in places
        for part in parts
    )
    named = _named(path, mapping, len(lines), n)
    units = stored.units if not mapping.unit and len(stored.units) == len(lines) else [mapping.unit] * len(lines)
    units = [UNIT_SPELLINGS.get(unit.strip(), unit.strip()) for unit in units]
    unique = distinct(name for name, _ in named)
    guessed = guess_kinds(unique, units)
    return lines, tuple(
        Channel(name, clock.fs, unit, clock.n_samples, mapping.kind or known or guess)
        for name, (_, known), unit, guess in zip(unique, named, units, guessed, strict=True)
    )


def _named(path: Path, mapping: ArrayMapping, n_lines: int, n_places: int) -> list[tuple[str, str]]:
    """Return name and kind of every channel; the kind is empty where only the name can tell it."""
    names = mapping.names
    if len(names) not in (0, n_places, n_lines):
        raise InputError(
            f"{len(names)} names for {n_lines} channels", subject=path, remedy=f"Give {n_lines} names, or none"
        )
    layout = mapping.layout or ("iq" if n_lines == 2 * n_places else None)
    if layout is not None and not DOPPLER[layout].fits(n_lines):
        raise InputError(
            f"the file has {n_lines} channels, which do not fit the layout {layout}",
            subject=path,
            remedy=f"Choose one of {', '.join(DOPPLER)}, or none",
        )
    if layout is None:
        return [(name or f"channel {i + 1}", "") for i, name in enumerate(names or [""] * n_lines)]
    meant = DOPPLER[layout].of(n_lines)
    if len(names) == n_lines:
        return [(name, kind) for name, (_, kind) in zip(names, meant, strict=True)]
    of_gates = [name for name in names for _ in range(n_lines // n_places)]
    return [
        (f"{gate} {name}".strip(), kind) for gate, (name, kind) in zip(of_gates or [""] * n_lines, meant, strict=True)
    ]


def _which(mapping: ArrayMapping) -> str:
    return f"item {mapping.item} of {mapping.items}" if mapping.item is not None and mapping.items else ""


def too_large(path: Path, name: str, n_bytes: int, remedy: str) -> InputError:
    """Return the error for an array that can only be read whole and is too large for that."""
    return InputError(
        f"{name} takes {n_bytes / 1e9:.1f} GB and can only be read whole (at most {LOADED_MOST / 1e9:.1f} GB)",
        subject=path,
        kept="The file was not changed",
        remedy=remedy,
    )
