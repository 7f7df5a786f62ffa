"""Hand-crafted features: named quantities of spectrum and shape, and what was measured of the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError

Floats = npt.NDArray[np.float64]
BLOCK = 512  # windows computed with at a time
BANDS = (
    0,
    1 / 32,
    1 / 16,
    1 / 8,
    1 / 4,
    1 / 2,
    1,
)  # edges as shares of half the sampling rate: octaves, and what is below
EDGE = 0.95  # of the power lies below the spectral edge

# What makers of events measure that is a quantity: no times within the recording, no judgements, and the velocity not
# beside the shift that it is computed from.
MEASURED = (
    "hbr_db",
    "direction",
    "peak_hz",
    "bandwidth_hz",
    "ratio_db",
    "kurtosis",
    "time_in_cycle_s",
    "gate_delay_ms",
    "duration_s",
)


@dataclass(frozen=True)
class Table:
    """Quantities by name.

    Attributes
    ----------
    names : tuple of str
    values : (N, D) float64 array
        NaN where a quantity is not defined or not known.
    """

    names: tuple[str, ...]
    values: Floats

    def beside(self, other: Table) -> Table:
        """Return the columns of both."""
        return Table(self.names + other.names, np.hstack([self.values, other.values]))


def handcrafted(x: npt.NDArray[np.float32], fs: float, *, iq: bool = False) -> Table:
    """Return what is measured of windows, computed in float64 in blocks.

    Of each channel, or each pair of channels I and Q as one complex signal, less its mean:

    ``centroid_hz``, ``bandwidth_hz``
        Mean and standard deviation of frequency, weighted by the power of the Hann-windowed periodogram. Of I/Q, negative
        frequencies are flow away from the probe.
    ``edge_hz``
        Below it lies 95 % of the power, on both sides of zero together.
    ``flatness``
        Geometric over arithmetic mean of the power: 1 for white noise, 0 for a tone.
    ``entropy``
        Of the power as a distribution over frequencies, over its maximum: 0 to 1.
    ``power_A_B_hz``
        Share of the power from A to B Hz, octaves below half the sampling rate; both sides of zero together.
    ``forward``
        Of I/Q only: share of the power above zero frequency.
    ``peak_to_peak_db``, ``energy_db``
        ``20 log10`` of the range; ``10 log10`` of the sum of squares over the sampling rate, in the square of the unit
        times s. Of I/Q, of the magnitude.
    ``crest``, ``skewness``, ``kurtosis``
        Largest magnitude over root mean square; third and fourth standardised moments (3 for a Gaussian).
    ``crossings_hz``
        Changes of sign per second (of I/Q, of I).
    ``above_half_s``
        How long the magnitude exceeds half of its largest.

    Parameters
    ----------
    x : (N, C, T) float32 array
        Windows.
    fs : float
        Hz.
    iq : bool
        Channels come in pairs I and Q.

    Returns
    -------
    Table
        Names end in ``of channel n`` where there are several. All but the two levels are the same whatever the unit; all
        are NaN in windows that are constant or hold NaN.

    Raises
    ------
    InputError
        If windows are shorter than four samples, or channels are no pairs.
    """
    if x.shape[-1] < 4 or (iq and x.shape[1] % 2):
        what = f"windows of {x.shape[1]} channels and {x.shape[-1]} samples"
        raise InputError(f"{what} are not enough to measure", remedy="Take longer windows, or iq = false")
    n_signals = x.shape[1] // 2 if iq else x.shape[1]
    table = Table((), np.empty((len(x), 0)))
    for n in range(n_signals):
        parts = []
        for start in range(0, max(1, len(x)), BLOCK):
            block = x[start : start + BLOCK].astype(np.float64)
            parts.append(_measures(block[:, 2 * n] + 1j * block[:, 2 * n + 1] if iq else block[:, n], fs))
        suffix = f" of channel {n + 1}" if n_signals > 1 else ""
        names = tuple(f"{name}{suffix}" for name in parts[0])
        columns = [np.concatenate([part[name] for part in parts]) for name in parts[0]]
        table = table.beside(Table(names, np.column_stack(columns)))
    return table


def _measures(signal: npt.NDArray[Any], fs: float) -> dict[str, Floats]:
    """Return all quantities of signals (N, T), real or complex."""
    signal = signal - signal.mean(axis=1, keepdims=True)
    largest = np.abs(signal).max(axis=1)
    # Scaled by its largest value nothing over- or underflows; a constant less its rounded mean is not always 0.
    still = ~(largest > 0) | ~np.isfinite(largest)
    unit = signal / np.where(still, 1.0, largest)[:, None]
    with np.errstate(all="ignore"):
        found = _spectral(unit, fs) | _shape(unit, largest, fs)
    return {name: np.where(still | ~np.isfinite(values), np.nan, values) for name, values in found.items()}


def _spectral(signal: npt.NDArray[Any], fs: float) -> dict[str, Floats]:
    n, two_sided = signal.shape[1], np.iscomplexobj(signal)
    tapered = signal * np.hanning(n)
    spectrum = np.fft.fft(tapered) if two_sided else np.fft.rfft(tapered)
    f = np.fft.fftfreq(n, 1 / fs) if two_sided else np.fft.rfftfreq(n, 1 / fs)
    power = np.abs(spectrum) ** 2
    share = power / power.sum(axis=1, keepdims=True)
    centroid = share @ f
    order = np.argsort(np.abs(f), kind="stable")
    below = np.cumsum(share[:, order], axis=1)
    logs = np.where(share > 0, np.log(share), 0.0)
    found = {
        "centroid_hz": centroid,
        "bandwidth_hz": np.sqrt(np.maximum((share * (f - centroid[:, None]) ** 2).sum(axis=1), 0.0)),
        "edge_hz": np.abs(f)[order][np.minimum((below < EDGE).sum(axis=1), len(f) - 1)],
        "flatness": np.exp(np.log(np.maximum(share, 1e-30)).mean(axis=1)) * len(f),
        "entropy": -(share * logs).sum(axis=1) / np.log(len(f)),
    }
    found |= _bands(share, np.abs(f), fs)
    return found | ({"forward": share[:, f > 0].sum(axis=1)} if two_sided else {})


def _bands(share: Floats, f: Floats, fs: float) -> dict[str, Floats]:
    edges = [b * fs / 2 for b in BANDS]
    last = len(BANDS) - 2
    found = {}
    for n, (low, high) in enumerate(pairwise(edges)):
        inside = (f >= low) & ((f < high) | (n == last))
        if inside.any():  # short windows do not resolve the lowest
            found[f"power_{low:g}_{high:g}_hz"] = share[:, inside].sum(axis=1)
    return found


def _shape(signal: npt.NDArray[Any], largest: Floats, fs: float) -> dict[str, Floats]:
    """Return the quantities of shape; `signal` is scaled to magnitudes of at most 1, `largest` says by what."""
    magnitude = np.abs(signal)
    values = magnitude if np.iscomplexobj(signal) else signal
    square = (magnitude**2).mean(axis=1)
    middle = values - values.mean(axis=1, keepdims=True)
    spread = np.sqrt((middle**2).mean(axis=1))
    level = 20 * np.log10(largest)
    signs = signal.real >= 0
    return {
        "peak_to_peak_db": level + 20 * np.log10(values.max(axis=1) - values.min(axis=1)),
        "energy_db": level + 10 * np.log10(square * signal.shape[1] / fs),
        "crest": 1 / np.sqrt(square),
        "skewness": (middle**3).mean(axis=1) / spread**3,
        "kurtosis": (middle**4).mean(axis=1) / spread**4,
        "crossings_hz": (signs[:, 1:] != signs[:, :-1]).sum(axis=1) * fs / signal.shape[1],
        "above_half_s": (magnitude > 0.5).sum(axis=1) / fs,
    }


def measured(attributes: Sequence[Mapping[str, Any]], names: Sequence[str] = MEASURED) -> Table:
    """Return what makers measured of events, as ``event NAME``; NaN where there is no such number."""
    rows = [[_number(each.get(name)) for name in names] for each in attributes]
    values = np.array(rows, dtype=float).reshape(len(rows), len(names))
    return Table(tuple(f"event {name}" for name in names), np.where(np.isfinite(values), values, np.nan))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else np.nan


@dataclass(frozen=True)
class RobustScale:
    """Turns quantities into features: (value − median) / (0.741 · interquartile range), and an indicator of what is known.

    Attributes
    ----------
    columns : tuple of str
        Quantities that are used.
    middle, spread : (D,) float64 arrays
        0.741 of the interquartile range is the standard deviation of a Gaussian.
    indicators : tuple of str
        Columns with a feature ``NAME known`` beside them: 1 where the value was there, else 0.
    """

    columns: tuple[str, ...]
    middle: Floats
    spread: Floats
    indicators: tuple[str, ...]

    @classmethod
    def of(cls, table: Table) -> RobustScale:
        """Learn it from a table. Columns without any value are left out; those that lack some get an indicator.

        Raises
        ------
        InputError
            If no column has a value.
        """
        there = np.isfinite(table.values)
        used = np.flatnonzero(there.any(axis=0))
        if not len(used):
            raise InputError("nothing can be measured of these windows: all are constant", remedy="Choose other events")
        values = table.values[:, used]
        low, middle, high = np.nanpercentile(values, [25, 50, 75], axis=0)
        spread = 0.741 * (high - low)
        spread = np.where(spread > 0, spread, np.nanstd(values, axis=0))
        columns = tuple(table.names[n] for n in used)
        # Quantities that lack in the same windows need one indicator, not each its own.
        lacking: dict[bytes, str] = {}
        for name, n in zip(columns, used, strict=True):
            if not there[:, n].all():
                lacking.setdefault(there[:, n].tobytes(), name)
        return cls(columns, middle, np.where(spread > 0, spread, 1.0), tuple(lacking.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features."""
        return self.columns + tuple(f"{name} known" for name in self.indicators)

    def __call__(self, table: Table) -> npt.NDArray[np.float32]:
        """Return features (N, len(names)); values that lack count as the median, hence 0.

        Raises
        ------
        InputError
            If the table lacks a column.
        """
        if missing := [name for name in self.columns if name not in table.names]:
            raise InputError(
                f"these windows have no {', '.join(missing)}",
                remedy="Take windows of the same length, rate and channels",
            )
        values = table.values[:, [table.names.index(name) for name in self.columns]]
        there = np.isfinite(values)
        scaled = (np.where(there, values, self.middle) - self.middle) / self.spread
        known = there[:, [self.columns.index(name) for name in self.indicators]]
        return np.hstack([scaled, known]).astype(np.float32)
