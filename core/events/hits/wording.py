"""The settings of the detector in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What each setting means, its unit's size and its decimals; others are named as they are.
WORDS: dict[str, tuple[str, float]] = {
    "gate": ("gate {}", 1),
    "emission_hz": ("emission at {} MHz", 1e-6),
    "min_hbr_db": ("HBR of {} dB or more", 1),
    "max_duration_s": ("less than {} ms", 1000),
    "min_direction": ("direction index of {} or more", 1),
    "min_probability": ("probability of {} % or more", 100),
    "wall_hz": ("shifts above {} Hz", 1),
    "search_db": ("searched from {} dB on", 1),
}


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings as events note them, such as ``gate 1, emission at 2 MHz, HBR of 3 dB or more``; gates count from 1."""
    order = [name for name in WORDS if name in settings] + [name for name in settings if name not in WORDS]
    return ", ".join(_said(name, settings[name]) for name in order)


def _said(name: str, value: Any) -> str:
    if name not in WORDS or isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name}={value}"
    text, size = WORDS[name]
    return text.format(f"{value * size + (name == 'gate'):.6g}")
