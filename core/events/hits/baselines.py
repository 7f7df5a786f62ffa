"""What the detector is held against: a plain threshold, and an energy threshold that adapts.

Both look at the energy of short windows, 64 samples long, in each direction of flow, as the overview of Girault, Geryes,
Charara & Ménigot (hal-02346812, 2019) describes them; both may use the rules of the consensus on duration and direction. The
level that fires is a parameter, so that they can be compared at equal false alarms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from core.events.hits.following import follow

Floats = npt.NDArray[np.floating]

WINDOW = 64
OVERLAP = 0.65


@dataclass(frozen=True)
class Alarm:
    """What a baseline found: when, s, and its score: the higher, the surer."""

    start_s: float
    stop_s: float
    score: float


def energies(iq: npt.NDArray[np.complexfloating], fs: float, wall_hz: float = 150.0) -> tuple[Floats, Floats, float]:
    """Return the energy of short windows with the flow and against it, (n_windows,) each, and the step between them, s."""
    followed = follow(iq, fs, wall_hz)
    hop = max(1, round(WINDOW * (1 - OVERLAP)))
    spectrum = scipy.fft.fft(followed.samples)
    side = (
        scipy.fft.fftfreq(len(spectrum), 1 / fs) < 0 if followed.away else scipy.fft.fftfreq(len(spectrum), 1 / fs) > 0
    )
    sums = []
    for kept in (side, ~side):
        power = np.abs(scipy.fft.ifft(np.where(kept, spectrum, 0))) ** 2
        sums.append(np.lib.stride_tricks.sliding_window_view(power, WINDOW)[::hop].mean(axis=1))
    return sums[0], sums[1], hop / fs


def plain_threshold(iq: npt.NDArray[np.complexfloating], fs: float, level_db: float = 3.0) -> list[Alarm]:
    """Find times at which the energy with the flow exceeds its running median by a fixed level.

    Parameters
    ----------
    level_db : float
        3 dB by the consensus (Ringelstein et al. 1998). The score of an alarm is its largest excess, dB.
    """
    along, against, step = energies(iq, fs)
    usual = _running_median(along, round(4.0 / step))
    excess = 10 * np.log10(np.maximum(along, 1e-30) / np.maximum(usual, 1e-30))
    return _alarms(excess, level_db, along - usual, against - _running_median(against, round(4.0 / step)), step)


def adaptive_energy(iq: npt.NDArray[np.complexfloating], fs: float, deviations: float = 3.0) -> list[Alarm]:
    """Find times at which the energy with the flow exceeds a threshold that follows the heart's cycle.

    The threshold is the energy of the quarter second around plus so many standard deviations of what is left.

    Parameters
    ----------
    deviations : float
        The score of an alarm is its largest excess in standard deviations.
    """
    along, against, step = energies(iq, fs)
    usual = _running_median(along, round(0.25 / step))
    left = along - usual
    spread = 1.4826 * np.median(np.abs(left - np.median(left)))
    return _alarms(
        left / max(float(spread), 1e-30), deviations, left, against - _running_median(against, round(4.0 / step)), step
    )


BASELINES: dict[str, tuple[str, Callable[..., list[Alarm]], float]] = {
    "plain": ("3 dB threshold", plain_threshold, 2.0),
    "adaptive": ("adaptive energy threshold", adaptive_energy, 2.0),
}


def _alarms(excess: Floats, level: float, along: Floats, against: Floats, step: float) -> list[Alarm]:
    """Return the times above a level that are short and go one way."""
    regions, _ = scipy.ndimage.label(scipy.ndimage.binary_closing(excess > level, np.ones(3)))
    found = []
    for (at,) in scipy.ndimage.find_objects(regions):
        if (at.stop - at.start) * step >= 0.3:
            continue
        one, other = float(along[at].clip(0).sum()), float(against[at].clip(0).sum())
        if one - other >= 0.6 * (one + other):
            found.append(Alarm(at.start * step, at.stop * step, float(excess[at].max())))
    return found


def _running_median(x: Floats, size: int) -> Floats:
    """Return the running median; of long windows, that of every fourth value, which is four times as fast."""
    thin = 4 if size > 100 else 1
    median = scipy.ndimage.median_filter(x[::thin], max(3, size // thin | 1), mode="nearest")
    return np.interp(np.arange(len(x)), np.arange(len(median)) * thin, median)
