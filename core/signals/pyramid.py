"""Min/max pyramids: any window of a long recording drawn from about two values per pixel, extremes never lost.

Level 0 holds the minimum and maximum of every 64 samples, each further level those of four bins below. Built once in
O(n) with bounded memory, 4.2 % of the samples' size; a query touches O(bins asked for) values. Decimation by LTTB
would be prettier and can drop the extreme sample; a HITS is the extreme.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from filelock import AcquireReturnProxy, FileLock

from core.errors import InputError
from core.jobs import NullReporter, Reporter, replacing
from core.signals.recording import Floats, Recording

BASE, FACTOR = 64, 4
CHUNK_LEVELS = 8  # whose bins fit into a piece of samples
CHUNK = BASE * FACTOR ** (CHUNK_LEVELS - 1)  # samples read at a time: a million, 8 MB
HEADER_BYTES = 128  # of a .npy file
OPEN_FILES = 64
VERSION = 1

Bins = tuple[Floats, Floats]


def level_lengths(n_samples: int) -> list[int]:
    """Return the number of bins of each level; the last has at most `FACTOR`."""
    lengths = [-(-n_samples // BASE)]
    while lengths[-1] > FACTOR:
        lengths.append(-(-lengths[-1] // FACTOR))
    return lengths


def bin_extremes(low: Floats, high: Floats, size: int) -> Bins:
    """Return the minima of `low` and the maxima of `high` of every `size` values; NaN only where all are NaN."""
    starts = np.arange(0, len(low), size)
    return np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)


@dataclass(frozen=True)
class Pyramid:
    """The pyramids of a recording; `query` answers any window in O(`n_bins`), reading nothing else."""

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

    O(n) time; memory for `CHUNK` samples, whatever the length and the number of channels. A channel's file is written
    whole and renamed: an interrupted build leaves nothing behind. A second caller waits for the first.

    Parameters
    ----------
    recording : Recording
    folder : str or Path
        Where the pyramids of this content are kept, such as ``study.folder / "arrays" / sha256``.
    report : Reporter, optional

    Raises
    ------
    InputError
        If the recording cannot be read or the folder not be written to.
    JobCancelled
        If asked to stop.
    """
    report = report or NullReporter()
    folder = Path(folder) / f"pyramid-{VERSION}"
    if _missing(recording, folder):
        with _only_one(folder):
            missing = _missing(recording, folder)
            for first in range(0, len(missing), OPEN_FILES):
                _build(recording, folder, missing[first : first + OPEN_FILES], report)
    return Pyramid(recording, folder)


def _only_one(folder: Path) -> AcquireReturnProxy:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / "building.lock").acquire()
    except OSError as error:
        raise InputError(
            f"could not be written to ({error.strerror})", subject=folder, remedy="Choose a folder you may write to"
        ) from error


def _missing(recording: Recording, folder: Path) -> list[int]:
    """Return the channels whose file is not there, or not of the length that it must have."""
    missing = []
    for number, channel in enumerate(recording.channels):
        path = folder / f"{number}.npy"
        if not path.is_file() or path.stat().st_size != HEADER_BYTES + 8 * sum(level_lengths(channel.n_samples)):
            missing.append(number)
    return missing


def _build(recording: Recording, folder: Path, numbers: list[int], report: Reporter) -> None:
    """Build the files of some channels, going once through time: interleaved samples are then read from disk once."""
    lengths = {number: recording.channels[number].n_samples for number in numbers}
    steps = [(start, n) for start in range(0, max(lengths.values()), CHUNK) for n in numbers if start < lengths[n]]
    with ExitStack() as files:
        writers = {n: LevelWriter(files.enter_context(replacing(folder / f"{n}.npy")), lengths[n]) for n in numbers}
        for done, (start, n) in enumerate(steps):
            report.check()
            writers[n].add(recording.read(n, start, min(start + CHUNK, lengths[n])))
            report.progress(done + 1, len(steps), recording.path.name)
        for writer in writers.values():
            writer.finish()


class LevelWriter:
    """Writes the levels of a channel below one another, ``(n_bins, 2)`` float32, while its samples come in."""

    def __init__(self, file: IO[bytes], n_samples: int) -> None:
        self._file = file
        self._lengths = level_lengths(n_samples)
        self._offsets = [sum(self._lengths[:level]) for level in range(len(self._lengths))]
        self._tops: list[Bins] = []
        header = {"descr": "<f4", "fortran_order": False, "shape": (sum(self._lengths), 2)}
        np.lib.format.write_array_header_1_0(file, header)

    def add(self, samples: Floats) -> None:
        """Add the next `CHUNK` samples; only the last piece may be shorter."""
        bins = bin_extremes(samples, samples, BASE)
        for level in range(min(CHUNK_LEVELS, len(self._lengths))):
            if level:
                bins = bin_extremes(*bins, FACTOR)
            self._write(level, bins)
        self._tops.append(bins)

    def finish(self) -> None:
        """Write the levels whose bins are longer than a piece."""
        for level in range(CHUNK_LEVELS, len(self._lengths)):
            low, high = (np.concatenate(values) for values in zip(*self._tops, strict=True))
            self._tops = [bin_extremes(low, high, FACTOR)]
            self._write(level, self._tops[0])

    def _write(self, level: int, bins: Bins) -> None:
        self._file.seek(HEADER_BYTES + 8 * self._offsets[level])
        self._file.write(np.column_stack(bins).astype("<f4").tobytes())
        self._offsets[level] += len(bins[0])
