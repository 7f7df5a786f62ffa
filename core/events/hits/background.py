"""The blood's own spectrum, per frequency and phase of the heart, whatever emboli pass.

The phase is told by how fast the blood flows: its velocity runs through the same values in every beat, at whatever
interval the beats follow each other, so that this holds in atrial fibrillation too. Blood is complex Gaussian: its power in
one place of time and frequency is exponentially distributed, with a median of ln 2 of the mean. The mean over all moments of a
phase, each clipped at four times what the median says, is the background, which emboli and artefacts hardly move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from core.events.hits.following import Followed

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.intp]

PHASES = 12
PHASE_S = 3.0  # of signal that each phase needs to be known
MOMENTS = 200  # that a median is taken of at most
FLOOR = 0.9  # of the plateau
SHAKE_HZ = 45.0  # of the blood's own mean shift, by which its spectrum may lie beside where it was learnt
CLIP = 4.0  # times the mean: what is more is not blood, or chance that is accounted for


@dataclass(frozen=True)
class Phases:
    """Phases of the heart by velocity: limits between them, Hz towards the flow."""

    limits: Floats
    sign: float

    @classmethod
    def of(cls, followed: Followed) -> Phases:
        """Return phases of equal length in a stretch."""
        sign = -1.0 if followed.away else 1.0
        live = followed.shift_hz[~followed.dead] * sign
        n = int(np.clip(len(live) * followed.hop / followed.fs / PHASE_S, 1, PHASES))
        return cls(np.quantile(live, np.linspace(0, 1, n + 1)[1:-1]) if len(live) else np.zeros(0), sign)

    def __len__(self) -> int:
        return len(self.limits) + 1

    def at(self, followed: Followed) -> Ints:
        """Return the phase of every step."""
        return np.digitize(followed.shift_hz * self.sign, self.limits).astype(np.intp)


@dataclass(frozen=True)
class Background:
    """Blood of one window length.

    Attributes
    ----------
    density : (n_phases, n_window) array
        Mean power in every frequency that moves with the blood, in the order of an FFT, for a gain of 1.
    level : (n_phases, n_window) array
        What something must stand out of: the density, as it may be some Hz beside, and nowhere less than where most of
        the blood is. The edges of the blood's spectrum shake with its velocity, and no embolus is faster than the blood.
    """

    density: Floats
    level: Floats

    @classmethod
    def of(cls, power: Floats, phase: Ints, n_phases: int, fs: float) -> Background:
        """Learn it from powers (n_frames, n_window) and the phase of each frame, -1 for those to leave out."""
        whole = _clipped_mean(power[phase >= 0])
        density = np.stack(
            [_clipped_mean(some) if len(some := power[phase == p]) >= 20 else whole for p in range(n_phases)]
        )
        density = np.maximum(density, 1e-12)
        plateau = (density**2).sum(1) / density.sum(1)
        beside = 2 * round(SHAKE_HZ * density.shape[1] / fs) + 1
        most = scipy.ndimage.maximum_filter1d(density, beside, axis=1, mode="wrap")
        return cls(density, np.maximum(most, FLOOR * plateau[:, None]).astype(np.float32))


def _clipped_mean(power: Floats) -> Floats:
    """Return the mean of exponentially distributed powers without what else is in them, smoothed over three frequencies."""
    if not len(power):
        return np.ones(power.shape[1], dtype=np.float32)
    moments = np.ascontiguousarray(power[:: max(1, len(power) // MOMENTS)].T)  # several times as fast this way round
    mean = np.median(moments, axis=1) / np.log(2)
    for _ in range(2):
        mean = np.minimum(moments, CLIP * mean[:, None]).mean(axis=1) / (1 - np.exp(-CLIP))
    return np.asarray(scipy.ndimage.convolve1d(mean, np.array([0.25, 0.5, 0.25]), mode="wrap"), dtype=np.float32)
