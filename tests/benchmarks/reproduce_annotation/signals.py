"""Real signals: MIT-BIH beats with the cardiologists' classes, and EEG of the Bonn university."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.signals import open_recording

AAMI = ("NLRej", "AaJS", "VE", "F")
AAMI_NAMES = ("N", "S", "V", "F")
BEFORE_S, AFTER_S = 0.4, 0.6
EEG_BANDS_HZ = (0.5, 2, 4, 6, 8, 10, 13, 17, 22, 30, 40, 60, 85)


def beats(data: Path, every: int, n_components: int = 24) -> dict[str, np.ndarray]:
    """Return every so-manyth beat of the records, by the annotated peaks.

    Its features are principal components of the 1 s window of two leads, each lead less its median and over its record's
    spread, and the intervals to the beats before and after over the median interval around. Paced and unclassifiable
    beats (Q) are left out: there are fewer than ten in these records.
    """
    windows, intervals, classes, group = (
        np.concatenate(part)
        for part in zip(*(_record(path) for path in sorted(data.glob("mitbih/*.hea"))), strict=True)
    )
    kept = np.arange(len(classes)) % every == 0
    flat = windows[kept] - windows[kept].mean(axis=0)
    _, axes = np.linalg.eigh(flat.T @ flat)
    shape = flat @ axes[:, ::-1][:, :n_components]
    timing = np.clip(intervals[kept], 0.3, 3.0)
    # Both kinds of features with the same total spread: the shape of a beat and its timing count alike.
    x = np.concatenate(
        [part / np.sqrt(part.var(axis=0).sum()) for part in (shape, timing - timing.mean(axis=0))], axis=1
    )
    return {"x": x, "classes": classes[kept], "group": group[kept], "n_all": np.array(len(classes))}


def _record(path: Path) -> tuple[np.ndarray, ...]:
    import wfdb

    recording = open_recording(path)
    fs, n = recording.fs[0], recording.channels[0].n_samples
    leads = np.stack([recording.read(channel, 0, n) for channel in range(2)])
    leads = np.nan_to_num((leads - np.nanmedian(leads, axis=1)[:, None]) / np.nanstd(leads, axis=1)[:, None])
    marks = wfdb.rdann(str(path.with_suffix("")), "atr")
    class_of = {symbol: c for c, symbols in enumerate(AAMI) for symbol in symbols}
    is_beat = np.isin(marks.symbol, [*class_of, "/", "f", "Q"])
    at = marks.sample[is_beat]
    classes = np.array([class_of.get(symbol, -1) for symbol in np.array(marks.symbol)[is_beat]])
    before, after = int(BEFORE_S * fs), int(AFTER_S * fs)
    usable = np.flatnonzero((classes >= 0) & (at >= before) & (at + after <= n))[1:-1]
    windows = np.stack([leads[:, i - before : i + after : 4].ravel() for i in at[usable]]).astype(np.float32)
    return windows, _intervals(at)[usable], classes[usable], np.full(len(usable), int(path.stem))


def _intervals(at: np.ndarray) -> np.ndarray:
    """Return the intervals before and after each beat over the median of the eleven around it."""
    from scipy.ndimage import median_filter

    before = np.diff(at, prepend=2 * at[0] - at[1]).astype(float)
    usual = np.maximum(median_filter(before, 11), 1.0)
    return np.stack([before, np.append(before[1:], before[-1])], axis=1) / usual[:, None]


def eeg_chunks(data: Path) -> dict[str, np.ndarray]:
    """Return the 1 s chunks of the Bonn segments (the ESR set), with their segment as the group."""
    with np.load(data / "esr.npz") as kept:
        signals, classes, segment, fs = (kept[name] for name in ("X", "y", "segment", "fs"))
    return _eeg(signals, classes, segment, float(fs))


def eeg_segments(data: Path) -> dict[str, np.ndarray]:
    """Return the whole Bonn segments of 23.6 s."""
    with np.load(data / "bonn_eeg.npz") as kept:
        signals, classes, names, fs = (kept[name] for name in ("signals", "label", "name", "fs"))
    return _eeg(signals, classes, names, float(fs))


def _eeg(signals: np.ndarray, classes: np.ndarray, names: np.ndarray, fs: float) -> dict[str, np.ndarray]:
    """Return logarithms of band powers, amplitude, line length and curvature: hand-crafted, standardised features."""
    x = signals.astype(np.float64)
    x = x - x.mean(axis=1, keepdims=True)
    columns = [np.log(values + 1e-9) for values in _measures(x, fs)]
    table = np.stack(columns, axis=1)
    _, group = np.unique(names, return_inverse=True)
    return {
        "x": (table - table.mean(axis=0)) / table.std(axis=0),
        "classes": classes.astype(np.int64) - 1,
        "group": group,
    }


def _measures(x: np.ndarray, fs: float) -> Iterator[np.ndarray]:
    power = np.abs(np.fft.rfft(x * np.hanning(x.shape[1]), axis=1)) ** 2 / x.shape[1]
    frequency = np.fft.rfftfreq(x.shape[1], 1 / fs)
    for low, high in pairwise(EEG_BANDS_HZ):
        yield power[:, (frequency >= low) & (frequency < high)].mean(axis=1)
    yield x.std(axis=1)
    yield np.abs(np.diff(x, axis=1)).mean(axis=1)
    yield np.abs(np.diff(x, n=2, axis=1)).mean(axis=1)
    yield np.ptp(x, axis=1)
