"""The montages of the field, made for the channels of a recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.errors import InputError
from core.registry import Entry, chosen
from core.signals.electrodes import electrode, is_pair, positions
from core.signals.montage import Derivation, Montage, apply_montage, channel_finder
from core.signals.readers.naming import numbers_electrodes
from core.signals.recording import Recording

# As the American Clinical Neurophysiology Society draws them (guideline 3, doi 10.1097/WNP.0000000000000317).
LONGITUDINAL = (
    ("Fp1", "F7", "T7", "P7", "O1"),
    ("Fp1", "F3", "C3", "P3", "O1"),
    ("Fp2", "F4", "C4", "P4", "O2"),
    ("Fp2", "F8", "T8", "P8", "O2"),
)
MIDLINE = ("Fz", "Cz", "Pz")
TRANSVERSE = (
    ("Fp1", "Fp2"),
    ("F7", "F3", "Fz", "F4", "F8"),
    ("T7", "C3", "Cz", "C4", "T8"),
    ("P7", "P3", "Pz", "P4", "P8"),
    ("O1", "O2"),
)
EARS = (("A1", "A2"), ("M1", "M2"), ("TP9", "TP10"))
# Einthoven's and Goldberger's leads out of I and II.
LIMB_LEADS = {
    "III": {"II": 1.0, "I": -1.0},
    "aVR": {"I": -0.5, "II": -0.5},
    "aVL": {"I": 1.0, "II": -0.5},
    "aVF": {"II": 1.0, "I": -0.5},
}
MOST_NEIGHBOURS = 4  # Hjorth 1975, doi 10.1016/0013-4694(75)90056-5: those around an electrode
FARTHEST = np.radians(60)  # beyond, what lies between two electrodes is not seen by either


@dataclass(frozen=True)
class MontageMaker(Entry):
    """A montage of the field; ``make(recording, bad)`` refuses, with the channels that it lacks, where it does not fit."""

    make: Callable[[Recording, Sequence[str]], Montage]


def make_montage(key: str, recording: Recording, bad: Sequence[str] = ()) -> Montage:
    """Return a montage of `MONTAGES` for the channels of a recording.

    Parameters
    ----------
    key : str
    recording : Recording
    bad : sequence of str
        Channels marked bad: no reference is made of them.

    Raises
    ------
    InputError
        If there is no such montage, or the recording lacks channels for it, which are named.
    """
    return chosen(MONTAGES, key, "montage", "montages").make(recording, bad)


def applicable(recording: Recording, bad: Sequence[str] = ()) -> dict[str, str]:
    """Return for each montage why it does not fit a recording; an empty text where it does."""
    reasons = {}
    for key in MONTAGES:
        try:
            apply_montage(recording, make_montage(key, recording, bad), bad)
            reasons[key] = ""
        except InputError as error:
            reasons[key] = error.what
    return reasons


def recorded(recording: Recording, bad: Sequence[str]) -> Montage:
    """Return the montage that changes nothing."""
    return Montage("As recorded")


def average(recording: Recording, bad: Sequence[str]) -> Montage:
    """Return each EEG channel against the mean of the good ones."""
    names, good = _eeg(recording, bad)
    if len(good) < 2:
        raise _lacks(recording, ["two good EEG channels against one reference"])
    return Montage("Common average", tuple(_against(name, good, "avg") for name in names))


def ears(recording: Recording, bad: Sequence[str]) -> Montage:
    """Return each EEG channel against the mean of both ears, else of both mastoids."""
    _check_places(recording)
    names, _ = _eeg(recording, bad)
    find = channel_finder(recording)
    spoilt = {None, *map(find, bad)}
    for pair in EARS:
        if names and spoilt.isdisjoint(map(find, pair)):
            rest = [name for name in names if name not in pair]
            return Montage("Linked ears", tuple(_against(name, pair, "".join(pair)) for name in rest))
    raise _lacks(recording, ["A1 and A2, or M1 and M2, or TP9 and TP10"])


def longitudinal(recording: Recording, bad: Sequence[str]) -> Montage:
    """Return the chains from front to back; the midline where it was recorded."""
    there = _require(recording, LONGITUDINAL)
    middle = (MIDLINE,) if there.issuperset(MIDLINE) else ()
    return Montage("Longitudinal", _pairs((*LONGITUDINAL[:2], *middle, *LONGITUDINAL[2:])))


def transverse(recording: Recording, bad: Sequence[str]) -> Montage:
    """Return the chains from left to right."""
    _require(recording, TRANSVERSE)
    return Montage("Transverse", _pairs(TRANSVERSE))


def laplacian(recording: Recording, bad: Sequence[str]) -> Montage:
    """Return each electrode against its neighbours, nearer ones counting more; one with a single neighbour is left out."""
    _check_places(recording)
    names, good = _eeg(recording, bad)
    derivations = []
    for name in names:
        near = neighbours(name, [other for other in good if other != name])
        if len(near) > 1:
            derivations.append(Derivation(f"{name}-lap", ((name, 1.0), *((n, -w) for n, w in near.items()))))
    if not derivations:
        raise _lacks(recording, ["EEG electrodes with neighbours in the 10-20 system"])
    return Montage("Laplacian", tuple(derivations))


def neighbours(name: str, others: Sequence[str]) -> dict[str, float]:
    """Return the up to four nearest electrodes with their weights, by the inverse of the distance, in sum 1."""
    places = positions()
    if name not in places:
        return {}
    angles = {o: float(np.arccos(np.clip(places[name] @ places[o], -1, 1))) for o in others if o in places}
    nearest = sorted(angles, key=lambda o: angles[o])[:MOST_NEIGHBOURS]
    near = [o for o in nearest if angles[o] <= FARTHEST]
    total = sum(1 / angles[o] for o in near)
    return {o: 1 / angles[o] / total for o in near}


def limb_leads(recording: Recording, bad: Sequence[str]) -> Montage:
    """Return I and II with the limb leads that follow from them and were not recorded."""
    find = channel_finder(recording)
    there = {lead for lead in ("I", "II", *LIMB_LEADS) if find(lead) is not None}
    if missing := [lead for lead in ("I", "II") if lead not in there]:
        raise _lacks(recording, missing)
    if there.issuperset(LIMB_LEADS):
        raise InputError("all limb leads were recorded", subject=recording.path, remedy="See them as recorded")
    rows = {lead: LIMB_LEADS[lead] for lead in LIMB_LEADS if lead not in there}
    rows = {"I": {"I": 1.0}, "II": {"II": 1.0}, **rows}
    return Montage("Limb leads", tuple(Derivation(lead, tuple(row.items())) for lead, row in rows.items()))


def _eeg(recording: Recording, bad: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the EEG channels that share a reference, by electrode, else by name, and those of them that are not bad."""
    spoilt = set(map(channel_finder(recording), bad))
    named: dict[str, int] = {}
    for number, channel in enumerate(recording.channels):
        if channel.kind == "eeg" and not is_pair(channel.name):
            name = electrode(channel.name) or channel.name
            named[channel.name if name in named else name] = number
    return list(named), [name for name, number in named.items() if number not in spoilt]


def _against(name: str, reference: Sequence[str], called: str) -> Derivation:
    """Return a channel less the mean of others, itself perhaps among them."""
    weights = {other: -1.0 / len(reference) for other in reference}
    return Derivation(f"{name}-{called}", tuple(({name: 0.0} | weights | {name: weights.get(name, 0.0) + 1.0}).items()))


def _pairs(chains: Sequence[Sequence[str]]) -> tuple[Derivation, ...]:
    return tuple(Derivation(f"{a}-{b}", ((a, 1.0), (b, -1.0))) for chain in chains for a, b in pairwise(chain))


def _require(recording: Recording, chains: Sequence[Sequence[str]]) -> set[str | None]:
    _check_places(recording)
    there = {electrode(channel.name) for channel in recording.channels}
    wanted = dict.fromkeys(name for chain in chains for name in chain)
    if missing := [name for name in wanted if name not in there]:
        raise _lacks(recording, missing)
    return there


def _check_places(recording: Recording) -> None:
    """Refuse a recording whose channel names are not places on the head, though some look like those."""
    if numbers_electrodes(channel.name for channel in recording.channels if channel.kind == "eeg"):
        raise InputError(
            "its electrodes are named by number (A1, A2, A3, …), not by place",
            subject=recording.path,
            remedy="Choose the common average, or write a montage of your own",
        )


def _lacks(recording: Recording, missing: Sequence[str]) -> InputError:
    return InputError(
        f"the recording lacks {', '.join(missing)}",
        subject=recording.path,
        remedy="Choose a montage that fits its channels",
    )


MONTAGES: dict[str, MontageMaker] = {
    "recorded": MontageMaker(
        "As recorded", "The channels of the file, against the reference of the amplifier", recorded
    ),
    "average": MontageMaker("Common average", "EEG against the mean of all EEG channels not marked bad", average),
    "ears": MontageMaker("Linked ears", "EEG against the mean of both ears, or of both mastoids", ears),
    "longitudinal": MontageMaker("Longitudinal (double banana)", "Neighbours from front to back", longitudinal),
    "transverse": MontageMaker("Transverse", "Neighbours from left to right", transverse),
    "laplacian": MontageMaker("Laplacian", "Each electrode against its nearest neighbours (Hjorth)", laplacian),
    "limb_leads": MontageMaker("ECG limb leads", "III, aVR, aVL and aVF out of I and II", limb_leads),
}
