"""What real and simulated blood are compared by; the same code measures both. Flow is on the negative side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.signals import frequencies, stft

Floats = npt.NDArray[np.float64]
FS, NFFT, HOP = 5000.0, 128, 32  # frames of 26 ms
AVERAGED = 5  # frames, 51 ms in all: speckle would else be taken for flow
PHASES = ("diastole", "between", "systole")  # thirds of the frames by their envelope
LEAST_HZ = 150.0  # below is the wall filter of the DWL recording


@dataclass(frozen=True)
class Blood:
    """Clean frames of a recording, against the density of noise.

    Attributes
    ----------
    power : (n_frames, NFFT) array
        Density over that of noise.
    envelope_hz : (n_frames,) array
        Shift below which 90 % of the power above noise lies, of several frames; NaN in artefacts.
    clean : (n_frames,) bool array
    """

    power: Floats
    envelope_hz: Floats
    clean: npt.NDArray[np.bool_]

    @property
    def spectra(self) -> Floats:
        """Mean density over noise in each of `PHASES`, (3, NFFT)."""
        low, high = np.nanquantile(self.envelope_hz, (1 / 3, 2 / 3))
        parts = (
            self.envelope_hz < low,
            (self.envelope_hz >= low) & (self.envelope_hz < high),
            self.envelope_hz >= high,
        )
        return np.stack([self.power[part & self.clean].mean(axis=0) for part in parts])


def shifts() -> Floats:
    """Return the frequency of each column, Hz."""
    return np.asarray(frequencies(NFFT, FS, two_sided=True))


def blood_of(pieces: list[npt.NDArray[np.complex128]], *, with_artefacts: bool) -> Blood:
    """Return the blood of stretches of I/Q; where there are artefacts, what rises on the other side of zero is left out."""
    flow, other = shifts() < -LEAST_HZ, shifts() > LEAST_HZ
    parts = [np.abs(stft(piece, NFFT, HOP).T) ** 2 for piece in pieces]
    far = np.concatenate([p[:, shifts() > 1000].mean(axis=1) for p in parts])
    noise = float(np.median(far))
    power, envelopes, clean = [], [], []
    for part in parts:
        part = part / noise
        loud = with_artefacts & (part[:, other].mean(axis=1) > 2.0)
        near = np.convolve(loud, np.ones(11), mode="same") > 0  # 32 ms on either side
        smooth = np.apply_along_axis(np.convolve, 0, part, np.full(AVERAGED, 1 / AVERAGED), mode="same")
        envelope = _envelope(np.maximum(smooth[:, flow][:, ::-1] - 1.0, 0.0), -shifts()[flow][::-1])
        envelope[near] = np.nan
        power.append(part), envelopes.append(envelope), clean.append(~near)
    return Blood(np.concatenate(power), np.concatenate(envelopes), np.concatenate(clean))


def _envelope(power: Floats, hz: Floats) -> Floats:
    """Return the shift below which 90 % of the power lies, where it stands out of the noise at all."""
    summed = np.cumsum(np.where(power > 2.0, power, 0.0), axis=1)
    return np.asarray(hz[np.argmax(summed >= 0.9 * summed[:, -1:], axis=1)].astype(float))


def numbers_of(blood: Blood) -> dict[str, float]:
    """Return the figures of the comparison."""
    flow, step = shifts() < -LEAST_HZ, FS / NFFT
    above = np.maximum(blood.spectra[:, flow] - 1.0, 0.0)
    low, systolic, high = np.nanquantile(blood.envelope_hz, (0.05, 5 / 6, 0.95))
    bandwidth = above.sum(axis=1) ** 2 / (above**2).sum(axis=1) * step
    at, systole = -shifts()[flow], 10 * np.log10(np.maximum(above[2], 1e-3))
    slow, fast = (at < 400), (at > 0.5 * high) & (at < 0.75 * high)
    rise = (blood.envelope_hz[4:] - blood.envelope_hz[:-4]) / (4 * HOP / FS) / (high - low)
    return {
        "envelope, systole (Hz)": float(high),
        "systolic over diastolic envelope": float(high / low),
        "effective bandwidth, diastole (Hz)": float(bandwidth[0]),
        "effective bandwidth, systole (Hz)": float(bandwidth[2]),
        "effective bandwidth over envelope, systole": float(bandwidth[2] / high),
        "density of blood over noise (dB)": float(10 * np.log10(above[:, -shifts()[flow] < systolic].mean())),
        "power, systole over diastole (dB)": float(10 * np.log10(above[2].sum() / above[0].sum())),
        "slow shifts (150-400 Hz) over fast ones (50-75 % of envelope), systole (dB)": float(
            systole[slow].mean() - systole[fast].mean()
        ),
        "at zero shift over noise (dB)": float(10 * np.log10(blood.spectra[:, NFFT // 2].mean())),
        "steepest rise (pulse heights per s)": float(np.nanquantile(rise, 0.99)),
    }
