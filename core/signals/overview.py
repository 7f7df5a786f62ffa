"""What a whole recording looks like, from few short reads: at once, however long it is, without its pyramid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.signals.digital import AT_ONCE
from core.signals.pyramid import Line, Pyramid, lines_of_samples
from core.signals.recording import Floats, Recording

WINDOWS, WINDOW_S = 20, 1.0  # of `typical_of`
PERCENTILES = (0.3, 50.0, 99.7)  # an R wave is at its height for a hundredth of a beat
LOOK_S = 0.25  # of `envelope_of`: holds a heart beat's steepest part, and every wave from 4 Hz on
WHOLE = 1 << 19  # samples: up to here all are read, in one go


@dataclass(frozen=True)
class Typical:
    """What is typical of a channel all through its recording, in its unit.

    Attributes
    ----------
    middle : float
        The median.
    spread : float
        The range of nearly all samples.
    above : float
        How far the centre of that range lies above the median: of an ECG, whose waves mostly go one way, nearly half of it.
    """

    middle: float
    spread: float
    above: float = 0.0


def typical_of(recording: Recording, channels: Sequence[int | str] | None = None) -> tuple[Typical, ...]:
    """Return where the rows of channels lie at first, and the heights that they stand for. O(channels).

    The median, and the range from percentile 0.3 to 99.7, of twenty windows of a second, evenly taken over the recording:
    the same on every page, so that amplitudes can be compared. The range of a flat channel, and of one without samples, is 1.

    Parameters
    ----------
    recording : Recording
    channels : sequence of int or str, optional
        All of them if it is left out. Those of one rate and length are read together.

    Returns
    -------
    tuple of Typical
        One for each channel.

    Raises
    ------
    InputError
        If there is no such channel, or one cannot be read.
    """
    numbers = [
        recording.index(channel) for channel in (range(len(recording.channels)) if channels is None else channels)
    ]
    alike: dict[tuple[float, int], list[int]] = {}
    for number in dict.fromkeys(numbers):
        known = recording.channels[number]
        alike.setdefault((known.fs, known.n_samples), []).append(number)
    found: dict[int, Typical] = {}
    for (fs, _), members in alike.items():
        together = max(1, int(AT_ONCE // (WINDOWS * WINDOW_S * fs)))
        for first in range(0, len(members), together):
            some = members[first : first + together]
            windows = [_look(recording, some, at, WINDOW_S) for at in _evenly(recording, some[0], WINDOWS)]
            samples = np.concatenate(windows, axis=1) if windows else np.empty((len(some), 0))
            found |= {number: _typical(row) for number, row in zip(some, samples, strict=True)}
    return tuple(found[number] for number in numbers)


def _typical(samples: Floats) -> Typical:
    finite = samples[np.isfinite(samples)]
    if not len(finite):
        return Typical(0.0, 1.0)
    low, middle, high = np.percentile(finite, PERCENTILES)
    return Typical(float(middle), float(high - low) or 1.0, float((low + high) / 2 - middle))


def envelope_of(source: Recording | Pyramid, channel: int | str, n_bins: int = 500) -> Line:
    """Return the line of an overview bar: about `n_bins` minima and maxima over the whole recording.

    A complete pyramid gives them all. Until then each bin of a long recording is judged by a look of a quarter of a second
    at its start: enough to show quiet and loud stretches and gaps, not single events.

    Parameters
    ----------
    source : Recording or Pyramid
    channel : int or str
    n_bins : int

    Returns
    -------
    t, low, high : (n,) float64 arrays
        As `Pyramid.query` gives them.

    Raises
    ------
    InputError
        If there is no such channel, it cannot be read, or no bins are asked for.
    """
    recording = source.recording if isinstance(source, Pyramid) else source
    number = recording.index(channel)
    if n_bins < 1:
        raise InputError(
            f"an envelope of {n_bins} bins shows nothing", subject=recording.path, remedy="Ask for one or more"
        )
    known = recording.channels[number]
    if isinstance(source, Pyramid) and source.complete:
        return source.query(number, 0.0, known.n_samples / known.fs, n_bins)
    if known.n_samples <= WHOLE:
        return lines_of_samples(recording, [number], 0, known.n_samples, max(1, known.n_samples // n_bins))[0]
    starts = _evenly(recording, number, n_bins)
    looks = [_look(recording, [number], start, LOOK_S)[0] for start in starts]
    low = np.array([np.fmin.reduce(look) for look in looks])
    high = np.array([np.fmax.reduce(look) for look in looks])
    return starts / known.fs, low, high


def _evenly(recording: Recording, number: int, n: int) -> npt.NDArray[np.int64]:
    """Return samples at which `n` equal parts of a channel start; fewer where it has fewer."""
    return np.unique(np.linspace(0, recording.channels[number].n_samples, n, endpoint=False).astype(np.int64))


def _look(recording: Recording, numbers: Sequence[int], start: int, length_s: float) -> Floats:
    """Return a stretch of channels of one rate and length, (n_channels, n)."""
    known = recording.channels[numbers[0]]
    return recording.digital(
        numbers, start, min(start + max(1, round(length_s * known.fs)), known.n_samples)
    ).physical()
