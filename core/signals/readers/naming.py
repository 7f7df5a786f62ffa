"""Channel names: what a channel records, guessed from its name and unit, and names that occur once only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

KINDS = ("ecg", "eeg", "eog", "emg", "doppler_i", "doppler_q", "doppler_forward", "doppler_reverse", "audio", "other")
ECG = re.compile(
    r"^(ecg|ekg|mlii|mliii|mcl[0-9]|ml[0-9]|cm[0-9]|v[1-9xyz]r?|mv[1-9]|i{1,3}|av[rlf]|d[1-4]|v)\b", re.IGNORECASE
)
EEG = re.compile(r"^(eeg\b.*|(fp|af|f|ft|fc|t|tp|c|cp|p|po|o|i)[0-9z]+\.*|a[12])$", re.IGNORECASE)
MICROVOLTS = ("uv", "µv", "μv")
# Caps of up to 256 electrodes are numbered in groups of 32, as by BioSemi: A1 is no ear and C3 no place of the 10-20 system.
NUMBERED = re.compile(r"[A-H]([1-9]|[12]\d|3[0-2])")
FIRST_GROUPS = ("A", "B")  # no other system has more than two names of these letters
LEAST_NUMBERED = 5


def numbers_electrodes(names: Iterable[str]) -> bool:
    """Return whether the channels of a recording are named by the number of their electrode and not by its place."""
    return sum(name.startswith(FIRST_GROUPS) and bool(NUMBERED.fullmatch(name)) for name in names) >= LEAST_NUMBERED


def guess_kinds(names: Sequence[str], units: Sequence[str]) -> list[str]:
    """Return the kind of each channel of a recording: ``ecg``, ``eeg``, ``eog``, ``emg`` or ``other``."""
    microvolts = [unit.lower() in MICROVOLTS for unit in units]
    numbered = numbers_electrodes(name for name, is_small in zip(names, microvolts, strict=True) if is_small)
    return [
        "eeg" if numbered and is_small and NUMBERED.fullmatch(name) else guess_kind(name, unit)
        for name, unit, is_small in zip(names, units, microvolts, strict=True)
    ]


def guess_kind(name: str, unit: str) -> str:
    """Return the kind of a channel that nothing is known of but its name: prefer `guess_kinds`."""
    name = name.strip().lower()
    for kind in ("eog", "emg", "ecg", "eeg"):
        if kind in name.split() or name.startswith(kind):
            return kind
    if EEG.match(name) and unit.lower() in MICROVOLTS:
        return "eeg"
    return "ecg" if ECG.match(name) else "other"


def distinct(names: Iterable[str]) -> list[str]:
    """Number the names that occur more than once, so that each names one channel."""
    taken: dict[str, None] = {}
    for name in names:
        chosen, number = name, 1
        while chosen in taken:
            number += 1
            chosen = f"{name} ({number})"
        taken[chosen] = None
    return list(taken)
