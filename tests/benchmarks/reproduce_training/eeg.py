"""One-second windows of the Bonn EEG, cut as in the ESR set: seizure against rest."""

from pathlib import Path

import numpy as np

SEIZURE = 1  # of the five classes of the file
UNIT_UV = 100.0
# How windows are scaled before anything else sees them.
SCALINGS = {
    "window": lambda x: (x - x.min(axis=-1, keepdims=True)) / np.maximum(np.ptp(x, axis=-1, keepdims=True), 1e-9),
    "kept": lambda x: x / UNIT_UV,
}


def eeg(data: Path, scaling: str) -> dict[str, np.ndarray]:
    """Return windows of 178 samples, class 0 for seizure as in the published files, and their segment.

    Parameters
    ----------
    data : Path
    scaling : str
        ``window``: each to [0, 1], as published; ``kept``: in units of 100 µV, so that amplitude survives.
    """
    with np.load(data / "esr.npz") as kept:
        x, y, segment = kept["X"].astype(np.float64), kept["y"], kept["segment"]
    return {
        "x": SCALINGS[scaling](x)[:, None].astype(np.float32),
        "y": (y != SEIZURE).astype(np.int64),
        "unit": segment.astype(str),
    }
