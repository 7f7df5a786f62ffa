"""Min/max pyramids: any window of a long recording drawn from about two values per pixel, extremes never lost.

Level 0 holds the minimum and maximum of every 64 samples, each further level those of four bins below; for 16-bit samples
that is 4.2 % of their size. A pyramid can be looked at while it is built: short windows are read from the samples, long
ones from what is there. Decimation by LTTB would be prettier and can drop the extreme sample; a HITS is the extreme.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.signals.extremes import Extremes, Values, calibrated, empty_bin, extremes_of, fold, handy
from core.signals.pyramid_tables import BASE, BUILT, Table, map_tables, tables_of
from core.signals.recording import Floats, Recording

VERSION = 2
FROM_SAMPLES = 1 << 24  # the costliest window that is read from its samples (`Recording.cost`): about 60 ms on a PC
Line = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class Pyramid:
    """The pyramids of a recording, complete or not; safe to ask from several threads, also while they are built.

    Attributes
    ----------
    recording : Recording
    folder : Path
        Where its files are.
    """

    recording: Recording
    folder: Path
    _maps: list[tuple[npt.NDArray[np.int64], list[Values]]] = field(default_factory=list, repr=False, compare=False)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """What the files hold."""
        return tables_of(self.recording)

    @property
    def built_s(self) -> float:
        """Up to which time all channels are built, s; ``recording.duration`` when all is."""
        built = self._built()
        late = [n / table.fs for table, n in zip(self.tables, built, strict=True) if n < table.n_samples]
        return min(late, default=self.recording.duration)

    @property
    def complete(self) -> bool:
        """Whether all is built."""
        return all(n >= table.n_samples for table, n in zip(self.tables, self._built(), strict=True))

    def query(self, channel: int | str, start_s: float, stop_s: float, n_bins: int) -> Line:
        """Return what to draw of a channel between two times: `query_page` of one channel."""
        return self.query_page([channel], start_s, stop_s, n_bins)[0]

    def query_page(self, channels: Sequence[int | str], start_s: float, stop_s: float, n_bins: int) -> list[Line]:
        """Return what to draw of several channels between two times, read in one pass.

        Parameters
        ----------
        channels : sequence of int or str
        start_s, stop_s : float
            Window, s; what lies outside the recording is left out.
        n_bins : int
            About how many bins are wanted, one per pixel.

        Returns
        -------
        list of (t, low, high), each (n,) float64 arrays
            For each channel times (s), minima and maxima in its unit; NaN in gaps and in long windows where the pyramid
            is not built yet (`built_s`). Bins start at whole multiples of their length, so that they stay the same when
            the window moves. Below two samples per bin, the samples themselves: ``low`` is ``high``.

        Notes
        -----
        Windows shorter than the pyramid shows, and those that it does not hold yet, are read from their samples while that
        costs at most `FROM_SAMPLES` (`Recording.cost`), about 60 ms: of 32 stored channels at 256 Hz pages up to 34 min,
        with average reference and filters up to 5 min. Beyond, they come from the pyramid, whatever it has: bins of 64
        samples at the finest, and nothing where it is not built, so that a page is shown as being read and never waited
        for.

        Raises
        ------
        InputError
            If there is no such channel, or it cannot be read.
        """
        numbers = [self.recording.index(channel) for channel in channels]
        lines: dict[int, Line] = {}
        for table in self.tables:
            mine = [n for n in table.channels if n in numbers]
            if mine:
                lines.update(zip(mine, self._lines(table, mine, start_s, stop_s, n_bins), strict=True))
        nothing = np.empty(0)
        return [lines.get(number, (nothing, nothing, nothing)) for number in numbers]

    def _lines(self, table: Table, numbers: list[int], start_s: float, stop_s: float, n_bins: int) -> list[Line]:
        start = int(np.clip(np.floor(start_s * table.fs), 0, table.n_samples))
        stop = int(np.clip(np.ceil(stop_s * table.fs) + 1, start, table.n_samples))
        shown = min(stop_s * table.fs, table.n_samples) - max(start_s * table.fs, 0)  # the same wherever the window is
        per_bin = max(1.0, shown / max(n_bins, 1))
        unbuilt = stop > self._built()[table.number]
        if (per_bin < BASE or unbuilt) and self.recording.cost(numbers, stop - start) <= FROM_SAMPLES:
            return lines_of_samples(self.recording, numbers, start, stop, int(per_bin))
        return self._from_levels(table, numbers, start, stop, per_bin)

    def _from_levels(self, table: Table, numbers: list[int], start: int, stop: int, per_bin: float) -> list[Line]:
        level = table.level_for(per_bin)
        several = handy(max(1, round(per_bin / table.sizes[level])))
        width = table.sizes[level] * several
        first, last = start // width, -(-stop // width)
        built = self._built()[table.number]  # before the bins, which may grow meanwhile
        low, high = self._bins(table, numbers, level, first * several, min(last * several, table.lengths[level]))
        low, high = fold(low, high, several)
        if built < table.n_samples:
            low[:, max(0, built // width - first) :], high[:, max(0, built // width - first) :] = empty_bin(table.dtype)
        low, high = calibrated(low, high, self.recording.digital(numbers, 0, 0))
        t = (first + np.arange(low.shape[1])) * width / table.fs
        return [(t, a, b) for a, b in zip(low, high, strict=True)]

    def _bins(self, table: Table, numbers: list[int], level: int, first: int, last: int) -> Extremes:
        """Return bins of a level, (n_channels, n) each; anything where they are not built."""
        found = self._map()
        if found is None:
            return (nothing := np.zeros((len(numbers), last - first), table.dtype)), nothing.copy()
        rows, offset = [table.channels.index(number) for number in numbers], table.offsets[level]
        low, high = found[1][table.number][:, rows, offset + first : offset + last]
        return low, high

    def _map(self) -> tuple[npt.NDArray[np.int64], list[Values]] | None:
        if not self._maps and (found := map_tables(self.folder, self.tables)) is not None:
            self._maps.append(found)
        return self._maps[0] if self._maps else None

    def _built(self) -> list[int]:
        found = self._map()
        return [0] * len(self.tables) if found is None else [int(n) for n in found[0]]


def lines_of_samples(recording: Recording, numbers: list[int], start: int, stop: int, per_bin: int) -> list[Line]:
    """Return the lines of channels of one rate, read from their samples, as `Pyramid.query_page`.

    Parameters
    ----------
    recording : Recording
    numbers : list of int
    start, stop : int
        Samples; the first and the last bin may reach beyond.
    per_bin : int
        Samples per bin; up to 20 % fewer are taken where they then fold faster.
    """
    known, size = recording.channels[numbers[0]], handy(per_bin)
    first, last = start // size * size, min(-(-stop // size) * size, known.n_samples)
    samples = recording.digital(numbers, first, max(first, last))
    if size == 1:
        t = np.arange(first, last) / known.fs
        return [(t, line, line) for line in samples.physical()]
    low, high = calibrated(*fold(*extremes_of(samples), size), samples)
    t = (first + np.arange(low.shape[1]) * size) / known.fs
    return [(t, a, b) for a, b in zip(low, high, strict=True)]


def open_pyramid(recording: Recording, folder: str | Path) -> Pyramid:
    """Return the pyramid of a recording as far as it is built, at once; `build_pyramid` completes it.

    Parameters
    ----------
    recording : Recording
    folder : str or Path
        Where the pyramids of this content are kept, such as ``study.folder / "arrays" / sha256``. What was derived from
        it has a folder of its own in there.
    """
    place = Path(folder) / f"pyramid-{VERSION}"
    if recording.derivation:
        place /= f"derived-{hashlib.sha256(recording.derivation.encode()).hexdigest()[:16]}"
    with suppress(OSError):
        os.utime(place / BUILT)  # used just now: pruned last
    return Pyramid(recording, place)
