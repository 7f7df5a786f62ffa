"""Emboli: one-directional, narrow-band, amplitude-modulated chirps that move with the blood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Embolus:
    """One embolus.

    Attributes
    ----------
    start_s, duration_s : float
        Where its envelope exceeds half its peak; 10-300 ms by the consensus criteria (Ringelstein 1998).
    echo_db : float
        Mean power of the echo alone in that time over mean blood power, dB; 0-25. See `hbr_of_echo`.
    kind : str
        ``solid`` or ``gaseous``: gas is brighter and more strongly modulated.
    """

    start_s: float
    duration_s: float
    echo_db: float
    kind: str


def hbr_of_echo(echo_db: float) -> float:
    """Return the hits-to-blood ratio of the consensus, ``10 log10((E + B) / B)``, of an echo of ``10 log10(E / B)`` dB.

    Both for mean powers E of the echo and B of the blood; 0 dB of echo are 3 dB of HBR, 10 dB are 10.4 dB.
    """
    return float(10 * np.log10(1 + 10 ** (echo_db / 10)))


def draw(rng: np.random.Generator, start_s: float, echo_db: tuple[float, float]) -> Embolus:
    """Draw an embolus whose echo lies in a range; gaseous ones from its upper half."""
    kind = "gaseous" if rng.random() < 0.4 else "solid"
    low, high = echo_db
    middle = (low + high) / 2
    level = rng.uniform(middle, high) if kind == "gaseous" else rng.uniform(low, middle + (high - low) / 6)
    return Embolus(start_s, float(rng.uniform(0.02, 0.12)), float(level), kind)


def echo(
    embolus: Embolus, shift_hz: npt.NDArray[np.float64], fs: float, rng: np.random.Generator
) -> tuple[int, npt.NDArray[np.complex128]]:
    """Return the first sample of an echo and its samples, for blood of mean power 1.

    Parameters
    ----------
    shift_hz : (n,) array
        Mean Doppler shift of the blood at every sample of the recording; the embolus moves at 0.7-1.1 times that.
    """
    # A Gaussian exceeds half its peak for 2.355 of its standard deviations in amplitude.
    sigma = embolus.duration_s / 2.355
    middle = embolus.start_s + embolus.duration_s / 2
    first = max(0, int((middle - 4 * sigma) * fs))
    last = min(len(shift_hz), int((middle + 4 * sigma) * fs) + 1)
    t = np.arange(first, last) / fs - middle
    envelope = np.exp(-0.5 * (t / sigma) ** 2)
    depth = rng.uniform(0.2, 0.5) if embolus.kind == "gaseous" else rng.uniform(0.0, 0.2)
    envelope *= 1 + depth * np.sin(2 * np.pi * rng.uniform(20, 60) * t + rng.uniform(0, 2 * np.pi))
    phase = 2 * np.pi * np.cumsum(shift_hz[first:last] * rng.uniform(0.7, 1.1)) / fs + rng.uniform(0, 2 * np.pi)
    signal = envelope * np.exp(1j * phase)
    inside = np.abs(t) <= embolus.duration_s / 2
    power = np.mean(np.abs(signal[inside]) ** 2)
    return first, signal * np.sqrt(10 ** (embolus.echo_db / 10) / power)
