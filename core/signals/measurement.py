"""What two cursors tell: differences, levels, and the power spectrum between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import check, finite
from core.errors import InputError
from core.signals.doppler import Signal
from core.signals.recording import Recording

CHUNK = 1 << 20  # samples read at a time
DOPPLER_SEGMENT_S, SEGMENT_S = 0.25, 2.0
SHORTEST_SEGMENT = 8


@dataclass(frozen=True)
class Measurement:
    """What lies between two times of a channel; values in `unit`, NaN where there are no samples.

    Attributes
    ----------
    dt_s : float
        From the first to the second time given, s; below 0 if they were given the other way round.
    at_start, at_stop : float
        The samples nearest to the two times.
    rms : float
        Root of the mean of the squares, about zero.
    peak_to_peak, mean, minimum, maximum : float
    minimum_s, maximum_s : float
        Where the lowest and the highest sample are, s; the first of several.
    n : int
        Samples that are there; those in gaps do not count.
    unit : str
    n_whole : int
        Samples between the two times, those in gaps as well.
    """

    dt_s: float
    at_start: float
    at_stop: float
    rms: float
    peak_to_peak: float
    mean: float
    minimum: float
    minimum_s: float
    maximum: float
    maximum_s: float
    n: int
    unit: str
    n_whole: int

    @property
    def difference(self) -> float:
        """Value at the second time less value at the first."""
        return self.at_stop - self.at_start

    @property
    def rate_hz(self) -> float:
        """One over the time between, Hz; infinite where there is none."""
        return 1 / abs(self.dt_s) if self.dt_s else float("inf")

    @property
    def per_minute(self) -> float:
        """The same per minute, as heart rates are told."""
        return 60 * self.rate_hz


def measure(recording: Recording, channel: int | str, start_s: float, stop_s: float) -> Measurement:
    """Measure a channel between two times, both samples included; O(window) time, memory for `CHUNK` samples.

    Raises
    ------
    InputError
        If there is no such channel, a time is no number, or samples cannot be read.
    """
    check(finite(), start_s=start_s, stop_s=stop_s)
    known = recording.channels[recording.index(channel)]
    ends = [_value_at(recording, channel, t) for t in (start_s, stop_s)]
    n, n_whole, total, squares = 0, 0, 0.0, 0.0
    low, high, low_at, high_at = np.inf, -np.inf, 0, 0
    for first, x in _chunks(recording, channel, *sorted((start_s, stop_s))):
        there, n_whole = x[np.isfinite(x)], n_whole + len(x)
        if len(there):
            n, total, squares = n + len(there), total + float(there.sum()), squares + float(there @ there)
            lowest, highest = int(np.nanargmin(x)), int(np.nanargmax(x))
            if x[lowest] < low:
                low, low_at = float(x[lowest]), first + lowest
            if x[highest] > high:
                high, high_at = float(x[highest]), first + highest
    nan = float("nan")
    return Measurement(
        dt_s=stop_s - start_s,
        at_start=ends[0],
        at_stop=ends[1],
        rms=float(np.sqrt(squares / n)) if n else nan,
        peak_to_peak=high - low if n else nan,
        mean=total / n if n else nan,
        minimum=low if n else nan,
        minimum_s=low_at / known.fs if n else nan,
        maximum=high if n else nan,
        maximum_s=high_at / known.fs if n else nan,
        n=n,
        unit=known.unit,
        n_whole=n_whole,
    )


def _value_at(recording: Recording, channel: int | str, time_s: float) -> float:
    """Return the sample nearest to a time; NaN outside the recording."""
    known = recording.channels[recording.index(channel)]
    at = round(time_s * known.fs)
    return float(recording.read(channel, at, at + 1)[0]) if 0 <= at < known.n_samples else float("nan")


def _chunks(
    recording: Recording, channel: int | str, start_s: float, stop_s: float
) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    known = recording.channels[recording.index(channel)]
    start = min(max(round(start_s * known.fs), 0), known.n_samples)
    stop = min(max(round(stop_s * known.fs) + 1, start), known.n_samples)
    for first in range(start, stop, CHUNK):
        yield first, recording.read(channel, first, min(first + CHUNK, stop))


def power_spectrum(
    recording: Recording, channel: int | str, start_s: float, stop_s: float, *, segment_s: float | None = None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the power spectral density between two times by Welch's method; `decibels` turns it into dB.

    Parameters
    ----------
    recording : Recording
    channel : int or str
        I or Q stand for their gate, whose spectrum has two sides.
    start_s, stop_s : float
    segment_s : float, optional
        Length of the Hann windows that are averaged, which overlap by half; by default 0.25 s for Doppler and 2 s for the
        rest, or the whole stretch where it is shorter. Segments that touch a gap are left out.

    Returns
    -------
    freqs_hz, density : (n_freqs,) float64 arrays
        Ascending, and in the channel's unit squared per Hz. O(window) time; memory for `CHUNK` samples.

    Raises
    ------
    InputError
        If there is no such channel, a value is no number, or no segment of at least 8 samples is whole.
    """
    from scipy.signal import welch

    check(finite(), start_s=start_s, stop_s=stop_s)
    check(finite(above=0).or_none(), segment_s=segment_s)
    known, signal = recording.channels[recording.index(channel)], Signal.of(recording, channel)
    start, stop = (min(max(round(t * known.fs), 0), known.n_samples) for t in sorted((start_s, stop_s)))
    wanted_s = segment_s or (DOPPLER_SEGMENT_S if known.kind.startswith("doppler") else SEGMENT_S)
    length = min(stop - start, max(SHORTEST_SEGMENT, round(wanted_s * known.fs)))
    step = max(1, length // 2)
    total, n = np.zeros(0), 0
    if length >= SHORTEST_SEGMENT:
        for first in range(start, stop - length + 1, max(1, CHUNK // step) * step):
            x = signal.read(first, min(stop, first + CHUNK // step * step + length - step))
            for piece in _whole_segments(x, length, step):
                freqs, density = welch(
                    piece, known.fs, nperseg=length, noverlap=length - step, return_onesided=not signal.is_iq
                )
                count = 1 + (len(piece) - length) // step
                total, n = density * count + (total if n else 0.0), n + count
    if not n:
        raise InputError(
            f"there is no stretch of {max(length, SHORTEST_SEGMENT)} samples without a gap to take a spectrum of",
            subject=recording.path,
            remedy="Choose a longer stretch, or one without gaps",
        )
    order = np.argsort(freqs)
    return freqs[order], total[order] / n


def mean_frequency(freqs_hz: npt.NDArray[np.float64], density: npt.NDArray[np.float64]) -> float:
    """Return the mean of frequencies weighted by their power, Hz: of a gate's spectrum, the mean Doppler shift; NaN of silence.

    Noise and the walls of vessels count as blood does: it is the mean of all that was received.
    """
    total = float(density.sum())
    return float(freqs_hz @ density) / total if total > 0 else float("nan")


def _whole_segments(x: npt.NDArray[Any], length: int, step: int) -> Iterator[npt.NDArray[Any]]:
    """Return the runs of segments, evenly begun, that touch no gap; each run as the samples that it covers."""
    begins = np.arange(0, len(x) - length + 1, step)
    missing = np.concatenate([[0], np.cumsum(~np.isfinite(x))])
    whole = missing[begins + length] == missing[begins]
    edges = np.flatnonzero(np.diff(whole, prepend=False, append=False)).reshape(-1, 2)
    for low, high in edges:
        yield x[begins[low] : begins[high - 1] + length]
