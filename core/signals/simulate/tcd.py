"""A simulated transcranial Doppler recording with its truth table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.signals.simulate import artefacts, emboli
from core.signals.simulate.flow import HOP, NFFT, Flow, doppler_shift
from core.signals.simulate.heart import Beats, draw_beats
from core.signals.simulate.patients import REGIMES, Patient, draw_patient

Floats = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]

BLOCK_S = 30.0
LONGEST_S = 31 * 86_400.0
SHOWER = 0.05  # share of times at which several emboli come at once
GATE_MM = 12.0  # from one gate to the next, along the beam; 46 and 58 mm deep, for example
DRIFT_S = 10.0


@dataclass(frozen=True)
class Truth:
    """What was put into a simulated recording.

    Attributes
    ----------
    start_s, duration_s : float
        In the first gate, where its amplitude exceeds half of the largest; of artefacts, all of it.
    echo_db : float
        Of emboli, mean power of the echo alone in that time over the blood's power then, dB; of artefacts, the peak level.
    kind : str
        ``solid``, ``gaseous`` or ``artefact``.
    shift_hz : float
        Doppler shift in its middle, Hz; 0 for artefacts.
    delay_s : float
        How much later it reaches the second gate, s; negative if that one is reached first; 0 with one gate.
    detail : str
        Frequency modulation of an embolus (``none``, ``gradual``, ``rapid``), or kind of artefact (``knock``, …).
    """

    start_s: float
    duration_s: float
    echo_db: float
    kind: str
    shift_hz: float = 0.0
    delay_s: float = 0.0
    detail: str = ""

    @property
    def hbr_db(self) -> float:
        """Hits-to-blood ratio, dB, as `core.events.Hit` measures it: what was put in and blood together, over blood."""
        return emboli.hbr_of_echo(self.echo_db)


class Simulation:
    """A recording to come, made in blocks so that memory does not grow with its length.

    The parameters are those of `tcd`. The same ones give the same samples, however long the blocks are.

    Attributes
    ----------
    patient : Patient
        As drawn.
    beats : Beats
        When they begin and how long each is.
    parameters : dict
        What it was made with: ``Simulation(**parameters)`` is the same one.
    """

    def __init__(
        self,
        seed: int,
        duration_s: float,
        regime: str = "regular",
        *,
        fs: float = 4385.0,
        emission_hz: float = 2e6,
        gates: int = 1,
        emboli_per_minute: float = 10.0,
        artefacts_per_minute: float = 10.0,
        echo_db: tuple[float, float] = (0.0, 20.0),
    ) -> None:
        if not 1 <= duration_s <= LONGEST_S or regime not in REGIMES or gates not in (1, 2):
            raise InputError(
                f"cannot simulate {duration_s:g} s of regime {regime!r} with {gates} gates",
                remedy=f"Simulate 1 s to 31 days with 1 or 2 gates of one of: {', '.join(REGIMES)}",
            )
        if not (1000 <= fs <= 20_000 and 0.5e6 <= emission_hz <= 10e6):
            raise InputError(
                f"cannot simulate {fs:g} Hz at {emission_hz:g} Hz",
                remedy="Give a repetition rate of 1000 to 20000 Hz and an emission of 0.5 to 10 MHz",
            )
        rates, (low, high) = (emboli_per_minute, artefacts_per_minute), echo_db
        if not (seed >= 0 and all(0 <= rate <= 600 for rate in rates) and -30 <= low <= high <= 40):
            raise InputError(
                f"cannot simulate seed {seed}, {rates[0]:g} emboli and {rates[1]:g} artefacts a minute, {low:g} to {high:g} dB",
                remedy="Give a seed of 0 or more, 0 to 600 a minute, and echoes from -30 to 40 dB, the lower one first",
            )
        self.parameters: dict[str, Any] = {
            "seed": seed, "duration_s": duration_s, "regime": regime, "fs": fs, "emission_hz": emission_hz, "gates": gates,
            "emboli_per_minute": emboli_per_minute, "artefacts_per_minute": artefacts_per_minute, "echo_db": [low, high],
        }  # fmt: skip
        streams = [
            np.random.default_rng(s) for s in np.random.SeedSequence((seed, list(REGIMES).index(regime))).spawn(6)
        ]
        self.regime, self.fs, self.emission_hz, self.gates = regime, fs, emission_hz, gates
        self.n_samples = round(duration_s * fs)
        self.patient: Patient = draw_patient(REGIMES[regime], streams[0])
        self.beats: Beats = draw_beats(self.patient, duration_s, streams[1])
        self._drift = _drift(self.patient.drift_db, duration_s, streams[2])
        # Where the converters of a gate have their zero is nobody's choice: any phase.
        phases = np.exp(2j * np.pi * streams[5].random(gates))
        self._offsets: Complex = 10 ** (self.patient.offset_db / 20) * phases
        self._seeds = (seed, list(REGIMES).index(regime), 1)
        self._emboli = self._draw_emboli(streams[3], duration_s, emboli_per_minute, echo_db)
        drawn = [artefacts.draw_artefact(streams[4], t) for t in _times(streams[4], duration_s, artefacts_per_minute)]
        self._artefacts = [a for a in drawn if a.start_s + a.duration_s < duration_s - 0.1]

    @cached_property
    def truth(self) -> list[Truth]:
        """What is put in, in order of time."""
        known = []
        for e in self._emboli:
            echo = emboli.echo(e, self.patient, self.beats, self.fs, self.emission_hz)
            later = 0.0
            if self.gates == 2:
                second = emboli.echo(e, self.patient, self.beats, self.fs, self.emission_hz, self._gate_mm)
                later = (second.start_s + second.stop_s - echo.start_s - echo.stop_s) / 2
            known.append(
                Truth(echo.start_s, echo.stop_s - echo.start_s, e.echo_db, e.kind, echo.shift_hz, later, e.modulation)
            )
        known += [Truth(a.start_s, a.duration_s, a.level_db, "artefact", detail=a.kind) for a in self._artefacts]
        return sorted(known, key=lambda t: t.start_s)

    def blocks(self) -> Iterator[Complex]:
        """Yield samples of all gates, (gates, n), in order of time."""
        seeds = np.random.SeedSequence(self._seeds).spawn(2 * self.gates)
        flows = [Flow(self.patient, self.fs, self.emission_hz, np.random.default_rng(s)) for s in seeds[: self.gates]]
        noise = [np.random.default_rng(s) for s in seeds[self.gates :]]
        n_frames = max(1, int(BLOCK_S * self.fs) // HOP)
        for flow in flows:  # so that what follows is whole from its first sample on
            self._blood(flow, -NFFT, NFFT // HOP)
        for start in range(0, self.n_samples, n_frames * HOP):
            made = np.stack([self._block(k, flows[k], noise[k], start, n_frames) for k in range(self.gates)])
            yield made[:, : self.n_samples - start]

    @property
    def _gate_mm(self) -> float:
        """From the first gate to the second along the vessel; blood that comes towards the probe is in the deeper one first."""
        along = GATE_MM / float(np.cos(np.deg2rad(self.patient.angle_deg)))
        return along if self.patient.away else -along

    def _draw_emboli(
        self, rng: np.random.Generator, duration_s: float, per_minute: float, echo_db: tuple[float, float]
    ) -> list[emboli.Embolus]:
        drawn = []
        for t in _times(rng, duration_s, per_minute):
            times = np.array([t + 0.15])
            if rng.random() < SHOWER:
                times = t + 0.15 + np.sort(rng.uniform(0, 2.0, int(rng.integers(3, 9))))
            drawn += [
                emboli.draw_embolus(rng, float(at), echo_db, self.patient, self.beats, self.emission_hz)
                for at in times
                if at < duration_s - 0.5
            ]
        return drawn

    def _density(self, flow: Flow, t: Floats) -> tuple[Floats, Floats]:
        v = self.beats.velocity(self.patient, t)
        rising = np.clip((self.beats.velocity(self.patient, t + 0.02) - v) / 0.02 / 8.0, 0.0, 1.0)
        return flow.density(doppler_shift(v, self.emission_hz, self.patient.angle_deg), rising)

    def _blood(self, flow: Flow, start: int, n_frames: int) -> Complex:
        density, _ = self._density(flow, (start + np.arange(n_frames) * HOP + NFFT / 2) / self.fs)
        return flow.samples(density)

    def _block(self, gate: int, flow: Flow, noise: np.random.Generator, start: int, n_frames: int) -> Complex:
        out = self._blood(flow, start, n_frames)
        stop = start + len(out)
        low, high = start / self.fs - 2.5, stop / self.fs + 2.5
        for e in (e for e in self._emboli if low < e.middle_s < high):
            way = self._gate_mm if gate else 0.0
            echo = emboli.echo(e, self.patient, self.beats, self.fs, self.emission_hz, way)
            _, power = self._density(flow, np.array([(echo.start_s + echo.stop_s) / 2]))
            level = np.sqrt(10 ** (e.echo_db / 10) * power[0])
            _add(out, start, echo.first, level * echo.samples)
        out *= np.interp(np.arange(start, stop) / self.fs, np.arange(len(self._drift)) * DRIFT_S, self._drift)
        for a in (a for a in self._artefacts if low < a.start_s < high):
            _add(
                out, start, round(a.start_s * self.fs), artefacts.artefact_samples(a, self.fs) * (0.8 if gate else 1.0)
            )
        out += 10 ** (self.patient.image_db / 20) * np.conj(out)
        floor = np.sqrt(10 ** (self.patient.noise_db / 10) / 2)
        return out + self._offsets[gate] + floor * (noise.standard_normal((len(out), 2)) @ np.array([1, 1j]))


def tcd(
    seed: int,
    duration_s: float,
    regime: str = "regular",
    *,
    fs: float = 4385.0,
    emission_hz: float = 2e6,
    gates: int = 1,
    emboli_per_minute: float = 10.0,
    artefacts_per_minute: float = 10.0,
    echo_db: tuple[float, float] = (0.0, 20.0),
) -> tuple[Complex, list[Truth]]:
    """Simulate a recording.

    Parameters
    ----------
    seed : int
        The same seed and parameters give the same samples. It also draws the patient (`core.signals.simulate.Patient`).
    duration_s : float
        Seconds, at least 1. All of it is in memory: `Simulation.blocks` gives long ones piece by piece.
    regime : str
        One of `REGIMES`: ``regular``, ``atrial_fibrillation``, ``low_flow`` (which is also noisy).
    fs : float
        Pulse repetition rate, Hz; shifts beyond half of it alias.
    emission_hz : float
        Emission frequency, Hz; 1-2.5 MHz through the skull.
    gates : int
        1, or 2 at depths 12 mm apart, so that an embolus shows in both, one after the other, and an artefact at once.
    emboli_per_minute, artefacts_per_minute : float
        Mean rates of times at which something happens; one in twenty emboli is a shower of 3 to 8 that may overlap.
    echo_db : (float, float)
        Range of the emboli's echo over blood, dB; as hits-to-blood ratio, see `hbr_of_echo`: 0 dB are 3 dB of HBR.

    Returns
    -------
    iq : (n,) or (2, n) complex128 array
        Blood of mean power about 1, vessel wall, emboli, artefacts, noise and a constant offset.
    truth : list of Truth
        In order of time.

    Raises
    ------
    InputError
        If a parameter is out of its range.
    """
    made = Simulation(
        seed, duration_s, regime, fs=fs, emission_hz=emission_hz, gates=gates,
        emboli_per_minute=emboli_per_minute, artefacts_per_minute=artefacts_per_minute, echo_db=echo_db,
    )  # fmt: skip
    iq = np.concatenate(list(made.blocks()), axis=1)
    return (iq[0] if gates == 1 else iq), made.truth


def _add(out: Complex, start: int, first: int, samples: Complex) -> None:
    """Add samples that begin at `first` to a block that begins at `start`."""
    low, high = max(start, first), min(start + len(out), first + len(samples))
    if low < high:
        out[low - start : high - start] += samples[low - first : high - first]


def _drift(drift_db: float, duration_s: float, rng: np.random.Generator) -> Floats:
    """Return the gain every `DRIFT_S` seconds: a random walk that is drawn back to 1 within a minute or so."""
    steps, gain = rng.standard_normal(int(duration_s / DRIFT_S) + 3), 0.0
    keep = float(np.exp(-DRIFT_S / 60.0))
    walk = [gain := keep * gain + np.sqrt(1 - keep**2) * step for step in steps]
    return np.asarray(10 ** (drift_db * np.array(walk) / 20))


def _times(rng: np.random.Generator, duration_s: float, per_minute: float) -> Sequence[float]:
    """Return event times, exponential; at least half a second from both ends."""
    if per_minute <= 0:
        return []
    gaps = rng.exponential(60 / per_minute, int(per_minute * duration_s / 60 * 1.5) + 20)
    times = 0.5 + np.cumsum(gaps)
    return [float(t) for t in times[times < duration_s - 0.8]]
