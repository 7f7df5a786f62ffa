"""Following the flow: how fast the blood moves, and the signal as seen by somebody who moves with it.

Blood whose shift is taken away stays at zero throughout the heart's cycle, so that its background can be learnt over many
beats, and an embolus that the blood carries changes its frequency little however steep the systole is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # its parts come when they are used: the window asks this package for options only

Complex = npt.NDArray[np.complexfloating]
Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

HOP_S = 0.0036  # of the track of the flow
SMOOTH_S = 0.06  # over which the mean shift is taken: longer blurs systole, shorter shakes
CIRCLE = 64  # parts of all shifts that can be told apart
DEAD = 1e-5  # of the usual power: nothing is connected
ROUNDING = 1e-11  # of all power: what is left of a constant


@dataclass(frozen=True)
class Followed:
    """A stretch of a gate.

    Attributes
    ----------
    fs : float
        Hz.
    samples : (n,) complex64 array
        Without what is slower than the vessel wall; 0 where samples were missing.
    still : (n,) complex64 array
        The same with the blood's mean shift taken away.
    shift_hz : (n_steps,) array
        That mean shift, every `hop` samples; step k is of the samples from ``k * hop`` on.
    power : (n_steps,) array
        Power of the samples there, slow changes only: the gain.
    dead : (n_steps,) bool array
        Where samples are missing or nothing is connected.
    hop : int
    """

    fs: float
    samples: Complex
    still: Complex
    shift_hz: Floats
    power: Floats
    dead: Bools
    hop: int

    @property
    def away(self) -> bool:
        """Whether most blood flows away from the probe."""
        return bool(np.median(self.shift_hz[~self.dead]) < 0) if not self.dead.all() else False

    def step(self, sample: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the steps that samples belong to."""
        return np.clip(np.asarray(sample) // self.hop, 0, len(self.shift_hz) - 1).astype(np.intp)


def follow(iq: Complex, fs: float, wall_hz: float) -> Followed:
    """Follow the flow in a stretch. O(n log n)."""
    missing = ~np.isfinite(iq)
    offset = iq[~missing].mean() if not missing.all() else 0.0  # taken away first, or it rings at both ends
    raw = np.where(missing, 0, iq - offset).astype(np.complex64)
    x = _without_wall(raw, fs, wall_hz)
    hop = max(4, round(HOP_S * fs))
    n = max(1, len(x) // hop)
    cut = x[: n * hop] if len(x) >= hop else np.pad(x, (0, hop - len(x)))
    power = (cut.real**2 + cut.imag**2).reshape(n, hop).mean(1)
    dead = np.pad(missing, (0, max(0, n * hop - len(x))))[: n * hop].reshape(n, hop).any(1)
    usual = np.median(power[~dead]) if not dead.all() else 0.0
    if usual <= 0 and not dead.all():
        usual = power[~dead].max()
    dead |= power <= max(DEAD * usual, ROUNDING * float(np.mean(np.abs(raw) ** 2) + abs(offset) ** 2))
    dead = np.asarray(scipy.ndimage.binary_dilation(dead, iterations=2)) if dead.any() else dead
    shift = _mean_shift(cut, fs, hop)
    each = np.interp(np.arange(len(x), dtype=np.float32), (np.arange(n) + 0.5) * hop, shift)
    turn = np.cumsum(each / fs) % 1.0
    still = x * np.exp(np.complex64(-2j * np.pi) * turn.astype(np.float32))
    return Followed(fs, x, still, shift, _gain(power, dead, fs / hop), dead, hop)


def _without_wall(x: Complex, fs: float, wall_hz: float) -> Complex:
    """Take away slow movements, without delay: half of the amplitude is left at the limit."""
    length = scipy.fft.next_fast_len(len(x))
    frequencies = np.abs(scipy.fft.fftfreq(length, 1 / fs)).astype(np.float32)
    keep = np.clip((frequencies - 0.8 * wall_hz) / max(0.4 * wall_hz, 1e-6), 0, 1)
    return np.asarray(scipy.fft.ifft(scipy.fft.fft(x, length) * keep)[: len(x)])


def _mean_shift(x: Complex, fs: float, hop: int) -> Floats:
    """Return the mean Doppler shift of every step by the phase of the autocorrelation (Kasai et al. 1985).

    Of phases only: an embolus or an artefact weighs no more than blood.
    """
    size = np.abs(x)
    unit = x / np.where(size > 0, size, 1)
    products = np.zeros_like(unit)
    products[1:] = unit[1:] * np.conj(unit[:-1])
    steps = products.reshape(-1, hop).sum(1)
    taper = np.hanning(max(3, round(SMOOTH_S * fs / hop) | 1) + 2)[1:-1]
    taper /= taper.sum()
    for _ in range(2):  # of directions, not of angles: an angle that wraps has no mean
        steps = scipy.ndimage.convolve1d(steps, taper, mode="nearest")
    return _unwrapped(np.angle(steps) * fs / (2 * np.pi), fs).astype(np.float32)


def _unwrapped(shift_hz: Floats, fs: float) -> Floats:
    """Follow blood that is faster than half the rate on from there: shifts are a circle, cut where blood is least often."""
    some = shift_hz[shift_hz != 0]
    counts = np.histogram(some, CIRCLE, (-fs / 2, fs / 2))[0].astype(float)
    least = int(scipy.ndimage.gaussian_filter1d(counts, CIRCLE / 10, mode="wrap").argmin())
    cut = fs * ((least + 0.5) / CIRCLE - 0.5)
    above = (shift_hz - cut) % fs + cut
    if np.abs(np.median(above)) > fs / 2:  # of both ways to say it, the slower
        above = above - fs * np.sign(np.median(above))
    return np.where(shift_hz != 0, above, 0.0)


def _gain(power: Floats, dead: Bools, rate: float) -> Floats:
    """Return slow changes of power: its running median over four seconds, where something is connected."""
    if dead.all():
        return np.ones_like(power)
    at = np.arange(len(power))
    filled = np.interp(at, at[~dead], power[~dead])
    coarse = max(1, round(0.06 * rate))
    means = np.add.reduceat(filled, np.arange(0, len(filled), coarse)) / np.diff(
        np.append(np.arange(0, len(filled), coarse), len(filled))
    )
    median = scipy.ndimage.median_filter(means, size=max(1, min(round(4.0 * rate / coarse) | 1, 2 * len(means) - 1)))
    return np.asarray(np.interp(at, (np.arange(len(means)) + 0.5) * coarse, median), dtype=np.float32)
