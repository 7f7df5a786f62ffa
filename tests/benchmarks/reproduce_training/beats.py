"""Beats of the 22 MIT-BIH records: both leads about every annotated peak, in the five AAMI classes."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from core.signals import open_recording

AAMI = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "Q/f"}
FS = 125.0
N_TIMES = 187  # as published: 1.5 s
BEFORE_S = 0.9  # the beat before is in the window: whether one comes early tells S from N


def beats(data: Path) -> dict[str, np.ndarray]:
    """Return windows (N, 2, 187), lead MLII first, and the record of each.

    Each lead of a record is taken less its median and over its standard deviation, which needs no label. Beats too near to
    an end of the record for a whole window are left out.
    """
    parts = [_record(path) for path in sorted(data.glob("mitbih/*.hea"))]
    x, y, unit = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {"x": x, "y": y, "unit": unit}


def _record(path: Path) -> tuple[np.ndarray, ...]:
    import wfdb

    leads, times = _leads(path)
    marks = wfdb.rdann(str(path.with_suffix("")), "atr")
    class_of = {symbol: number for number, symbols in enumerate(AAMI.values()) for symbol in symbols}
    is_beat = np.isin(marks.symbol, list(class_of))
    y = np.array([class_of[symbol] for symbol in np.array(marks.symbol)[is_beat]], dtype=np.int64)
    first = np.round((marks.sample[is_beat] / times - BEFORE_S) * FS).astype(int)
    whole = (first >= 0) & (first + N_TIMES <= leads.shape[1])
    x = np.stack([leads[:, i : i + N_TIMES] for i in first[whole]]).astype(np.float32)
    return x, y[whole], np.full(whole.sum(), path.stem)


def _leads(path: Path) -> tuple[np.ndarray, float]:
    """Return both leads at 125 Hz, scaled, and the rate at which their annotations count."""
    from scipy.signal import resample_poly

    recording = open_recording(path)
    names = [channel.name for channel in recording.channels[:2]]
    order = sorted(range(2), key=lambda number: names[number] != "MLII")
    leads = np.stack([recording.read(channel, 0, recording.channels[channel].n_samples) for channel in order])
    leads = np.nan_to_num((leads - np.nanmedian(leads, axis=1)[:, None]) / np.nanstd(leads, axis=1)[:, None])
    ratio = Fraction(int(FS), int(recording.fs[0]))
    return resample_poly(leads, ratio.numerator, ratio.denominator, axis=1), float(recording.fs[0])
