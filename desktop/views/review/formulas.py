"""Derivations as people write them: ``Fp1 - 0.5 A1 - 0.5 A2``; names with other signs stand in quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.errors import HitscopeError, InputError
from core.signals import Derivation, Montage, Recording, apply_montage

TERM = re.compile(
    r"""\s*([+\-−])?\s*(?:(\d+(?:[.,]\d+)?)\s*[*·×]?\s*(?=[^\s\d.,]))?(?:"([^"]+)"|'([^']+)'|([^\W\d][\w.']*))"""
)
PLAIN = re.compile(r"[^\W\d][\w.]*")
DIGITS = 6  # of a weight: a mean over as many channels as there are is written so that it sums up


def written(derivation: Derivation) -> str:
    """Return the weights of a derivation as a formula."""
    parts = []
    for name, weight in derivation.weights:
        if weight == 0:
            continue
        called = name if PLAIN.fullmatch(name) else f'"{name}"'
        amount = "" if abs(weight) == 1 else f"{abs(weight):.{DIGITS}g} "
        sign = "−" if weight < 0 else "+"
        parts.append(f"{sign} {amount}{called}")
    return " ".join(parts).removeprefix("+ ")


def understood(text: str, names: Sequence[str] = ()) -> tuple[tuple[str, float], ...]:
    """Return the channels and weights of a formula; a text that is the name of a channel means that channel.

    Raises
    ------
    InputError
        If it is none, or names a channel twice.
    """
    if text.strip() in names:
        return ((text.strip(), 1.0),)
    place, weights = 0, []
    while text[place:].strip():
        match = TERM.match(text, place)
        if match is None or (weights and not match[1]):
            raise InputError(
                f"“{text[place:].strip()}” is not understood", remedy="Write Fp1 − F7, or Cz − 0.5 A1 − 0.5 A2"
            )
        sign = -1.0 if match[1] in ("-", "−") else 1.0
        weight = float(match[2].replace(",", ".")) if match[2] else 1.0
        weights.append((match[3] or match[4] or match[5], sign * weight))
        place = match.end()
    if not weights:
        raise InputError("it sums no channels", remedy="Write Fp1 − F7")
    if len({name for name, _ in weights}) < len(weights):
        raise InputError("a channel is summed twice", remedy="Give each channel one weight")
    return tuple(weights)


def problem_of(name: str, formula: str, recording: Recording) -> str:
    """Return what is wrong with a derivation for a recording; an empty text if nothing is."""
    try:
        derivation = Derivation(name.strip(), understood(formula, [channel.name for channel in recording.channels]))
        apply_montage(recording, Montage("", (derivation,)))
    except HitscopeError as error:
        return error.what
    return ""
