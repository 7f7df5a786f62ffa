"""Representations: what a model sees of a window. To add one, write its class in a file and add it to `REPRESENTATIONS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import InputError
from core.features.representations.base import Axes as Axes
from core.features.representations.base import Representation as Representation
from core.features.representations.bit_pulse import BitPulse as BitPulse
from core.features.representations.chromagram import Chromagram as Chromagram
from core.features.representations.cochleagram import Cochleagram as Cochleagram
from core.features.representations.log_spectrogram import LogSpectrogram as LogSpectrogram
from core.features.representations.mel import Mel as Mel
from core.features.representations.raw import Raw as Raw
from core.registry import chosen

REPRESENTATIONS: dict[str, type[Representation]] = {
    kind.name: kind for kind in (Raw, LogSpectrogram, Mel, Chromagram, Cochleagram, BitPulse)
}
PRESETS = LogSpectrogram.presets  # the fields of its presets; every other representation has its own


def default_representation(name: str, *, iq: bool = False) -> dict[str, Any]:
    """Return the specification usual for windows of Doppler I/Q (`iq`) or of anything else, as `build_representation` takes it."""
    return {"name": name} if name == Raw.name else {"name": name, "preset": "hits" if iq else "ecg"}


def build_representation(spec: Mapping[str, Any]) -> Representation:
    """Make a representation from ``{"name": …, "preset": …, fields…}``; fields given beside a preset win.

    Raises
    ------
    InputError
        If the name, the preset or a field is unknown, or a field cannot be as it is.
    """
    fields = dict(spec)
    name, preset = fields.pop("name", "raw"), fields.pop("preset", None)
    make = chosen(REPRESENTATIONS, name, "representation", "representations")
    fields = {**({} if preset is None else chosen(make.presets, preset, "preset", "presets")), **fields}
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    try:
        return make(**fields)
    except TypeError as error:
        raise InputError(f"{name} cannot be made ({error})", remedy="Leave the unknown field out") from error
