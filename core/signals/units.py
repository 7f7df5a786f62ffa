"""Units of amplitude: what turns one into another."""

from __future__ import annotations

PREFIXES = {"": 1.0, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1, "k": 1e3, "M": 1e6}


def conversion(unit: str, to: str) -> float | None:
    """Return the factor from one unit to another of the same quantity, such as ``1e-3`` from µV to mV; None if there is none.

    Known are the SI prefixes; the quantities themselves need no table: what is left without a prefix must be the same.
    """
    if unit == to:
        return 1.0
    of, into = _readings(unit), _readings(to)
    for base in of.keys() & into.keys():
        return of[base] / into[base]
    return None


def _readings(unit: str) -> dict[str, float]:
    """Return what a unit may be: its part after a prefix, and the prefix's factor."""
    return {unit[len(p) :]: factor for p, factor in PREFIXES.items() if unit.startswith(p) and len(unit) > len(p)}
