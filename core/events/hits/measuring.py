"""Measuring a candidate: when, how long, how strong against the blood.

The hits-to-blood ratio is found in the way that Guépié et al. (IEEE J Biomed Health Inform 2019; 23:334) initialise and iterate:
the time begins as that of the chirp that fits best, power in it is measured against the blood's, the time is found
again where the power that is added exceeds a quarter of its peak, and so on until the ratio stays. The article's own
implementation is not public; what is written here is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy

from core.events.hits.following import Followed
from core.events.hits.search import Peak, unwrapped

Complex = npt.NDArray[np.complexfloating]
Floats = npt.NDArray[np.floating]

SEGMENT_S = 0.48  # around a candidate
STRAIGHT_S = 0.06
RATE_HZ = 1100.0  # at which it is looked at, after its own shift is taken away
DURATIONS_S = (0.008, 0.012, 0.018, 0.027, 0.04, 0.06, 0.09, 0.135, 0.2)
CHIRPS = (-10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 10.0)  # times duration squared
USUAL = (0.04, 0.06, 0.1, 0.6, 0.1, 0.06, 0.04)  # how often: most solid emboli show none (Smith et al. 1997)
LAGS = (-0.6, -0.3, 0.0, 0.3, 0.6)  # times duration
LONGEST, FARTHEST = 2.0, 0.75  # duration and lag, times the window that shows it best: usually half of it, and none
CLEAR_DB = 20.0  # from which the time is read off the power itself
SMOOTH_S, DIP_S = 0.006, 0.022
ABOVE, WIDEST_HZ = 12.0, 450.0
WHOLE = 0.7527  # energy of a Gaussian of peak power 1 that exceeds half its amplitude for 1 s: √(π / (8 ln 2))
FREE = 3.0  # what blood alone gives the best of many chirps
IN_CORE = (
    0.681  # mean power of a Gaussian over its peak power, where its amplitude exceeds half: ∫ 2^(-2u²) du from 0 to 1
)


@dataclass(frozen=True)
class Chirp:
    """The Gaussian chirp that fits best.

    Attributes
    ----------
    middle_s, duration_s : float
        Its middle, and how long it exceeds half its amplitude, s.
    hz, change_hz_s : float
        Its shift in the middle, and how fast that changes, Hz/s.
    ratio : float
        Its energy over the density of the blood.
    evidence : float
        Logarithm of how much likelier the signal is with any chirp, those that emboli are known for most, than by blood alone:
        what many chirps fit by chance counts for less.
    """

    middle_s: float
    duration_s: float
    hz: float
    change_hz_s: float
    ratio: float
    evidence: float


@dataclass(frozen=True)
class Strength:
    """When a candidate adds power, s, and the mean of that power over the gain."""

    start_s: float
    stop_s: float
    power: float


def segment(followed: Followed, middle: float, hz: float, change: float, reach_s: float) -> tuple[Complex, Floats]:
    """Return a stretch around a sample, at rest for what has a shift `hz` there that changes steadily; and its times, s.

    The change, Hz/s, holds for `reach_s` to both sides. A sample has the power that the stretch has within the
    frequencies that are left, `RATE_HZ` wide.
    """
    n = 2 * (round(SEGMENT_S * followed.fs) // 2)
    first = round(middle) - n // 2
    low, high = max(0, first), min(len(followed.samples), first + n)
    part = np.zeros(n, dtype=np.complex64)
    part[low - first : high - first] = followed.samples[low:high]
    since = (np.arange(n) + first - middle) / followed.fs
    within = np.clip(since, -reach_s, reach_s)
    turns = hz * since + change * within * (since - within / 2)
    part *= np.exp(-2j * np.pi * (turns % 1.0)).astype(np.complex64)
    keep = 2 * (round(n * RATE_HZ / followed.fs) // 2)
    spectrum = scipy.fft.fft(part)
    kept = np.concatenate([spectrum[: keep // 2], spectrum[-keep // 2 :]])
    times = (first + np.arange(keep) * n / keep) / followed.fs
    return scipy.fft.ifft(kept) * np.float32(keep / n), times


def flow_change(followed: Followed, middle: float) -> float:
    """Return how fast the blood's mean shift changes at a sample, Hz/s: a straight line does not shake as the track does."""
    centre = int(followed.step(round(middle)))
    reach = max(2, round(STRAIGHT_S * followed.fs / followed.hop))
    at = np.arange(max(0, centre - reach), min(len(followed.shift_hz), centre + reach + 1))
    return float(np.polyfit(at * followed.hop / followed.fs, followed.shift_hz[at], 1)[0]) if len(at) > 2 else 0.0


@cache
def _chirps(n: int, step_s: float) -> tuple[Floats, Complex]:
    """Return (duration, lag, change) and unit-energy chirps, (n_chirps, n), around the middle of a segment."""
    t = (np.arange(n) - n // 2) * step_s
    known = [(d, lag * d, chirp / d**2) for d in DURATIONS_S for lag in LAGS for chirp in CHIRPS]
    shapes = np.stack(
        [
            np.exp(-np.log(2) * (2 * (t - lag) / d) ** 2 - 1j * np.pi * change * (t - lag) ** 2)
            for d, lag, change in known
        ]
    )
    shapes /= np.sqrt((np.abs(shapes) ** 2).sum(axis=1, keepdims=True))
    return np.array(known), shapes.astype(np.complex64)


def best_chirp(followed: Followed, peak: Peak, density: float) -> Chirp:
    """Return the chirp that takes up most energy near a peak; `density` is the blood's there, with its gain."""
    mean = float(followed.shift_hz[followed.step(round(peak.at))])
    hz = mean + peak.shift_hz
    pace = float(np.clip(hz / mean, 0.2, 2.0)) if abs(mean) > 50 else 1.0
    change = pace * flow_change(followed, peak.at)
    part, times = segment(followed, peak.at, hz, change, STRAIGHT_S)
    step = times[1] - times[0]
    known, shapes = _chirps(len(part), float(step))
    energies = np.abs(scipy.fft.fft(shapes * part, axis=1)) ** 2
    own = scipy.fft.fftfreq(len(part), step)
    energies[:, np.abs(own) > 120] = 0
    # Another embolus near by, stronger than this one, is not what the peak stands for.
    window_s = peak.n / followed.fs
    energies[(known[:, 0] > LONGEST * window_s) | (np.abs(known[:, 1]) > FARTHEST * window_s)] = 0
    # The segment's samples are fewer: energy in them is that of the stretch's, thinned as much.
    ratios = energies.max(axis=1) * (step * followed.fs / density)
    usual = np.tile(np.array(USUAL), len(ratios) // len(USUAL)) / (len(ratios) / len(USUAL))
    evidence = float(
        np.log(usual @ np.exp(np.minimum(ratios, 600.0) - min(ratios.max(), 600.0))) + min(ratios.max(), 600.0)
    )
    likely = np.exp(np.maximum(ratios - ratios.max(), -60.0))
    likely /= likely.sum()
    # The mean over all that are likely: the best one alone is too short more often than too long.
    duration, lag = float(np.exp(likely @ np.log(known[:, 0]))), float(likely @ known[:, 1])
    best = int(ratios.argmax())
    hz += float(own[int(energies[best].argmax())]) + change * lag
    change += float(known[best, 2])
    hz = unwrapped(hz, mean, followed.fs)
    return Chirp(peak.at / followed.fs + lag, duration, hz, change, float(ratios[best]), evidence)


def strength_of(followed: Followed, chirp: Chirp, density: float, blood_within: Callable[[float], float]) -> Strength:
    """Return when a candidate adds power and how much, by initialising and iterating.

    Parameters
    ----------
    density : float
        What the chirp's ratio is against.
    blood_within : callable
        The blood's power within so many Hz to both sides of the chirp's shift.
    """
    reach = max(STRAIGHT_S, chirp.duration_s)
    part, times = segment(followed, chirp.middle_s * followed.fs, chirp.hz, chirp.change_hz_s, reach)
    step = times[1] - times[0]
    start, stop, power = chirp.middle_s - chirp.duration_s / 2, chirp.middle_s + chirp.duration_s / 2, -1.0
    for _ in range(8):
        width = _width(stop - start, chirp.ratio)
        envelope = _in_band(part, step, width)
        blood = blood_within(width)
        fitted = _fit(times, envelope, blood, (start + stop) / 2, stop - start)
        start, stop = fitted.start_s, fitted.stop_s
        before, power = power, fitted.power
        if abs(power - before) < 0.02 * max(power, 1e-30):
            break
    if 10 * np.log10(max(chirp.ratio, 1e-3)) < CLEAR_DB:  # its shape says more than the blood lets see
        energy = max(chirp.ratio - FREE, 0.0) * density / (chirp.duration_s * followed.fs)
        half = chirp.duration_s / 2
        return Strength(chirp.middle_s - half, chirp.middle_s + half, IN_CORE / WHOLE * energy)
    start, stop = _outermost(times, envelope, blood, (start + stop) / 2, step)
    inside = (times >= start) & (times < stop)
    return Strength(start, stop, max(float(envelope[inside].mean() - blood), 0.0))


def _outermost(times: Floats, envelope: Floats, blood: float, middle_s: float, step_s: float) -> tuple[float, float]:
    """Return from where to where power exceeds a quarter of its peak, over the short dips of modulation."""
    taper = np.hanning(max(3, round(SMOOTH_S / step_s)) + 2)[1:-1]
    smooth = np.convolve(envelope, taper / taper.sum(), mode="same") - blood
    peak = int(np.abs(times - middle_s).argmin())
    reach = round(0.03 / step_s)
    low = max(0, peak - reach)
    peak = low + int(smooth[low : peak + reach + 1].argmax())
    strong = smooth >= smooth[peak] / 4
    gap = round(DIP_S / step_s)
    first = last = peak
    while (more := strong[max(0, first - gap) : first]).any():
        first -= len(more) - int(more.argmax())
    while (more := strong[last + 1 : last + 1 + gap]).any():
        last += 1 + int(np.flatnonzero(more)[-1])
    return float(times[first]), float(times[last] + step_s)


def _width(duration_s: float, ratio: float) -> float:
    """Return half the band to measure in, Hz: as wide as the candidate stands well above the blood in it.

    Strong ones then keep what frequency modulation carries away from their middle; weak ones lose their noise.
    """
    return float(np.clip(ratio / (2 * ABOVE * duration_s), max(60.0, 1.2 / duration_s), WIDEST_HZ))


def _in_band(part: Complex, step_s: float, half_hz: float) -> Floats:
    """Return power within a band around zero, (n,)."""
    own = scipy.fft.fftfreq(len(part), step_s)
    kept = scipy.fft.ifft(np.where(np.abs(own) <= half_hz, scipy.fft.fft(part), 0))
    return np.asarray(np.abs(kept) ** 2)


def _fit(times: Floats, envelope: Floats, blood: float, middle_s: float, duration_s: float) -> Strength:
    """Fit a Gaussian pulse in blood to power, by least squares weighted by the blood's and the pulse's variance."""
    # Step by step, a fit to nothing but blood would walk out of the segment.
    middle_s, duration_s = float(np.clip(middle_s, times[0], times[-1])), min(duration_s, SEGMENT_S)
    near = np.abs(times - middle_s) < 2.5 * max(duration_s, 0.02)
    t, seen = times[near], envelope[near]
    middles = middle_s + duration_s * np.linspace(-0.4, 0.4, 9)
    durations = duration_s * np.geomspace(0.5, 2.0, 15)
    shape = np.exp2(-2 * (2 * (t - middles[:, None, None]) / durations[:, None]) ** 2)
    first = max(float(seen.max()) - blood, blood)
    weight = 1 / (blood**2 + 2 * blood * first * shape + (0.3 * first * shape) ** 2)
    added = seen - blood
    height = (weight * added * shape).sum(-1) / np.maximum((weight * shape**2).sum(-1), 1e-30)
    # Of the same weights for all, or the widest pulse would always excuse itself best.
    variance = blood**2 + 2 * blood * added.clip(0) + 0.09 * added.clip(0) ** 2
    misfit = ((added - np.maximum(height, 0)[..., None] * shape) ** 2 / variance).sum(-1)
    m, d = np.unravel_index(int(misfit.argmin()), misfit.shape)
    half = durations[d] / 2
    return Strength(float(middles[m] - half), float(middles[m] + half), IN_CORE * max(float(height[m, d]), 0.0))
