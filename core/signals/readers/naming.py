"""Channel names: what a channel records, guessed from its name and unit, and names that occur once only."""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = ("ecg", "eeg", "eog", "emg", "doppler_i", "doppler_q", "doppler_forward", "doppler_reverse", "audio", "other")
ECG = re.compile(
    r"^(ecg|ekg|mlii|mliii|mcl[0-9]|ml[0-9]|cm[0-9]|v[1-9xyz]r?|mv[1-9]|i{1,3}|av[rlf]|d[1-4]|v)\b", re.IGNORECASE
)
EEG = re.compile(r"^(eeg\b.*|(fp|af|f|ft|fc|t|tp|c|cp|p|po|o|i)[0-9z]+\.*|a[12])$", re.IGNORECASE)


def guess_kind(name: str, unit: str) -> str:
    """Return ``ecg``, ``eeg``, ``eog``, ``emg`` or ``other``."""
    name = name.strip().lower()
    for kind in ("eog", "emg", "ecg", "eeg"):
        if kind in name.split() or name.startswith(kind):
            return kind
    if EEG.match(name) and unit.lower() in ("uv", "µv", "μv"):
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
