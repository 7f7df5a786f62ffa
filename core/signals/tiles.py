"""Spectrograms as tiles on a grid that stays where it is, so that scrolling computes what is new only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.checks import check, finite, whole
from core.errors import InputError
from core.signals.doppler import Signal
from core.signals.recording import Recording
from core.signals.spectrogram import decibels, frequencies, stft

FRAMES = 256  # columns of a tile
FRAME_S = {
    "doppler": 0.03,
    "audio": 0.03,
    "eeg": 1.0,
    "eog": 1.0,
}  # by kind: rows of EEG are 1 Hz apart, as bands are named
OTHER_FRAME_S = 0.5
OVERLAPS = 32  # frames begin no closer than their length over this: nearer ones show the same
READ_AT_ONCE = 1 << 19  # samples; of a tile that spans more, one frame in the middle of each column is read
LEVEL_FRAMES = 120


@dataclass(frozen=True)
class TileGrid:
    """Where the tiles of a channel's spectrogram lie for pages of a length; equal for equal pages, so a key of caches.

    Attributes
    ----------
    fs : float
        Sampling rate, Hz.
    n_samples : int
        Length of the channel.
    nfft : int
        Samples of a frame.
    hop : int
        Samples of a column. A frame lies in its middle; where columns are longer, several fill it.
    looks : int
        Frames of a column.
    two_sided : bool
        Whether it is of a Doppler I/Q gate.
    frames : int
        Columns of a tile.
    """

    fs: float
    n_samples: int
    nfft: int
    hop: int
    looks: int
    two_sided: bool
    frames: int = FRAMES

    @property
    def tile_s(self) -> float:
        """Length of a tile, s."""
        return self.frames * self.hop / self.fs

    @property
    def n_tiles(self) -> int:
        """How many tiles the channel has."""
        return -(-self.n_samples // (self.frames * self.hop))

    @property
    def share(self) -> float:
        """Share of the samples that is looked at, 1 for all."""
        return min(1.0, self.looks * self.nfft / self.hop)

    @property
    def freqs_hz(self) -> npt.NDArray[np.float64]:
        """Frequency of each row, Hz, ascending."""
        return frequencies(self.nfft, self.fs, two_sided=self.two_sided)

    def tiles(self, start_s: float, length_s: float) -> range:
        """Return the numbers of the tiles that a page shows, from the first that it touches to the last."""
        first = max(0, int(np.floor(start_s / self.tile_s)))
        last = min(self.n_tiles, int(np.ceil((start_s + length_s) / self.tile_s)))
        return range(first, max(first, last))

    def span(self, index: int) -> tuple[float, float]:
        """Return where a tile starts and stops, s."""
        return index * self.tile_s, (index + 1) * self.tile_s


@dataclass(frozen=True)
class Tile:
    """A piece of spectrogram.

    Attributes
    ----------
    db : (n_freqs, n_frames) float32 array
        Mean power of the frames of each column, dB; NaN where none is whole: in gaps, and half a frame from the ends.
    freqs_hz : (n_freqs,) float64 array
        Ascending.
    start_s, stop_s : float
        Outer edges of the first and last column.
    """

    db: npt.NDArray[np.float32]
    freqs_hz: npt.NDArray[np.float64]
    start_s: float
    stop_s: float


def grid_for(
    recording: Recording, channel: int | str, length_s: float, pixels: int, *, nfft: int | None = None
) -> TileGrid:
    """Return the grid for pages of a length drawn so many pixels wide: one to two columns a pixel.

    Parameters
    ----------
    recording : Recording
    channel : int or str
        I or Q stand for their gate.
    length_s : float
    pixels : int
    nfft : int, optional
        Samples of a frame, a power of two; else about 30 ms for Doppler and sound, 1 s for EEG and EOG, half a second for the rest.

    Raises
    ------
    InputError
        If there is no such channel, it is shorter than a frame, or a value is out of its range.
    """
    check(finite(above=0), length_s=length_s)
    check(whole(1), pixels=pixels)
    known, two_sided = recording.channels[recording.index(channel)], Signal.of(recording, channel).is_iq
    if nfft is None:
        seconds = FRAME_S.get(known.kind.partition("_")[0], OTHER_FRAME_S)
        nfft = 1 << max(4, round(np.log2(known.fs * seconds)))
    check(whole(4), nfft=nfft)
    if nfft & (nfft - 1):
        raise InputError(f"a frame of {nfft} samples does not fit the grid", remedy="Choose a power of two")
    if known.n_samples < nfft:
        raise InputError(
            f"{known.name} has {known.n_samples} samples, fewer than one frame of {nfft}",
            subject=recording.path,
            remedy="Choose a shorter frame",
        )
    longest = min(length_s, known.n_samples / known.fs)
    hop = max(1, nfft // OVERLAPS, 1 << max(0, int(np.floor(np.log2(max(1.0, longest * known.fs / pixels))))))
    looks = max(1, hop // nfft) if hop * FRAMES <= READ_AT_ONCE else 1
    return TileGrid(known.fs, known.n_samples, nfft, hop, looks, two_sided)


def read_tile(recording: Recording, channel: int | str, grid: TileGrid, index: int) -> Tile:
    """Compute a tile from the samples that it looks at.

    O(frames · looks · nfft log nfft) time; memory for `READ_AT_ONCE` samples at most, whatever the length of the page.

    Raises
    ------
    InputError
        If the grid has no such tile, or samples cannot be read.
    """
    if not 0 <= index < grid.n_tiles:
        raise InputError(
            f"there is no tile {index} of {grid.n_tiles}", subject=recording.path, remedy="Take one of tiles()"
        )
    # Frames begin evenly: `looks` to a column, each in the middle of its part of the column.
    step, n = grid.hop // grid.looks, grid.frames * grid.looks
    first = index * grid.frames * grid.hop + step // 2 - grid.nfft // 2
    signal = Signal.of(recording, channel)
    if grid.frames * grid.hop <= READ_AT_ONCE:
        power = _power(_single(signal, first, first + (n - 1) * step + grid.nfft), grid.nfft, step)
    else:
        power = _power_of(signal, grid.nfft, first + step * np.arange(n))
    power = power.reshape(len(power), grid.frames, grid.looks)
    whole_frames = np.isfinite(power[0]).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        mean = np.nansum(power, axis=-1) / np.where(whole_frames, whole_frames, np.nan)
    return Tile(decibels(mean).astype(np.float32), grid.freqs_hz, *grid.span(index))


def levels_of(
    recording: Recording,
    channel: int | str,
    grid: TileGrid,
    clip: tuple[float, float] = (0.0, 3.0),
    *,
    highest_hz: float = np.inf,
) -> tuple[float, float]:
    """Return the dB levels that suit the spectrogram on every page: μ + aσ and μ + bσ, as the papers clip.

    μ and σ are those of `LEVEL_FRAMES` frames, taken evenly from the whole recording, as far as they are shown: up to
    `highest_hz`, on both sides. The work does not grow with the recording. One without a whole frame among them, or of
    silence, gives (0, 1).

    Raises
    ------
    InputError
        If `clip` is not two ascending numbers, or samples cannot be read.
    """
    a, b = clip
    check(finite(), clip_low=a, clip_high=b)
    check(finite(above=float(a)), clip_high=b)
    starts = np.unique(np.linspace(0, grid.n_samples - grid.nfft, LEVEL_FRAMES).astype(np.int64))
    db = decibels(_power_of(Signal.of(recording, channel), grid.nfft, starts))[np.abs(grid.freqs_hz) <= highest_hz]
    db = db[np.isfinite(db)]
    if not len(db):
        return 0.0, 1.0
    mean, spread = float(db.mean(dtype=np.float64)), float(db.std(dtype=np.float64)) or 1.0
    return mean + a * spread, mean + b * spread


def _power_of(signal: Signal, nfft: int, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the power of frames that are read one by one, (n_freqs, n_frames)."""
    frames = np.empty((len(starts), nfft), np.complex64 if signal.is_iq else np.float32)
    for row, start in zip(frames, starts.tolist(), strict=True):
        row[:] = _single(signal, start, start + nfft)
    return _power(frames, nfft, nfft)[..., 0]


def _single(signal: Signal, start: int, stop: int) -> npt.NDArray[np.inexact]:
    """Return samples in single precision; of one-sided signals without their mean, in which small ones would be lost."""
    x = signal.read(start, stop)
    if signal.is_iq:
        return x.astype(np.complex64)
    there = x[np.isfinite(x)]
    return (x - there.mean() if len(there) else x).astype(np.float32)


def _power(x: npt.NDArray[np.inexact], nfft: int, hop: int) -> npt.NDArray[np.float32]:
    # The offset of an amplifier is no slow wave. That of I and Q is the echo of the wall: a part of the signal.
    spectrum = stft(x, nfft, hop, without_mean=not np.iscomplexobj(x))
    return np.moveaxis(spectrum.real**2 + spectrum.imag**2, -2, 0)
