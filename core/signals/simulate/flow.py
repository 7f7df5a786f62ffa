"""Blood flow: complex Gaussian noise shaped by a Doppler spectrum that follows the heart.

Backscatter of many red cells adds up to a complex Gaussian process whose short-time spectrum mirrors the velocities in
the sample volume (Angelsen 1980; Mo & Cobbold 1986). In a round vessel with the profile ``v = v_max (1 - (r/R)^n)``, all
of it in the beam, velocities have the density ``(1 - v/v_max)^(2/n - 1)``: flat for the parabola n = 2, rising towards the
envelope in a blunter one (Evans & McDicken 2000). Transit-time and geometric broadening blur it in proportion to velocity.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.signals.simulate.patients import Patient

Floats = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]

SPEED_OF_SOUND = 1540.0  # m/s, soft tissue
NFFT, HOP = 256, 64
SHAPE_STEP = 0.005  # of the envelope


def doppler_shift(v: npt.ArrayLike, emission_hz: float, angle_deg: float) -> Floats:
    """Return the Doppler shift ``2 v f₀ cos θ / c``, Hz, of a velocity in m/s."""
    return np.asarray(2.0 * np.asarray(v) * emission_hz * np.cos(np.deg2rad(angle_deg)) / SPEED_OF_SOUND)


def spectral_shape(patient: Patient) -> tuple[Floats, Floats]:
    """Return shifts as shares of the envelope's, -0.6 to 1.6, and the density there, which sums to 1 over `SHAPE_STEP`."""
    u = np.arange(-0.6, 1.6 + SHAPE_STEP / 2, SHAPE_STEP)
    # Between edges, not at points: at u = 1 the density of a blunt profile is infinite, but its integral is not.
    edges = np.clip(np.append(u, u[-1] + SHAPE_STEP) - SHAPE_STEP / 2, 0.0, 1.0)
    density = -np.diff((1 - edges) ** (2 / patient.profile)) / SHAPE_STEP
    half = int(np.ceil(4 * patient.broadening / SHAPE_STEP))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * SHAPE_STEP / patient.broadening) ** 2)
    return u, np.convolve(density, kernel / kernel.sum(), mode="same")


@dataclass
class Flow:
    """Blood and vessel wall of one gate, made frame by frame in order of time.

    Attributes
    ----------
    patient : Patient
    fs, emission_hz : float
        Hz.
    rng : numpy.random.Generator
        Of this gate alone, so that the samples do not depend on how many are made at a time.
    """

    patient: Patient
    fs: float
    emission_hz: float
    rng: np.random.Generator
    _tail: Complex = field(default_factory=lambda: np.zeros(NFFT - HOP, complex))

    def density(self, envelope_hz: Floats, systole: Floats) -> tuple[Floats, Floats]:
        """Return power per bin of `NFFT`, (n_frames, NFFT), and the blood's power after the wall filter, (n_frames,).

        Blood has mean power 1 before that filter where the envelope is at its mean.

        Parameters
        ----------
        envelope_hz : (n_frames,) array
            Shift of the envelope; shifts beyond ``fs/2`` alias, as in a pulsed system.
        systole : (n_frames,) array
            0 to 1: how fast the vessel's wall moves.
        """
        p = self.patient
        frequencies = np.fft.fftfreq(NFFT, 1 / self.fs)
        passed = 1 / (1 + (p.wall_hz / np.maximum(np.abs(frequencies), 1e-3)) ** 8)
        mean_hz = doppler_shift((p.systolic + 2 * p.diastolic) / 3, self.emission_hz, p.angle_deg)
        power = (envelope_hz / mean_hz) ** p.strength_by_flow
        blood = self._blood(frequencies, envelope_hz) + 10 ** (p.opposite_db / 10) * self._blood(
            frequencies, -0.6 * envelope_hz
        )
        blood *= passed * power[:, None]
        wall = np.exp(-0.5 * (frequencies / 40.0) ** 2)
        wall *= passed * 10 ** (p.wall_db / 10) / wall.sum()
        main = blood[:, frequencies < 0].sum(1) if p.away else blood[:, frequencies > 0].sum(1)
        return blood + wall * systole[:, None], main

    def _blood(self, frequencies: Floats, envelope_hz: Floats) -> Floats:
        u, shape = spectral_shape(self.patient)
        sign = -1.0 if self.patient.away else 1.0
        limit = np.abs(envelope_hz)[:, None]
        side = sign * np.sign(envelope_hz)[:, None] * frequencies
        step = self.fs / NFFT
        total = np.zeros((len(envelope_hz), NFFT))
        for turn in (-1, 0, 1):  # what is beyond half the rate comes back on the other side
            total += np.interp((side + turn * self.fs) / limit, u, shape, left=0.0, right=0.0) * step / limit
        return total

    def samples(self, density: Floats) -> Complex:
        """Return the next ``n_frames * HOP`` samples, of the power of `density`."""
        n = len(density)
        white = self.rng.standard_normal((n, 2, NFFT))
        taper = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(NFFT) / NFFT)) * NFFT / 2  # four overlap: power 2
        frames = np.fft.ifft((white[:, 0] + 1j * white[:, 1]) * np.sqrt(density), axis=1) * taper
        out = np.zeros(n * HOP + NFFT - HOP, complex)
        out[: NFFT - HOP] = self._tail
        parts = frames.reshape(n, NFFT // HOP, HOP)
        for k in range(NFFT // HOP):
            out[k * HOP : (k + n) * HOP] += parts[:, k].reshape(-1)
        self._tail = out[n * HOP :].copy()
        return out[: n * HOP]
