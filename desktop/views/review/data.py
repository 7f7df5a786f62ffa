"""What Review reads in the background: traces of a page, its spectrogram, the overview."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.signals import Pyramid, Recording, decibels, frequencies, log_spectrogram, stft

Floats = npt.NDArray[np.float64]
MAX_SAMPLES = 1_500_000  # beyond, a spectrogram is sampled: one frame per column


@dataclass(frozen=True)
class Page:
    """Traces of a page: for each channel shown its times and a line through minima and maxima, in the channel's unit."""

    start_s: float
    length_s: float
    channels: tuple[int, ...]
    lines: tuple[tuple[Floats, Floats], ...]
    spread: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """A spectrogram: (n_freqs, n_frames) dB, its frequencies (Hz) and the times of its first and last column (s)."""

    db: npt.NDArray[np.float32]
    freqs_hz: Floats
    left_s: float
    right_s: float


def read_page(pyramid: Pyramid, channels: tuple[int, ...], start_s: float, length_s: float, pixels: int) -> Page:
    """Return a page of traces, about two values per pixel."""
    lines, spreads = [], []
    for channel in channels:
        t, low, high = pyramid.query(channel, start_s, start_s + length_s, pixels)
        lines.append((np.repeat(t, 2), np.column_stack([low, high]).ravel()) if low is not high else (t, low))
        values = lines[-1][1]
        finite = values[np.isfinite(values)]
        spreads.append(float(np.subtract(*np.percentile(finite, [99.8, 0.2]))) if len(finite) else 0.0)
    return Page(start_s, length_s, channels, tuple(lines), tuple(spreads))


def read_picture(recording: Recording, channel: int, start_s: float, length_s: float, pixels: int) -> Picture | None:
    """Return the spectrogram of a page: of the Doppler gate a channel belongs to, else of the channel itself."""
    known = recording.channels[channel]
    fs = known.fs
    gate = next((g for g, pair in enumerate(recording.gates) if channel in pair), None)
    first, last = max(0, int(start_s * fs)), min(known.n_samples, int((start_s + length_s) * fs))
    nfft = 1 << max(4, round(np.log2(fs * (0.03 if gate is not None else 0.5))))
    if last - first < 2 * nfft:
        return None

    def read(a: int, b: int) -> npt.NDArray[np.complexfloating] | Floats:
        return recording.read_iq(gate, a, b) if gate is not None else recording.read(channel, a, b)

    if last - first <= MAX_SAMPLES:
        hop = max(1, min(nfft // 4, (last - first) // max(pixels, 1)))
        x = np.nan_to_num(read(first, last))
        shown = log_spectrogram(x, fs, nfft, max(hop, (last - first) // 4000))
        left, right = shown.times_s[0], shown.times_s[-1]
        return Picture(shown.db.astype(np.float32), shown.freqs_hz, first / fs + left, first / fs + right)
    starts = np.linspace(first, last - nfft, min(pixels, 600)).astype(int)
    frames = np.stack([np.nan_to_num(read(int(s), int(s) + nfft)) for s in starts])
    spectrum = stft(frames, nfft, nfft)[..., 0].T
    db = decibels(np.abs(spectrum) ** 2).astype(np.float32)
    return Picture(db, frequencies(nfft, fs, two_sided=gate is not None), starts[0] / fs, (starts[-1] + nfft) / fs)
