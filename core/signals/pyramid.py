"""Min/max pyramids: any window of a long recording drawn from about two values per pixel, extremes never lost.

Level 0 holds the minimum and maximum of every 64 samples, each further level those of four bins below. Built once in
O(n) with bounded memory, 4.2 % of the samples' size; a query touches O(bins asked for) values. Decimation by LTTB
would be prettier and can drop the extreme sample; a HITS is the extreme.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.jobs import NullReporter, Reporter, replacing
from core.signals.recording import Floats, Recording

BASE, FACTOR = 64, 4
CHUNK = BASE * FACTOR**7  # samples read at a time: a million, 8 MB
VERSION = 1


def level_lengths(n_samples: int) -> list[int]:
    """Return the number of bins of each level; the last has at most `FACTOR`."""
    lengths = [-(-n_samples // BASE)]
    while lengths[-1] > FACTOR:
        lengths.append(-(-lengths[-1] // FACTOR))
    return lengths


def bin_extremes(low: Floats, high: Floats, size: int) -> tuple[Floats, Floats]:
    """Return the minima of `low` and the maxima of `high` of every `size` values; NaN only where all are NaN."""
    starts = np.arange(0, len(low), size)
    return np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)


@dataclass(frozen=True)
class Pyramid:
    """The pyramids of a recording; `query` answers any window."""

    recording: Recording
    folder: Path

    def query(self, channel: int | str, start_s: float, stop_s: float, n_bins: int) -> tuple[Floats, Floats, Floats]:
        """Return what to draw of a channel between two times.

        Parameters
        ----------
        channel : int or str
        start_s, stop_s : float
            Window, s; what lies outside the recording is left out.
        n_bins : int
            About how many bins are wanted, one per pixel.

        Returns
        -------
        t, low, high : (n,) float64 arrays
            Times (s), minima and maxima in the channel's unit; NaN in gaps. Below two samples per bin,
            the samples themselves, with ``low`` equal to ``high``.
        """
        number = self.recording.index(channel)
        known = self.recording.channels[number]
        start = int(np.clip(np.floor(start_s * known.fs), 0, known.n_samples))
        stop = int(np.clip(np.ceil(stop_s * known.fs) + 1, start, known.n_samples))
        per_bin = max(1.0, (stop - start) / max(n_bins, 1))
        if per_bin < BASE:
            samples = self.recording.read(number, start, stop)
            size = int(per_bin) if per_bin >= 2 else 1
            low, high = (samples, samples) if size == 1 or not len(samples) else bin_extremes(samples, samples, size)
            return (start + np.arange(len(low)) * size) / known.fs, low, high
        return self._from_levels(number, start, stop, per_bin)

    def _from_levels(self, number: int, start: int, stop: int, per_bin: float) -> tuple[Floats, Floats, Floats]:
        known = self.recording.channels[number]
        lengths = level_lengths(known.n_samples)
        level = min(int(np.log(per_bin / BASE) / np.log(FACTOR)), len(lengths) - 1)
        size = BASE * FACTOR**level
        first, last = start // size, min(-(-stop // size), lengths[level])
        offset = sum(lengths[:level])
        table = np.load(self.folder / f"{number}.npy", mmap_mode="r", allow_pickle=False)
        bins = np.asarray(table[offset + first : offset + last], dtype=np.float64)
        group = max(1, round(per_bin / size))
        low, high = bin_extremes(bins[:, 0], bins[:, 1], group)
        return (first * size + np.arange(len(low)) * size * group) / known.fs, low, high


def build_pyramid(recording: Recording, folder: str | Path, report: Reporter | None = None) -> Pyramid:
    """Build what is missing of the pyramids of a recording in `folder`, and return them.

    Each channel's file is written whole and renamed, so an interrupted build goes on where it stopped.
    """
    report = report or NullReporter()
    folder = Path(folder) / f"pyramid-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    total = len(recording.channels)
    for number, channel in enumerate(recording.channels):
        report.check()
        path = folder / f"{number}.npy"
        if not path.exists():
            table = _channel_table(recording, number)
            with replacing(path) as file:
                np.save(file, table)
        report.progress(number + 1, total, channel.name)
    return Pyramid(recording, folder)


def _channel_table(recording: Recording, number: int) -> npt.NDArray[np.float32]:
    """Return all levels of a channel below one another, (n_bins, 2) float32."""
    pieces = list(_base_bins(recording, number))
    low = np.concatenate([piece[0] for piece in pieces]) if pieces else np.empty(0)
    high = np.concatenate([piece[1] for piece in pieces]) if pieces else np.empty(0)
    levels = []
    for _ in level_lengths(recording.channels[number].n_samples):
        levels.append(np.column_stack([low, high]).astype(np.float32))
        if len(low):
            low, high = bin_extremes(low, high, FACTOR)
    return np.concatenate(levels)


def _base_bins(recording: Recording, number: int) -> Iterator[tuple[Floats, Floats]]:
    n = recording.channels[number].n_samples
    for start in range(0, n, CHUNK):
        samples = recording.read(number, start, min(start + CHUNK, n))
        yield bin_extremes(samples, samples, BASE)
