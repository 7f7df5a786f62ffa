"""Blood flow: complex Gaussian noise shaped by a Doppler spectrum that follows the heart.

Backscatter of many red cells adds up to a complex Gaussian process whose short-time spectrum mirrors the velocities in
the sample volume (Angelsen 1980; Mo and Cobbold 1986). Velocities follow a cardiac cycle of a steep systolic rise, a
dicrotic notch and a diastolic run-off; the beam and the vessel wall broaden and cut the spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SPEED_OF_SOUND = 1540.0  # m/s, soft tissue
NFFT, HOP = 256, 64


@dataclass(frozen=True)
class Regime:
    """A kind of patient.

    Attributes
    ----------
    heart_rate : float
        Beats a minute; 40 to 150.
    variability : float
        Standard deviation of the beat interval, fraction of its mean; 0.03 at rest, 0.2 in atrial fibrillation.
    diastolic, systolic : float
        Envelope velocities at the ends of the cycle, m/s; middle cerebral artery 0.25-0.5 and 0.6-1.0 (Aaslid 1982).
    broadening : float
        Standard deviation of the spectrum, fraction of the mean Doppler shift; 0.1-0.4.
    noise_db : float
        Noise floor against blood power, dB; -30 to -10.
    """

    heart_rate: float = 68.0
    variability: float = 0.04
    diastolic: float = 0.32
    systolic: float = 0.72
    broadening: float = 0.25
    noise_db: float = -22.0


REGIMES = {
    "regular": Regime(),
    "atrial_fibrillation": Regime(heart_rate=92.0, variability=0.2, systolic=0.62),
    "low_flow": Regime(heart_rate=74.0, diastolic=0.16, systolic=0.42, broadening=0.35, noise_db=-12.0),
}


def velocity(regime: Regime, duration_s: float, rate_hz: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the mean velocity in the sample volume, m/s, at `rate_hz`."""
    mean = 60.0 / regime.heart_rate
    n_beats = int(duration_s / mean * 1.6) + 8
    intervals = np.clip(mean * (1 + regime.variability * rng.standard_normal(n_beats)), 0.35 * mean, 2.5 * mean)
    edges = np.concatenate([[0.0], np.cumsum(intervals)])
    t = np.arange(int(np.ceil(duration_s * rate_hz))) / rate_hz + rng.uniform(0, mean)
    beat = np.searchsorted(edges, t, side="right") - 1
    since, length = t - edges[beat], intervals[np.minimum(beat, n_beats - 1)]
    return regime.diastolic + (regime.systolic - regime.diastolic) * pulse(since, length)


def pulse(since_s: npt.NDArray[np.float64], length_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return one beat, 0 to 1: systole peaks 0.12 s after its start whatever the beat's length; then run-off."""
    systole = np.exp(-0.5 * ((since_s - 0.12) / 0.055) ** 2)
    dicrotic = 0.45 * np.exp(-0.5 * ((since_s - 0.34) / 0.07) ** 2)
    run_off = 0.35 * (1 - np.exp(-since_s / 0.05)) * np.exp(-since_s / (0.6 * length_s))
    return np.clip((systole + dicrotic + run_off) / 1.2, 0.0, 1.0)


def doppler_shift(v: npt.ArrayLike, emission_hz: float, angle_deg: float) -> npt.NDArray[np.float64]:
    """Return the Doppler shift ``2 v f₀ cos θ / c``, Hz, of a velocity in m/s."""
    return np.asarray(2.0 * np.asarray(v) * emission_hz * np.cos(np.deg2rad(angle_deg)) / SPEED_OF_SOUND)


def blood(
    shift_hz: npt.NDArray[np.float64],
    n: int,
    fs: float,
    regime: Regime,
    rng: np.random.Generator,
    wall_hz: float = 80.0,
) -> npt.NDArray[np.complex128]:
    """Return `n` samples of blood echo of mean power 1.

    Parameters
    ----------
    shift_hz : (n_frames,) array
        Mean Doppler shift of every frame of `HOP` samples; shifts beyond ``fs/2`` alias, as in a pulsed system.
    wall_hz : float
        Corner of the wall-motion filter, Hz; 50-200 in clinical machines.
    """
    frequencies = np.fft.fftfreq(NFFT, 1 / fs)[:, None]
    spread = np.maximum(regime.broadening * np.abs(shift_hz), 60.0)
    # Distance on the circle of frequencies: this is aliasing.
    distance = (frequencies - shift_hz + fs / 2) % fs - fs / 2
    density = np.exp(-0.5 * (distance / spread) ** 2) * (1 - np.exp(-((frequencies / wall_hz) ** 2)))
    density /= density.sum(axis=0, keepdims=True)
    n_frames = len(shift_hz)
    taper = np.sqrt(np.hanning(NFFT + 1)[:NFFT])
    out = np.zeros((n_frames - 1) * HOP + NFFT, complex)
    white = rng.standard_normal((n_frames, NFFT)) + 1j * rng.standard_normal((n_frames, NFFT))
    shaped = np.fft.ifft(white * np.sqrt(density.T), axis=1) * taper
    for frame in range(n_frames):
        out[frame * HOP : frame * HOP + NFFT] += shaped[frame]
    out = out[NFFT : NFFT + n]
    return out / np.sqrt(np.mean(np.abs(out) ** 2))
