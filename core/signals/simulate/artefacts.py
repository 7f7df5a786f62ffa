"""Artefacts: what shows in the signal and is neither blood nor embolus. To add one, write a function and name it in `ARTEFACTS`.

The probe or the tissue moves against everything at once, so that the echo is real up to a fixed phase and its spectrum lies
on both sides of zero. The taps in the DWL recording of `shared/data` are the pattern of `knock`: broad-band at their
start, ringing on within 300 Hz for some 100 ms, up to three times as strong on one side as on the other.

None begins or ends with a step, which would be a second broad-band click: tissue that rings dies away, a voice and a throat
stop within some tens of milliseconds. Only what is sharp by its nature is: the blow of a knock, an electrical spike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]
Span = tuple[float, float]
DECAYS = 5.0  # decay constants that the slowest ringing of a knock has before its end, at which 43 dB are gone


@dataclass(frozen=True)
class Artefact:
    """One artefact: its peak level against blood, dB, and how much of it is on one side only, -0.5 to 0.5."""

    start_s: float
    duration_s: float
    level_db: float
    sidedness: float
    kind: str
    seed: int


def _knock(n: int, fs: float, rng: np.random.Generator) -> Floats:
    t, slowest = np.arange(n) / fs, n / fs / DECAYS
    ring = sum(
        np.cos(2 * np.pi * rng.uniform(30, 300) * t + rng.uniform(0, 2 * np.pi))
        * np.exp(-t / min(rng.uniform(0.01, 0.05), slowest))
        for _ in range(4)
    )
    return np.asarray(ring / 2 + 0.7 * rng.standard_normal(n) * np.exp(-t / rng.uniform(0.002, 0.008)))


def _speech(n: int, fs: float, rng: np.random.Generator) -> Floats:
    t = np.arange(n) / fs
    pitch = rng.uniform(85, 255) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(1, 4) * t + rng.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / fs
    voice = sum(
        np.cos(k * phase + rng.uniform(0, 6)) * k ** -rng.uniform(0.5, 1.5) for k in range(1, rng.integers(4, 9))
    )
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * rng.uniform(3, 6) * t)
    return np.asarray(voice * syllables)


def _swallow(n: int, fs: float, rng: np.random.Generator) -> Floats:
    from scipy.signal import butter, sosfilt

    low = butter(3, float(rng.uniform(150, 400)), fs=fs, output="sos")
    bursts = np.abs(np.sin(np.pi * np.arange(n) / n * rng.integers(1, 4)))
    return np.asarray(sosfilt(low, rng.standard_normal(n)) * bursts)


def _spike(n: int, fs: float, rng: np.random.Generator) -> Floats:
    out = np.zeros(n)
    at = rng.choice(n, size=min(n, int(rng.integers(1, 4))), replace=False)
    out[at] = rng.standard_normal(len(at))
    return out


# name: (made by, shortest and longest, s, least and greatest peak level, dB, how long it sets in and how long it ends, s).
# Durations, levels and ends: assumed, but for the first two of knocks.
ARTEFACTS: dict[str, tuple[Callable[[int, float, np.random.Generator], Floats], Span, Span, Span]] = {
    "knock": (_knock, (0.06, 0.25), (8.0, 35.0), (0.0, 0.01)),
    "speech": (_speech, (0.2, 1.5), (3.0, 20.0), (0.01, 0.05)),
    "swallow": (_swallow, (0.3, 1.2), (6.0, 25.0), (0.02, 0.02)),
    "spike": (_spike, (0.002, 0.02), (10.0, 30.0), (0.0, 0.0)),
}


def draw_artefact(rng: np.random.Generator, start_s: float, kind: str | None = None) -> Artefact:
    """Draw an artefact of a kind, or of any."""
    chosen = kind or str(rng.choice(list(ARTEFACTS)))
    _, lengths, levels, _ = ARTEFACTS[chosen]
    side = float(rng.uniform(-0.5, 0.5))
    return Artefact(
        start_s, float(rng.uniform(*lengths)), float(rng.uniform(*levels)), side, chosen, int(rng.integers(1 << 62))
    )


def artefact_samples(artefact: Artefact, fs: float) -> Complex:
    """Return the samples of an artefact, for blood of mean power 1."""
    from scipy.signal import hilbert

    rng = np.random.default_rng(artefact.seed)
    n = max(8, round(artefact.duration_s * fs))
    make, _, _, ends = ARTEFACTS[artefact.kind]
    both = make(n, fs, rng)
    one = hilbert(both) if artefact.sidedness > 0 else np.conj(hilbert(both))
    share = abs(artefact.sidedness)
    # After the sides are mixed: the Hilbert transform of a sharp beginning reaches round to the end.
    mixed = ((1 - share) * both + share * one) * np.exp(1j * rng.uniform(0, 2 * np.pi)) * _faded(n, fs, ends)
    short = np.convolve(np.abs(mixed) ** 2, np.full(k := min(n, max(4, round(0.01 * fs))), 1 / k), mode="same")
    return np.asarray(mixed * np.sqrt(10 ** (artefact.level_db / 10) / max(float(short.max()), 1e-12)))


def _faded(n: int, fs: float, ends_s: Span) -> Floats:
    """Return a gain of 1 that rises from 0 and falls to 0 by a raised cosine, each for so many seconds."""
    gain = np.ones(n)
    rise, fall = (min(round(seconds * fs), n // 2) for seconds in ends_s)
    gain[:rise] = 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / max(rise, 1))
    gain[n - fall :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / max(fall, 1))
    return gain
