"""Montages: channels as weighted sums of recorded ones, computed while they are read; nothing that is stored changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.checks import TABLE, TEXT, Rule, check, check_each, check_names, finite, list_of
from core.errors import InputError
from core.signals.electrodes import bare, electrode
from core.signals.montage_sums import MontageSource, Weights
from core.signals.readers.naming import distinct
from core.signals.recording import Channel, Gaps, Recording

PAIRS = list_of(
    "pairs of a channel's name and its weight",
    Rule("a pair", lambda pair: isinstance(pair, list | tuple) and len(pair) == 2 and TEXT.fits(pair[0])),
)


@dataclass(frozen=True)
class Derivation:
    """A channel made of others.

    Attributes
    ----------
    name : str
        Such as ``Fp1-F7``.
    weights : tuple of (str, float)
        Channel or electrode, and what it is multiplied by before the sum. Names are matched as `find_channel` does.

    Raises
    ------
    InputError
        If the name is empty, nothing is summed, a weight is no finite number, or a channel is named twice.
    """

    name: str
    weights: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        check(TEXT, name=self.name)
        if not self.name.strip() or not self.weights:
            raise InputError(
                "a derivation needs a name and channels", remedy="Say which channels are summed, and as what"
            )
        check(PAIRS, weights=self.weights)
        names = [name for name, _ in self.weights]
        check_each({name: finite() for name in names}, dict(self.weights), subject=self.name)
        if len(set(names)) < len(names):
            raise InputError("a channel is summed twice", subject=self.name, remedy="Give each channel one weight")


@dataclass(frozen=True)
class Montage:
    """Derivations shown together; none of them leaves a recording as it is.

    Raises
    ------
    InputError
        If the name is no text.
    """

    name: str
    derivations: tuple[Derivation, ...] = ()

    def __post_init__(self) -> None:
        check(TEXT, name=self.name)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return {
            "name": self.name,
            "derivations": [{"name": d.name, "weights": [list(pair) for pair in d.weights]} for d in self.derivations],
        }

    @classmethod
    def from_json(cls, value: Any) -> Montage:
        """Return the montage that `to_json` wrote.

        Raises
        ------
        InputError
            If a field is missing, unknown, or not what it must be.
        """
        rules = {"name": TEXT, "derivations": list_of("tables", TABLE)}
        fields = _fields("a montage", value, rules)
        inner = {"name": TEXT, "weights": PAIRS}
        derivations = [_fields("a derivation", one, inner) for one in fields["derivations"]]
        return cls(fields["name"], tuple(Derivation(d["name"], tuple(map(tuple, d["weights"]))) for d in derivations))


def _fields(owner: str, value: Any, rules: Mapping[str, Any]) -> Mapping[str, Any]:
    check(TABLE, **{owner: value})
    check_names(owner, map(str, value), rules)
    check_each(rules, {name: value.get(name) for name in rules}, subject=owner)
    fields: Mapping[str, Any] = value
    return fields


def find_channel(recording: Recording, name: str) -> int | None:
    """Return the channel that is called so, else the one of this electrode, else the one called so but for case and additions.

    ``T7`` is then found in ``EEG T3-REF`` and ``Fp1`` in ``FP1.``. None where there is none.
    """
    return channel_finder(recording)(name)


def channel_finder(recording: Recording) -> Callable[[str], int | None]:
    """Return `find_channel` for many names of one recording; O(1) each."""
    exact: dict[str, int] = {}
    of_electrode: dict[str | None, int] = {}
    alike: dict[str, int] = {}
    for number, channel in enumerate(recording.channels):
        exact.setdefault(channel.name, number)
        of_electrode.setdefault(electrode(channel.name), number)
        alike.setdefault(bare(channel.name).casefold(), number)
    of_electrode.pop(None, None)

    def find(name: str) -> int | None:
        tries = (exact.get(name), of_electrode.get(electrode(name)), alike.get(bare(name).casefold()))
        return next((number for number in tries if number is not None), None)

    return find


def apply_montage(recording: Recording, montage: Montage, bad: Sequence[str] = ()) -> Recording:
    """Return the recording as a montage shows it: its derivations, then the channels that it does not touch.

    Parameters
    ----------
    recording : Recording
    montage : Montage
    bad : sequence of str
        Channels marked bad. Derivations that use one are left out: it would spoil them.

    Returns
    -------
    Recording
        Reads cost as many channels as the derivations sum, read together and once; what most derivations share, such as
        an average reference, is summed once. NaN where any channel of a sum is, or is infinite. Of the EEG nothing is
        left beside the derivations once there is one, since channels against other references beside them would mislead;
        ECG, EOG, Doppler pass through.

    Raises
    ------
    InputError
        If the recording lacks a channel, the channels of a sum differ in sampling rate or unit, or all are bad.
    """
    if not montage.derivations:
        return recording
    find = channel_finder(recording)
    rows = [_resolved(recording, derivation, find) for derivation in montage.derivations]
    spoilt = set(map(find, bad))
    good = [(d, row) for d, row in zip(montage.derivations, rows, strict=True) if not spoilt & row.keys()]
    used = set().union(*rows)
    of_eeg = any(recording.channels[next(iter(row))].kind == "eeg" for row in rows)
    untouched = [n for n, c in enumerate(recording.channels) if n not in used and not (of_eeg and c.kind == "eeg")]
    if not good and not untouched:
        raise InputError(
            f"every derivation of {montage.name} uses a bad channel",
            subject=recording.path,
            remedy="Mark fewer channels bad, or choose another montage",
        )
    made = [_derived(recording, derivation.name, row) for derivation, row in good]
    channels = (*made, *(recording.channels[n] for n in untouched))
    names = distinct(channel.name for channel in channels)
    sums = [row for _, row in good] + [{n: 1.0} for n in untouched]
    key = hashlib.sha256(json.dumps([names, [list(row.items()) for row in sums]]).encode()).hexdigest()[:16]
    return replace(
        recording,
        channels=tuple(replace(c, name=name) for c, name in zip(channels, names, strict=True)),
        source=MontageSource(recording, sums),
        channel_gaps={
            n: _gaps_of(recording, row)
            for n, row in enumerate(sums)
            if not recording.channel_gaps.keys().isdisjoint(row)
        },
        derivation=f"{recording.derivation} montage:{key}".strip(),
    )


def _gaps_of(recording: Recording, row: Weights) -> Gaps:
    """Return the stretches in which any of the channels of a sum has no samples."""
    found: list[tuple[float, float]] = []
    for start, stop in sorted({gap for number in row for gap in recording.gaps_of(number)}):
        if found and start <= found[-1][1]:
            start, stop = found[-1][0], max(found.pop()[1], stop)
        found.append((start, stop))
    return tuple(found)


def _resolved(recording: Recording, derivation: Derivation, find: Callable[[str], int | None]) -> Weights:
    """Return the weights by channel number."""
    found = [(find(name), name, weight) for name, weight in derivation.weights]
    if missing := [name for number, name, _ in found if number is None]:
        raise InputError(
            f"{derivation.name} needs {', '.join(missing)}, which the recording lacks",
            subject=recording.path,
            remedy="Choose a montage that fits its channels",
        )
    row: Weights = {}
    for number, _, weight in found:
        assert number is not None
        row[number] = row.get(number, 0.0) + float(weight)
    return row


def _derived(recording: Recording, name: str, row: Weights) -> Channel:
    """Return what a derivation is: kind of its first channel, length of its shortest."""
    several = [recording.channels[n] for n in row]
    for what, values in (("sampling rate", {c.fs for c in several}), ("unit", {c.unit for c in several})):
        if len(values) > 1:
            raise InputError(
                f"the channels of {name} differ in {what} ({', '.join(f'{v}' for v in sorted(values))})",
                subject=recording.path,
                remedy="Sum channels of one sampling rate and one unit",
            )
    return replace(several[0], name=name, n_samples=min(c.n_samples for c in several))
