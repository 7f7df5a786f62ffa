"""What a features job will make, and what it would refuse: known from headers alone, before it is started."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import HitscopeError, InputError
from core.features import HeldOut, WindowSpec, build_representation, channels_of, default_window, hold_out
from core.pretraining.earlier import EarlierEncoder
from core.pretraining.registry import OBJECTIVES, ObjectiveEntry
from core.signals import Recording
from core.study import EventTable, RecordingEntry


@dataclass(frozen=True)
class Material:
    """The events that features are wanted of, as far as a plan has to know them: how many are of which recording.

    Attributes
    ----------
    counts : mapping of int to int
        Events by recording, that of the first event first.
    recordings : mapping of int to Recording
        Open, by id.
    names, subjects : mapping of int to str
        Of recordings; a subject is ``""`` where unknown.
    """

    counts: Mapping[int, int]
    recordings: Mapping[int, Recording]
    names: Mapping[int, str]
    subjects: Mapping[int, str]

    @classmethod
    def of(cls, events: EventTable, recordings: Mapping[int, Recording], entries: Iterable[RecordingEntry]) -> Material:
        """Return what is to be known of events; `recordings` are at least theirs, `entries` those of the study."""
        numbers, first, counts = np.unique(events.recording, return_index=True, return_counts=True)
        order = np.argsort(first)
        by_number = dict(zip(numbers[order].tolist(), counts[order].tolist(), strict=True))
        there = [entry for entry in entries if entry.id in by_number]
        names, subjects = {e.id: e.name for e in there}, {e.id: e.subject or "" for e in there}
        return cls(by_number, recordings, names, subjects)

    @property
    def n(self) -> int:
        """How many events there are."""
        return sum(self.counts.values())

    @property
    def units(self) -> dict[str | int, int]:
        """Events by who can be held out: subjects, and after them recordings of unknown subjects."""
        found: Counter[str | int] = Counter()
        for number, n in self.counts.items():
            found[self.subjects[number] or number] += n
        return {unit: found[unit] for unit in sorted(found, key=lambda unit: (isinstance(unit, int), unit))}

    def usual_window(self) -> WindowSpec:
        """Return the window that is taken where none is given."""
        return default_window(self.recordings[next(iter(self.counts))])

    def held_out(self, wanted: Mapping[str, Any] | None, seed: int) -> tuple[HeldOut, int]:
        """Return who is held out, as the job will draw it, and how many events that is."""
        numbers = np.array(list(self.counts), np.int64)
        subjects = np.array([self.subjects[number] for number in self.counts], dtype=object)
        held = hold_out(subjects, numbers, wanted, seed)
        return held, sum(self.counts[number] for number in numbers[held.test].tolist())


@dataclass
class Plan:
    """What would be made.

    Attributes
    ----------
    n, n_test : int
        Events, and how many of them are of test subjects.
    window : WindowSpec or None
    fs : float
        Of the windows, Hz.
    n_chans : int
    shape : tuple of int
        Of what is learnt from, one event: (n_chans, n_times) or (n_chans, n_freqs, n_frames).
    width : int or None
        Features per event; None where the events, or an earlier run, say.
    problems : dict of str to str
        Why it would fail: by option of the objective, or by parameter of the job (kinds, window, representation, held_out).
    notes : tuple of str
        What should be known.
    """

    n: int = 0
    n_test: int = 0
    window: WindowSpec | None = None
    fs: float = 0.0
    n_chans: int = 0
    shape: tuple[int, ...] = ()
    width: int | None = None
    problems: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @contextmanager
    def saying(self, name: str) -> Iterator[None]:
        """Take what goes wrong as the problem of a parameter."""
        try:
            yield
        except HitscopeError as error:
            self.problems.setdefault(name, str(error))


def plan_features(
    params: Mapping[str, Any], material: Material, seed: int = 0, earlier: EarlierEncoder | None = None
) -> Plan:
    """Return what a features job would make of events, and why it would not.

    Parameters
    ----------
    params : mapping
        Of the job, as `FeaturesSpec`.
    material : Material
        The events that `params` mean.
    seed : int
        Of the job: it draws test subjects where nothing else does.
    earlier : EarlierEncoder, optional
        What the option ``run`` names.
    """
    entry = OBJECTIVES[params["objective"]]
    options = entry.filled(params.get("preset")) | {k: v for k, v in params.items() if k in entry.options}
    plan = Plan(n=material.n, problems=entry.problems(options))
    if not plan.n:
        plan.problems["kinds"] = str(
            InputError("there is no such event", remedy="Find events first, or choose another kind")
        )
        return plan
    with plan.saying("window"):
        plan.window = earlier.window if earlier else _window(params.get("window"), material)
        plan.fs, plan.n_chans = _rate_and_channels(plan.window, material)
        _refuse_short(plan.window, plan.fs, material)
    with plan.saying("held_out"):
        held, plan.n_test = material.held_out(params.get("held_out"), seed)
        if earlier and not params.get("transductive"):
            _refuse_seen(held, earlier)
        plan.notes = held.notes
    if plan.n_chans and plan.window is not None:
        with plan.saying("representation"):
            wanted = earlier.representation if earlier else params.get("representation") or {"name": "raw"}
            plan.shape = build_representation(wanted).output_shape(plan.n_chans, plan.window.n_times)
            _refuse_small(entry, plan.shape)
    n_fit = plan.n if params.get("transductive") else plan.n - plan.n_test
    with plan.saying("kinds"):
        _refuse_few(entry, n_fit)
    if not plan.problems:
        plan.width = earlier.width if earlier else entry.width and entry.width(options, n_fit, math.prod(plan.shape))
    return plan


def _window(wanted: Mapping[str, Any] | None, material: Material) -> WindowSpec:
    return WindowSpec.from_json(wanted) if wanted else material.usual_window()


def _rate_and_channels(window: WindowSpec, material: Material) -> tuple[float, int]:
    """Return rate and number of channels of the windows, which must be the same in all recordings."""
    rates, n_chans = set(), set()
    for number in material.counts:
        recording = material.recordings[number]
        channels = channels_of(recording, window)
        own = {recording.fs[n] for n in channels}
        if len(own) != 1:
            raise InputError(
                f"the channels of {material.names[number]} have different sampling rates",
                remedy="Choose one rate's channels",
            )
        rates |= {window.fs} if window.fs else own
        n_chans.add(len(channels))
    if len(rates) > 1:
        raise InputError(
            f"the recordings have different sampling rates ({', '.join(f'{rate:g} Hz' for rate in sorted(rates))})",
            remedy="Give the window a rate; the others are then resampled",
        )
    if len(n_chans) > 1:
        raise InputError("the recordings hold different channels", remedy="Choose the channels of the window")
    return float(rates.pop()), n_chans.pop()


def _refuse_short(window: WindowSpec, fs: float, material: Material) -> None:
    length = window.n_times / fs
    there = {number: material.recordings[number].duration for number in material.counts}
    number = min(there, key=lambda one: there[one])
    if length > there[number]:
        raise InputError(
            f"a window of {length:.4g} s is longer than {material.names[number]} ({there[number]:.4g} s)",
            remedy="Take a shorter one",
        )


def _refuse_small(entry: ObjectiveEntry, shape: tuple[int, ...]) -> None:
    if min(shape[1:]) < entry.smallest:
        raise InputError(
            f"windows of {' × '.join(map(str, shape[1:]))} are too small for {entry.title}",
            remedy=f"Take at least {entry.smallest} along each axis",
        )


def _refuse_few(entry: ObjectiveEntry, n: int) -> None:
    if n < entry.least:
        raise InputError(
            f"{n} events are too few to learn from: {entry.title} needs {entry.least}",
            remedy="Choose another kind, hold fewer out, or find more",
        )


def _refuse_seen(held: HeldOut, earlier: EarlierEncoder) -> None:
    if seen := [str(who) for who in (*held.subjects, *held.recordings) if who in earlier.learnt_from]:
        raise InputError(
            f"{', '.join(seen)} cannot be held out: the encoder was learnt from their events",
            remedy="Hold others out, learn the encoder without them, or say that it is transductive",
        )
