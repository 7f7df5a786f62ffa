"""Emboli: one-directional, narrow-band, amplitude-modulated chirps that move with the blood.

An embolus is far smaller than the beam, so its echo has the phase of one moving point: its shift is that of its own
streamline, and it lasts as long as it takes to pass through the sample volume. Smith et al. (Ultrasound Med Biol 1997;
23:727) saw no frequency modulation in 71.5 % of solid and 19 % of gaseous ones, a gradual one in 28.5 and 38 %, and a rapid
one in 43 % of gaseous ones only; radiation force on bubbles explains it (Girault et al. 2011). Gas reflects more strongly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.signals.simulate.flow import doppler_shift
from core.signals.simulate.heart import Beats
from core.signals.simulate.patients import Patient

Floats = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]

GASEOUS = 0.4  # share: assumed; recordings after valve replacement have more, of carotid stenosis fewer
MODULATION = {
    "solid": {"none": 0.715, "gradual": 0.285, "rapid": 0.0},
    "gaseous": {"none": 0.19, "gradual": 0.38, "rapid": 0.43},
}
AMPLITUDE_DEPTH = {"solid": (0.0, 0.2), "gaseous": (0.1, 0.5)}  # assumed: gas resonates
LONGEST_S = 0.28  # below the 300 ms of the consensus


@dataclass(frozen=True)
class Embolus:
    """One embolus.

    Attributes
    ----------
    middle_s : float
        When it is in the middle of the first gate's sample volume.
    streamline : float
        Its velocity as a share of the envelope's, 0.3 to 1: flow carries more of them near the axis.
    path_mm : float
        Its way through the sample volume, mm: along it, the beam has half of its largest amplitude or more.
    echo_db : float
        Mean power of the echo alone, while it exceeds half of its largest amplitude, over the blood's then, dB; 0-30.
        See `hbr_of_echo`.
    kind : str
        ``solid`` or ``gaseous``.
    modulation : str
        Of frequency: ``none``, ``gradual`` or ``rapid``.
    seed : int
        Of its details.
    """

    middle_s: float
    streamline: float
    path_mm: float
    echo_db: float
    kind: str
    modulation: str
    seed: int


@dataclass(frozen=True)
class Echo:
    """The echo of an embolus: samples of mean power 1 from where to where they exceed half of their largest amplitude.

    Attributes
    ----------
    first : int
        Sample of the recording at which they begin.
    start_s, stop_s : float
    shift_hz : float
        In the middle.
    """

    samples: Complex
    first: int
    start_s: float
    stop_s: float
    shift_hz: float


def hbr_of_echo(echo_db: float) -> float:
    """Return the hits-to-blood ratio of the consensus, ``10 log10((E + B) / B)``, of an echo of ``10 log10(E / B)`` dB.

    Both for mean powers E of the echo and B of the blood; 0 dB of echo are 3 dB of HBR, 10 dB are 10.4 dB.
    """
    return float(10 * np.log10(1 + 10 ** (echo_db / 10)))


def draw_embolus(
    rng: np.random.Generator,
    middle_s: float,
    echo_db: tuple[float, float],
    patient: Patient,
    beats: Beats,
    emission_hz: float,
) -> Embolus:
    """Draw an embolus whose echo lies in a range; gaseous ones from its upper half, solid ones from its lower two thirds."""
    kind = "gaseous" if rng.random() < GASEOUS else "solid"
    low, high = echo_db
    level = rng.uniform((low + high) / 2, high) if kind == "gaseous" else rng.uniform(low, low + (high - low) * 2 / 3)
    modulation = str(rng.choice(list(MODULATION[kind]), p=list(MODULATION[kind].values())))
    path = patient.path_mm * rng.uniform(0.8, 1.2)
    speed = float(beats.velocity(patient, np.array([middle_s]))[0])
    # Slower ones last longer than any HITS, or are taken away with the vessel wall by the machine's own filter.
    heard = 1.5 * patient.wall_hz / float(doppler_shift(speed, emission_hz, patient.angle_deg))
    slowest = min(max(0.3, path / 1000 / (0.85 * LONGEST_S * speed), heard), 0.9)
    while (streamline := 1 - rng.random() ** (patient.profile / 2)) < slowest or rng.random() > streamline:
        pass
    return Embolus(middle_s, float(streamline), float(path), float(level), kind, modulation, int(rng.integers(1 << 62)))


def echo(
    embolus: Embolus, patient: Patient, beats: Beats, fs: float, emission_hz: float, delay_mm: float = 0.0
) -> Echo:
    """Return the echo in a gate that the embolus reaches `delay_mm` further along the vessel."""
    rng = np.random.default_rng(embolus.seed)
    t = np.arange(int((embolus.middle_s - 1.2) * fs), int((embolus.middle_s + 1.2) * fs)) / fs
    speed = embolus.streamline * beats.velocity(patient, t)
    at_mm = 1000 * np.cumsum(speed) / fs
    at_mm -= np.interp(embolus.middle_s, t, at_mm) + delay_mm
    share = 2 * at_mm / embolus.path_mm  # -1 to 1 where the amplitude exceeds half
    near = np.flatnonzero(np.abs(share) < 2.6)
    shift = doppler_shift(speed, emission_hz, patient.angle_deg)
    shift = shift + _modulation(embolus, share, shift[near], rng)
    shift *= -1.0 if patient.away else 1.0
    phase = 2 * np.pi * np.cumsum(shift) / fs + rng.uniform(0, 2 * np.pi)
    depth, rate = rng.uniform(*AMPLITUDE_DEPTH[embolus.kind]), rng.uniform(20, 60)
    amplitude = np.exp(-np.log(2) * share**2) * (1 + depth * np.sin(2 * np.pi * rate * t + rng.uniform(0, 2 * np.pi)))
    strong = np.flatnonzero(amplitude >= amplitude.max() / 2)
    within, cut = slice(strong[0], strong[-1] + 1), slice(near[0], near[-1] + 1)
    samples = amplitude * np.exp(1j * phase) / np.sqrt(np.mean(amplitude[within] ** 2))
    middle = float(shift[(within.start + within.stop) // 2])
    return Echo(samples[cut], round(t[near[0]] * fs), float(t[within.start]), float(t[within.stop]), middle)


def _modulation(embolus: Embolus, share: Floats, shift: Floats, rng: np.random.Generator) -> Floats:
    """Return further shifts, Hz, along the way: to another streamline, or by a push of the beam; none that turns it round."""
    most = 0.6 * float(np.abs(shift).mean())
    if embolus.modulation == "gradual":
        return np.asarray(rng.choice([-1, 1]) * min(rng.uniform(50, 200), most) * np.clip(share, -1.5, 1.5))
    if embolus.modulation == "rapid":
        at, width = rng.uniform(-0.6, 0.6), rng.uniform(0.05, 0.15)
        return np.asarray(rng.choice([-1, 1]) * min(rng.uniform(150, 400) / 2, most) * np.tanh((share - at) / width))
    return np.zeros_like(share)
