"""Artefacts: probe knocks and movements, broad-band at low frequencies and on both sides of zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Artefact:
    """One artefact: 20-400 ms, 6-25 dB above blood."""

    start_s: float
    duration_s: float
    level_db: float


def draw(rng: np.random.Generator, start_s: float) -> Artefact:
    """Draw an artefact."""
    return Artefact(start_s, float(rng.uniform(0.02, 0.4)), float(rng.uniform(6.0, 25.0)))


def knock(
    artefact: Artefact, n_total: int, fs: float, rng: np.random.Generator
) -> tuple[int, npt.NDArray[np.complex128]]:
    """Return the first sample of an artefact and its samples, for blood of mean power 1.

    The probe moves against all tissue at once: the echo is real-valued up to a fixed phase, so its spectrum is
    symmetric about zero, and the impact decays exponentially.
    """
    from scipy.signal import butter, sosfilt

    first = int(artefact.start_s * fs)
    n = min(int(artefact.duration_s * fs), n_total - first)
    t = np.arange(n) / fs
    band = butter(2, [40.0, float(rng.uniform(500.0, 0.4 * fs))], btype="band", fs=fs, output="sos")
    burst = sosfilt(band, rng.standard_normal(n)) * np.exp(-3.0 * t / artefact.duration_s)
    power = max(float(np.mean(burst**2)), 1e-12)
    phase = np.exp(1j * rng.uniform(0, 2 * np.pi))
    return first, burst * phase * np.sqrt(10 ** (artefact.level_db / 10) / power)
