"""What Review reads in the background: a recording as a whole, the traces of a page, its spectrogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.jobs import Reporter
from core.signals import Pyramid, Recording, decibels, frequencies, log_spectrogram, stft
from desktop.services.session import Session
from desktop.widgets.plots import image_levels

Floats = npt.NDArray[np.float64]
MAX_SAMPLES = 1_500_000  # beyond, a spectrogram is sampled: one frame per column
OVERVIEW_BINS = 1000
LEVEL_FRAMES = 240


@dataclass(frozen=True)
class Opened:
    """A recording with what holds for all its pages.

    `envelope` is the line of the overview, (t, y); `spread` is, for each channel, the height that its row stands for at
    first, in the channel's unit: the same on every page, so that amplitudes can be compared.
    """

    id: int
    recording: Recording
    pyramid: Pyramid
    envelope: tuple[Floats, Floats]
    spread: tuple[float, ...]


@dataclass(frozen=True)
class Page:
    """Traces of a page: for each channel shown its times and a line through minima and maxima, in the channel's unit."""

    start_s: float
    length_s: float
    channels: tuple[int, ...]
    lines: tuple[tuple[Floats, Floats], ...]


@dataclass(frozen=True)
class Picture:
    """A spectrogram: (n_freqs, n_frames) dB, its frequencies (Hz), the times of its edges (s) and the levels to show (dB)."""

    db: npt.NDArray[np.float32]
    freqs_hz: Floats
    left_s: float
    right_s: float
    levels: tuple[float, float]


def open_recording(session: Session, recording_id: int, report: Reporter) -> Opened:
    """Open a recording and build what its pages are drawn from."""
    pyramid = session.pyramid(recording_id, report)
    recording = pyramid.recording
    envelope: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
    spreads = []
    for channel in range(len(recording.channels)):
        t, low, high = pyramid.query(channel, 0.0, recording.duration, OVERVIEW_BINS)
        if channel == 0:
            envelope = (np.repeat(t, 2), np.column_stack([low, high]).ravel())
        spreads.append(_spread(low, high))
    return Opened(recording_id, recording, pyramid, envelope, tuple(spreads))


def _spread(low: Floats, high: Floats) -> float:
    """Return the height that holds all but the rarest extremes; 1 for a flat channel."""
    low, high = low[np.isfinite(low)], high[np.isfinite(high)]
    if not len(low):
        return 1.0
    return float(np.percentile(high, 99) - np.percentile(low, 1)) or 1.0


def read_page(pyramid: Pyramid, channels: tuple[int, ...], start_s: float, length_s: float, pixels: int) -> Page:
    """Return a page of traces, about two values per pixel."""
    lines = []
    for channel in channels:
        t, low, high = pyramid.query(channel, start_s, start_s + length_s, pixels)
        lines.append((np.repeat(t, 2), np.column_stack([low, high]).ravel()) if low is not high else (t, low))
    return Page(start_s, length_s, channels, tuple(lines))


def gate_of(recording: Recording, channel: int) -> int | None:
    """Return the Doppler gate a channel belongs to, or None."""
    return next((g for g, pair in enumerate(recording.gates) if channel in pair), None)


def frame_length(recording: Recording, channel: int) -> int:
    """Return the frame of a channel's spectrogram, samples: about 30 ms for Doppler, half a second otherwise."""
    seconds = 0.03 if gate_of(recording, channel) is not None else 0.5
    return 1 << max(4, round(np.log2(recording.channels[channel].fs * seconds)))


def read_picture(
    recording: Recording,
    channel: int,
    start_s: float,
    length_s: float,
    pixels: int,
    levels: tuple[float, float] | None = None,
) -> Picture | None:
    """Return the spectrogram of a page: of the Doppler gate a channel belongs to, else of the channel itself.

    `levels` are those of the pages before; None finds them from the whole recording. None is returned where the recording
    is shorter than a frame.
    """
    known, nfft = recording.channels[channel], frame_length(recording, channel)
    fs, half = known.fs, nfft // 2
    # Half a frame more on both sides, so that the picture reaches the edges of the page.
    first, last = max(0, int(start_s * fs) - half), min(known.n_samples, int((start_s + length_s) * fs) + half)
    if last - first < nfft + 1:
        return None
    levels = levels or read_levels(recording, channel)
    if last - first > MAX_SAMPLES:
        db, edges = _sampled(recording, channel, first, last, min(pixels, 600))
        return Picture(db, _frequencies(recording, channel), *edges, levels)
    hop = max(1, min(nfft // 4, (last - first) // max(pixels, 1)), (last - first) // 4000)
    shown = log_spectrogram(np.nan_to_num(_samples(recording, channel, first, last)), fs, nfft, hop)
    left, right = (first / fs + shown.times_s[n] + s * hop / fs / 2 for n, s in ((0, -1), (-1, 1)))
    return Picture(shown.db.astype(np.float32), shown.freqs_hz, left, right, levels)


def read_levels(recording: Recording, channel: int) -> tuple[float, float]:
    """Return the dB levels that suit a channel's spectrogram everywhere in the recording."""
    db, _ = _sampled(recording, channel, 0, recording.channels[channel].n_samples, LEVEL_FRAMES)
    return image_levels(db)


def _samples(recording: Recording, channel: int, first: int, last: int) -> npt.NDArray[Any]:
    gate = gate_of(recording, channel)
    return recording.read(channel, first, last) if gate is None else recording.read_iq(gate, first, last)


def _frequencies(recording: Recording, channel: int) -> Floats:
    both = gate_of(recording, channel) is not None
    return frequencies(frame_length(recording, channel), recording.channels[channel].fs, two_sided=both)


def _sampled(
    recording: Recording, channel: int, first: int, last: int, frames: int
) -> tuple[npt.NDArray[np.float32], tuple[float, float]]:
    """Return single frames evenly taken from a range, (n_freqs, frames) dB, and the times of the first and last edge, s."""
    nfft, fs = frame_length(recording, channel), recording.channels[channel].fs
    starts = np.unique(np.linspace(first, max(first, last - nfft), frames).astype(int))
    pieces = [_samples(recording, channel, int(s), min(int(s) + nfft, last)) for s in starts]
    whole = np.stack([np.pad(np.nan_to_num(piece), (0, nfft - len(piece))) for piece in pieces])
    spectrum = stft(whole, nfft, nfft)[..., 0].T
    db = decibels(spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return db, (starts[0] / fs, (starts[-1] + nfft) / fs)
