"""The events that are learnt and judged: signals, classes, and the unit that must not be on two sides."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .beats import beats
from .cache import Arrays, Cache
from .eeg import eeg
from .hits import hits


@dataclass(frozen=True)
class Events:
    """One event a row.

    Attributes
    ----------
    x : (N, C, T) float32 array
    y : (N,) int64 array
        Class numbers.
    unit : (N,) array of str
        Segment, record or patient.
    classes : tuple of str
    fs : float
        Hz.
    image : str
        Preset of the log-spectrogram (`core.features.PRESETS`).
    """

    x: np.ndarray
    y: np.ndarray
    unit: np.ndarray
    classes: tuple[str, ...]
    fs: float
    image: str


# What makes the arrays x, y, unit of a set, its classes, its rate and the preset of its images.
SETS: dict[str, tuple[Callable[..., Arrays], tuple[str, ...], float, str]] = {
    "eeg": (eeg, ("seizure", "rest"), 173.61, "esr"),
    "beats": (beats, ("N", "S", "V", "F", "Q"), 125.0, "ecg"),
    "hits": (hits, ("solid", "gaseous", "artefact"), 4385.0, "hits"),
}


def load(cache: Cache, data: Path, name: str, **options: object) -> Events:
    """Return a set of events, made once."""
    make, classes, fs, image = SETS[name]
    kept_as = "-".join(["events", name, *(f"{key}_{value}" for key, value in sorted(options.items()))])
    arrays = cache.made(kept_as, lambda: (make(data, **options), options))
    return Events(arrays["x"], arrays["y"], arrays["unit"], classes, fs, image)
