"""A simulated transcranial Doppler recording with its truth table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.signals.simulate import artefacts, emboli, flow


@dataclass(frozen=True)
class Truth:
    """What was put into a simulated recording.

    Attributes
    ----------
    start_s, duration_s : float
    echo_db : float
        Mean power of what was put in, alone, over mean blood power, dB.
    kind : str
        ``solid``, ``gaseous`` or ``artefact``.
    """

    start_s: float
    duration_s: float
    echo_db: float
    kind: str

    @property
    def hbr_db(self) -> float:
        """Hits-to-blood ratio, dB, as `core.events.Hit` measures it: what was put in and blood together, over blood."""
        return emboli.hbr_of_echo(self.echo_db)


def tcd(
    seed: int,
    duration_s: float,
    regime: str = "regular",
    *,
    fs: float = 4385.0,
    emission_hz: float = 2e6,
    angle_deg: float = 30.0,
    emboli_per_minute: float = 10.0,
    artefacts_per_minute: float = 10.0,
    echo_db: tuple[float, float] = (4.0, 20.0),
) -> tuple[npt.NDArray[np.complex128], list[Truth]]:
    """Simulate a recording.

    Parameters
    ----------
    seed : int
        The same seed and parameters give the same samples.
    duration_s : float
        Seconds, at least 1.
    regime : str
        One of `REGIMES`.
    fs : float
        Pulse repetition rate, Hz; 2,000-10,000.
    emission_hz : float
        Emission frequency, Hz; 1-2.5 MHz through the skull.
    angle_deg : float
        Between beam and vessel, degrees; 0-60.
    emboli_per_minute, artefacts_per_minute : float
        Mean rates; times are drawn so that no two events overlap.
    echo_db : (float, float)
        Range of the emboli's echo over blood, dB; as hits-to-blood ratio, see `hbr_of_echo`.

    Returns
    -------
    iq : (n,) complex128 array
        Blood of mean power 1, emboli, artefacts and noise.
    truth : list of Truth
        In order of time.

    Raises
    ------
    InputError
        If a parameter is out of its range.
    """
    if duration_s < 1 or regime not in flow.REGIMES:
        raise InputError(
            f"cannot simulate {duration_s} s of regime {regime!r}",
            remedy=f"Simulate at least 1 s of one of: {', '.join(flow.REGIMES)}",
        )
    rng = np.random.default_rng(seed)
    kind = flow.REGIMES[regime]
    n = round(duration_s * fs)
    frames = n // flow.HOP + 2 * flow.NFFT // flow.HOP + 2
    v = flow.velocity(kind, frames * flow.HOP / fs, fs / flow.HOP, rng)[:frames]
    shift = flow.doppler_shift(v, emission_hz, angle_deg)
    iq = flow.blood(shift, n, fs, kind, rng)
    at_samples = np.interp(np.arange(n) + flow.NFFT / 2, np.arange(frames) * flow.HOP, shift)
    truth = []
    for start in _times(rng, duration_s, emboli_per_minute):
        embolus = emboli.draw(rng, start, echo_db)
        first, samples = emboli.echo(embolus, at_samples, fs, rng)
        iq[first : first + len(samples)] += samples
        truth.append(Truth(embolus.start_s, embolus.duration_s, embolus.echo_db, embolus.kind))
    taken = [(t.start_s - 0.3, t.start_s + t.duration_s + 0.3) for t in truth]
    for start in _times(rng, duration_s, artefacts_per_minute):
        artefact = artefacts.draw(rng, start)
        if any(low < start + artefact.duration_s and start < high for low, high in taken):
            continue
        first, samples = artefacts.knock(artefact, n, fs, rng)
        iq[first : first + len(samples)] += samples
        truth.append(Truth(artefact.start_s, artefact.duration_s, artefact.level_db, "artefact"))
    noise = np.sqrt(10 ** (kind.noise_db / 10) / 2)
    iq += noise * (rng.standard_normal(n) + 1j * rng.standard_normal(n))
    return iq, sorted(truth, key=lambda t: t.start_s)


def _times(rng: np.random.Generator, duration_s: float, per_minute: float) -> Iterator[float]:
    """Yield event times a second or more apart, exponential beyond that."""
    if per_minute <= 0:
        return
    t = 0.5 + rng.exponential(60 / per_minute)
    while t < duration_s - 0.6:
        yield float(t)
        t += 1.0 + rng.exponential(max(60 / per_minute - 1.0, 0.2))
