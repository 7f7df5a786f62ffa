"""Artefacts of a channel: where it is missing, flat, outside a band, or far from what it usually is.

How far is counted in robust standard deviations from the running median: 1.4826 times the median absolute deviation, which is
the standard deviation of a normal distribution, and which artefacts hardly move (Leys et al., J Exp Soc Psychol 2013).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts come when they are used: the window asks for options only

from core.checks import Rule, check_each, finite
from core.errors import InputError
from core.events.made import MadeEvent, index_of
from core.events.stretches import Collected, Spans, joined, spans_of
from core.signals import Recording

Floats = npt.NDArray[np.float64]
Test = Callable[[Floats, int], npt.NDArray[np.bool_]]

CHUNK = 1 << 18  # samples: what is in memory at a time, and computed with
USUAL_DEVIATIONS = 12.0  # of EEG, whose normal waves stay far below
PARTS = 5  # a running median is that of so many blocks, of which each is its own median
MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Limits:
    """What an artefact is; amplitudes in the unit of the channel.

    Attributes
    ----------
    above, below : float, optional
        It is more than `above`, or less than `below`; by default there is no such limit.
    flat_s : float
        It stays the same for at least so long, s; 0: that is none.
    flat_change : float
        Most change from one sample to the next that is no change.
    max_deviations : float, optional
        It lies further than so many robust standard deviations from the running median; 0: that is none. By default 12 of
        EEG channels, and none of others, whose beats and emboli stand out too.
    median_s : float
        Length of the running median, s.
    min_duration_s : float
        Artefacts shorter than this, after joining, are left out, s.
    merge_gap_s : float
        Artefacts at most this far apart are one, s.
    """

    above: float | None = None
    below: float | None = None
    flat_s: float = 1.0
    flat_change: float = 0.0
    max_deviations: float | None = None
    median_s: float = 2.0
    min_duration_s: float = 0.0
    merge_gap_s: float = 0.1

    def __post_init__(self) -> None:
        least = finite(least=0)
        rules: dict[str, Rule] = dict.fromkeys(("flat_s", "flat_change", "min_duration_s", "merge_gap_s"), least)
        rules |= {"above": finite().or_none(), "below": finite().or_none()}
        rules |= {"max_deviations": least.or_none(), "median_s": finite(above=0)}
        check_each(rules, {name: getattr(self, name) for name in rules})
        if self.above is not None and self.below is not None and self.below > self.above:
            raise InputError(
                f"below={self.below:g} is more than above={self.above:g}: everything would be an artefact",
                remedy="Give below as the lower end of the band, above as its upper end",
            )


def artefacts_of(recording: Recording, *, channel: str | int | None = None, **limits: Any) -> list[MadeEvent]:
    """Artefacts of one channel or of all, by `Limits`; the attribute ``reason`` says in words what each is.

    The signal is read chunk by chunk, so that memory does not grow with its length, and no artefact is cut at a seam.

    Parameters
    ----------
    channel : str or int, optional
        By name or by number from 0. By default all whose kind is known (of others, such as a trigger, staying the same is
        nothing odd), or all, if none is.
    **limits
        Fields of `Limits`.

    Returns
    -------
    list of MadeEvent
        Of kind ``artefact``, in order of time for each channel.

    Raises
    ------
    InputError
        If a limit is out of range, or there is no such channel.
    """
    chosen = Limits(**limits)
    if channel is not None:
        return _of_channel(recording, index_of(recording, channel), chosen)
    numbers = [n for n, c in enumerate(recording.channels) if c.kind != "other"] or range(len(recording.channels))
    return [event for number in numbers for event in _of_channel(recording, number, chosen)]


@dataclass(frozen=True)
class _Usual:
    """What a channel usually is: its running median at block centres (sample numbers), and its robust standard deviation."""

    at: Floats
    median: Floats
    deviation: float = 0.0

    def distance(self, x: Floats, first: int) -> Floats:
        """Return how far samples, from number `first` on, lie from the running median."""
        return np.abs(x - np.interp(np.arange(first, first + len(x)), self.at, self.median))


@dataclass(frozen=True)
class _Reason:
    """Why samples are artefacts: where, and in words."""

    spans: Spans
    text: str


def _of_channel(recording: Recording, number: int, limits: Limits) -> list[MadeEvent]:
    channel, gap = recording.channels[number], round(limits.merge_gap_s * recording.fs[number])
    reasons = _reasons(recording, number, limits)
    spans = np.concatenate([reason.spans for reason in reasons]) if reasons else np.zeros((0, 2), np.int64)
    spans = joined(spans[np.argsort(spans[:, 0], kind="stable")], gap)
    # What lasts a sample less than asked for by rounding alone does last so long.
    spans = spans[spans[:, 1] - spans[:, 0] >= limits.min_duration_s * channel.fs - 1e-6]
    said: list[list[str]] = [[] for _ in spans]
    for reason in reasons:
        event = np.searchsorted(spans[:, 0], reason.spans[:, 0], side="right") - 1
        inside = (event >= 0) & (reason.spans[:, 0] < spans[event, 1]) if len(spans) else np.zeros(len(event), bool)
        lasting = np.bincount(event[inside], np.diff(reason.spans[inside]).ravel(), minlength=len(spans))
        for which in np.unique(event[inside]):
            said[which].append(f"{reason.text} for {lasting[which] / channel.fs:.3g} s")
    return [
        MadeEvent(channel.name, start / channel.fs, (stop - start) / channel.fs, "artefact", {"reason": "; ".join(why)})
        for (start, stop), why in zip(spans.tolist(), said, strict=True)
    ]


def _reasons(recording: Recording, number: int, limits: Limits) -> list[_Reason]:
    """Return what is found in a channel, in one pass over it."""
    channel = recording.channels[number]
    tests = _tests(recording, number, limits)
    found = {text: Collected(gap=round(limits.merge_gap_s * channel.fs)) for text in tests}
    same = Collected(least=max(1, round(limits.flat_s * channel.fs) - 1))  # changes: one less than samples
    ends = (np.inf, -np.inf)
    for start, x in _chunks(recording, number):
        for text, test in tests.items():
            found[text].add(spans_of(test(x, start), start))
        if limits.flat_s:
            # One sample more, to see whether anything changed at the seam.
            seen = x if start == 0 else np.append(recording.read(number, start - 1, start), x)
            same.add(spans_of(np.abs(np.diff(seen)) <= limits.flat_change, start - len(seen) + len(x)))
        present = x[np.isfinite(x)]
        if len(present):
            ends = (min(ends[0], float(present.min())), max(ends[1], float(present.max())))
    flat = same.all()
    flat[:, 1] += 1
    return [_Reason(each.all(), text) for text, each in found.items()] + _flat(recording, number, flat, ends)


def _flat(recording: Recording, number: int, spans: Spans, ends: tuple[float, float]) -> list[_Reason]:
    """Return flat stretches by what they are flat at; at an end of the channel's own range they are called saturated."""
    unit, by_text = recording.channels[number].unit, defaultdict(list)
    for span in spans:
        value = float(recording.read(number, int(span[0]), int(span[0]) + 1)[0])
        saturated = value in ends and ends[0] < ends[1]
        which = "lowest" if value == ends[0] else "highest"
        text = (
            f"saturated at {_amount(value, unit)}, its {which} value,"
            if saturated
            else f"flat at {_amount(value, unit)}"
        )
        by_text[text].append(span)
    return [_Reason(np.array(each), text) for text, each in by_text.items()]


def _tests(recording: Recording, number: int, limits: Limits) -> dict[str, Test]:
    """Return what tells artefacts sample by sample, by its name; each takes samples and the number of the first."""
    channel = recording.channels[number]
    tests: dict[str, Test] = {"missing": lambda x, _: ~np.isfinite(x)}
    above, below, most = limits.above, limits.below, limits.max_deviations
    if above is not None:
        tests[f"above {_amount(above, channel.unit)}"] = lambda x, _: x > above
    if below is not None:
        tests[f"below {_amount(below, channel.unit)}"] = lambda x, _: x < below
    if most is None:
        most = USUAL_DEVIATIONS if channel.kind == "eeg" else 0.0
    usual = _usual(recording, number, max(1, round(limits.median_s * channel.fs / PARTS))) if most else None
    if usual is not None and usual.deviation > 0:
        far = most * usual.deviation
        text = f"more than {_amount(far, channel.unit)} ({most:g} robust standard deviations) from its running median"
        tests[text] = lambda x, first: usual.distance(x, first) > far
    return tests


def _usual(recording: Recording, number: int, block: int) -> _Usual | None:
    """Return what a channel usually is, in two passes over it; None where it has no samples."""
    medians: list[Floats] = []
    for _, x in _chunks(recording, number, block):
        whole = len(x) // block * block
        medians.append(_medians(x[:whole].reshape(-1, block)))
        if whole < len(x):
            medians.append(_medians(x[None, whole:]))
    median: Floats = np.concatenate([np.zeros(0), *medians])
    at = np.arange(len(median), dtype=np.float64) * block + (block - 1) / 2
    known = np.isfinite(median)
    if not known.any():
        return None
    median = scipy.ndimage.median_filter(np.interp(at, at[known], median[known]), PARTS, mode="nearest")
    usual = _Usual(at, median)
    distances = (_medians(usual.distance(x, start)[None])[0] for start, x in _chunks(recording, number))
    # The median of every chunk's own, since those of all samples cannot be in memory together.
    deviation = MAD_TO_SD * float(np.median([d for d in distances if np.isfinite(d)]))
    return replace(usual, deviation=deviation)


def _medians(rows: Floats) -> Floats:
    """Return the median of the finite samples of each row; NaN where there is none."""
    result = np.full(len(rows), np.nan)
    some = np.isfinite(rows).any(axis=1)
    if some.any():
        result[some] = np.nanmedian(rows[some], axis=1)
    return result


def _chunks(recording: Recording, number: int, block: int = 1) -> Iterator[tuple[int, Floats]]:
    """Yield the number of the first sample of each chunk, a multiple of `block`, and its samples."""
    n, length = recording.channels[number].n_samples, max(1, CHUNK // block) * block
    for start in range(0, n, length):
        yield start, recording.read(number, start, min(n, start + length))


def _amount(value: float, unit: str) -> str:
    return f"{value:.4g}" if unit == "1" else f"{value:.4g} {unit}"
