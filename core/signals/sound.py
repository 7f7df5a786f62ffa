"""Doppler as sound: forward flow in the left ear, reverse in the right; any other channel in both.

Everything is computed block by block with margins, so that blocks join without a trace, whatever their number: playing to
the end of a day needs no more memory than a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import check, finite, whole
from core.signals.doppler import Signal, directions_of
from core.signals.recording import Floats, Recording

FS_OUT = 44100
BLOCK_S = 0.5  # of what is heard
FADE_S = 0.005  # at both ends, and about gaps
HILBERT_TAPS = 255  # 50 dB between the directions from 1.2 % of the sampling rate on, 53 Hz at 4,385 Hz
HILBERT_EDGE = 0.012
RESAMPLING_LOBES = 10  # of the sinc on either side
LARGEST_FACTOR = 60_000  # by which is resampled: rates that are no simple ratio are played to 0.01 % of their speed
LEVEL_RUNS, LEVEL_SAMPLES = 64, 1024
LEVEL_PERCENTILE = 99.9
LEVEL = 0.5  # of full scale, which this percentile is played at
KNEE = 0.7  # above, louder sound is pressed together


@dataclass(frozen=True)
class Loudness:
    """What a channel swings about, complex for I/Q, and how far: the same for all of a recording, so that it can be compared."""

    centre: complex
    peak: float


def loudness_of(recording: Recording, channel: int | str) -> Loudness:
    """Return the loudness of a channel from `LEVEL_RUNS` runs, taken evenly from the whole recording.

    Raises
    ------
    InputError
        If there is no such channel, or samples cannot be read.
    """
    sides = _sides(recording, channel)
    n = sides[0].n_samples
    starts = np.unique(np.linspace(0, max(0, n - LEVEL_SAMPLES), LEVEL_RUNS).astype(np.int64)).tolist()
    runs = [side.read(start, min(n, start + LEVEL_SAMPLES)) for side in sides for start in starts]
    every = np.concatenate(runs)
    every = every[np.isfinite(every)]
    if not len(every):
        return Loudness(0.0, 0.0)
    centre = complex(np.median(every.real), np.median(every.imag))
    swings = every - (centre if sides[0].is_iq else centre.real)
    if sides[0].is_iq and n > HILBERT_TAPS:  # as it is heard, parted
        swings = np.concatenate([both_directions(np.nan_to_num(run - centre)) for run in runs])
    return Loudness(centre, float(np.percentile(np.abs(swings), LEVEL_PERCENTILE)))


class SoundStream:
    """What a channel sounds like between two times, as blocks of (n, 2) float32 in [-1, 1], left and right.

    Parameters
    ----------
    recording : Recording
    channel : int or str
        I or Q stand for their gate, forward or reverse for both.
    start_s, stop_s : float
        Cut to the recording; without `stop_s` to its end.
    speed : float
        1, or ½ and ¼ for slower and lower; from 1/16 to 16.
    volume : float
        From 0 to 10; loud parts are pressed together, never cut off.
    fs_out : int
        Hz.
    loudness : Loudness, optional
        That of the channel, where it is known already.

    Attributes
    ----------
    fs_out : int
    n_samples : int
        Length of the sound, samples of each ear.
    start_s, stop_s : float
    simulated : bool
        Whether the recording is.
    path : Path
        Of the recording.

    Raises
    ------
    InputError
        If there is no such channel, or a value is out of its range.
    """

    def __init__(
        self,
        recording: Recording,
        channel: int | str,
        start_s: float = 0.0,
        stop_s: float | None = None,
        *,
        speed: float = 1.0,
        volume: float = 1.0,
        fs_out: int = FS_OUT,
        loudness: Loudness | None = None,
    ) -> None:
        check(finite(), start_s=start_s)
        check(finite().or_none(), stop_s=stop_s)
        check(finite(least=1 / 16, most=16), speed=speed)
        check(finite(least=0, most=10), volume=volume)
        check(whole(8000), fs_out=fs_out)
        self._sides = _sides(recording, channel)
        self._fs, n = self._sides[0].fs, self._sides[0].n_samples
        self._start = min(max(round(start_s * self._fs), 0), n)
        stop = n if stop_s is None else min(max(round(stop_s * self._fs), self._start), n)
        self.fs_out, self.simulated, self.path = int(fs_out), recording.simulated, recording.path
        self.start_s, self.stop_s = self._start / self._fs, stop / self._fs
        self._factors = _factors(fs_out / (self._fs * speed))
        self.n_samples = (stop - self._start) * self._factors[0] // self._factors[1]
        self._loudness = loudness or loudness_of(recording, channel)
        self._gain = volume * LEVEL / self._loudness.peak if self._loudness.peak > 0 else 0.0
        # Longer than a block of samples where the ratio needs it: each block begins at a sample of both rates.
        self._block = self._factors[1] * max(1, round(BLOCK_S * self._fs * speed / self._factors[1]))

    def time_at(self, n_played: int) -> float:
        """Return where in the recording the sound is after so many samples, s."""
        return min(self.start_s + n_played * self._factors[1] / self._factors[0] / self._fs, self.stop_s)

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        """Compute block after block, from the start."""
        per_block = self._block * self._factors[0] // self._factors[1]
        for number, done in enumerate(range(0, self.n_samples, per_block)):
            sound = self._resampled(self._start + number * self._block)[: self.n_samples - done]
            at = done + np.arange(len(sound))
            fade = np.minimum(at, self.n_samples - 1 - at) / max(1.0, FADE_S * self.fs_out)
            yield soft_limited(self._gain * sound * np.minimum(fade, 1.0)[:, None]).astype(np.float32)

    def _resampled(self, start: int) -> Floats:
        """Return the block that begins at a sample of the recording, at the rate of the sound, (n, 2)."""
        from scipy.signal import resample_poly

        up, down = self._factors
        margin = down * -(-(RESAMPLING_LOBES * max(up, down) // up + 1) // down)
        voices = self._voices(start - margin, start + self._block + margin)
        sound: Floats = resample_poly(voices, up, down, window=_lowpass(up, down))
        cut = margin // down * up
        return sound[cut : len(sound) - cut]

    def _voices(self, start: int, stop: int) -> Floats:
        """Return left and right at the rate of the recording, (n, 2), silent in gaps and beyond its ends."""
        fade = round(FADE_S * self._fs)
        margin = max(2 * fade, HILBERT_TAPS // 2)
        voices, centre = [], self._loudness.centre
        for side in self._sides:
            x: npt.NDArray[Any] = side.read(start - margin, stop + margin) - (centre if side.is_iq else centre.real)
            there = np.isfinite(x)
            x = np.where(there, x, 0.0)
            if side.is_iq:
                voice = both_directions(x)
                cut = margin - HILBERT_TAPS // 2
                voice = voice[cut : cut + stop - start]
            else:
                voice = x[margin : margin + stop - start, None]
            voices.append(voice * _without_gaps(there, fade)[margin : margin + stop - start, None])
        two = np.concatenate(voices, axis=1)
        return two if two.shape[1] == 2 else np.repeat(two, 2, axis=1)


def doppler_sound(
    recording: Recording,
    channel: int | str,
    start_s: float,
    stop_s: float,
    *,
    speed: float = 1.0,
    volume: float = 1.0,
    fs_out: int = FS_OUT,
) -> npt.NDArray[np.float32]:
    """Return what a channel sounds like between two times, as `SoundStream` gives it, at once.

    Returns
    -------
    (n, 2) float32 array
        Left and right in [-1, 1]: forward and reverse flow of a Doppler gate or of the pair of channels that the machine
        parted; any other channel in both. O(n) time.

    Raises
    ------
    InputError
        As `SoundStream`.
    """
    stream = SoundStream(recording, channel, start_s, stop_s, speed=speed, volume=volume, fs_out=fs_out)
    return np.concatenate([np.zeros((0, 2), np.float32), *stream])


def both_directions(x: npt.NDArray[np.complex128]) -> Floats:
    """Return forward and reverse flow of I + jQ, (n - 254, 2): the real parts of its positive and its negative frequencies.

    The Hilbert transform of Q, added to I and taken from it: Aydin, Fan and Evans 1994, doi 10.1088/0967-3334/15/2/006.
    """
    from scipy.signal import oaconvolve

    half = HILBERT_TAPS // 2
    turned = oaconvolve(x.imag, _quarter_turn(), mode="valid")
    i = x.real[half : len(x) - half]
    return np.stack([i + turned, i - turned], axis=1) / 2


def soft_limited(x: Floats) -> Floats:
    """Return `x` in [-1, 1]: unchanged up to `KNEE`, pressed together above."""
    size = np.abs(x)
    over = np.maximum(size - KNEE, 0.0)
    limited: Floats = np.sign(x) * (np.minimum(size, KNEE) + (1 - KNEE) * np.tanh(over / (1 - KNEE)))
    return limited


def _sides(recording: Recording, channel: int | str) -> tuple[Signal, ...]:
    """Return what is read: forward and reverse, else the one channel or gate."""
    numbers = directions_of(recording, channel) or (recording.index(channel),)
    return tuple(Signal.of(recording, number) for number in numbers)


def _factors(ratio: float) -> tuple[int, int]:
    """Return by what is resampled, up and down."""
    most = int(np.clip(LARGEST_FACTOR / ratio, 1, 1000))
    found = Fraction(ratio).limit_denominator(most)
    return max(1, found.numerator), found.denominator


@lru_cache(maxsize=8)
def _lowpass(up: int, down: int) -> npt.NDArray[np.float64]:
    from scipy.signal import firwin

    most = max(up, down)
    taps: npt.NDArray[np.float64] = firwin(2 * RESAMPLING_LOBES * most + 1, 1 / most, window=("kaiser", 5.0))
    return taps


@lru_cache(maxsize=1)
def _quarter_turn() -> npt.NDArray[np.float64]:
    """Return a filter that turns every frequency by +90°: the Hilbert transform with the sign that I + jQ needs."""
    from scipy.signal import remez

    taps: npt.NDArray[np.float64] = remez(
        HILBERT_TAPS, [HILBERT_EDGE, 0.5 - HILBERT_EDGE], [1.0], type="hilbert", fs=1.0
    )
    return taps


def _without_gaps(there: npt.NDArray[np.bool_], fade: int) -> Floats:
    """Return 1 where samples are and 0 in gaps, falling to 0 over twice `fade` samples before a gap and rising after it."""
    from scipy import ndimage

    if there.all() or fade == 0:
        return there.astype(np.float64)
    inner = ndimage.minimum_filter1d(there.astype(np.float64), 2 * fade + 1, mode="nearest")
    eased: Floats = ndimage.uniform_filter1d(inner, 2 * fade + 1, mode="nearest")
    return np.where(there, np.clip(eased, 0.0, 1.0), 0.0)
