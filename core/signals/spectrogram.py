"""Short-time spectra: the true complex form, not the real part that published code keeps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from core.checks import check, finite, whole
from core.errors import InputError

BLOCK = 1 << 18  # values transformed at a time: 2 MB in single precision, which stays in the cache


@dataclass(frozen=True)
class Spectrogram:
    """A log-spectrogram.

    Attributes
    ----------
    db : (n_freqs, n_frames) float array
        ``10 log10 |STFT|²``, dB.
    freqs_hz : (n_freqs,) float64 array
        Ascending; from ``-fs/2`` for complex or two-sided input, else from 0.
    times_s : (n_frames,) float64 array
        Middle of each frame.
    """

    db: npt.NDArray[Any]
    freqs_hz: npt.NDArray[Any]
    times_s: npt.NDArray[Any]


@lru_cache(maxsize=32)
def window_of(name: str, nfft: int) -> npt.NDArray[Any]:
    """Return a symmetric window, such as ``blackman`` or ``hann``; it is shared, hence read-only.

    Raises
    ------
    InputError
        If there is none of this name, or it needs parameters.
    """
    from scipy.signal import get_window

    try:
        taper: npt.NDArray[Any] = get_window(name, nfft, fftbins=False)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"there is no window {name!r} that needs no parameters", remedy="Use blackman, hann, hamming or boxcar"
        ) from error
    taper.flags.writeable = False
    return taper


def stft(
    x: npt.ArrayLike,
    nfft: int,
    hop: int,
    *,
    window: str = "blackman",
    two_sided: bool | None = None,
    without_mean: bool = False,
) -> npt.NDArray[np.complexfloating]:
    """Return the short-time Fourier transform without padding, the last whole frame included.

    Parameters
    ----------
    x : (..., n_times) real or complex array
    nfft, hop : int
        Frame length and step, samples.
    window : str
        Symmetric window.
    two_sided : bool, optional
        Zero frequency in the middle; by default for complex `x` only.
    without_mean : bool
        Whether the mean of each frame is taken off it first: an offset, which the window spreads over the lowest rows.

    Returns
    -------
    (..., n_freqs, n_frames) complex array
        ``n_frames = 1 + (n_times - nfft) // hop``; complex64 for single precision input. O(n_frames · nfft log nfft)
        time; memory bounded by the result, in which the values of a frame lie side by side.

    Raises
    ------
    InputError
        If the signal is shorter than one frame, a size is no positive whole number, or the window is unknown.
    """
    check(whole(2), nfft=nfft)
    check(whole(1), hop=hop)
    x = np.atleast_1d(x)
    if x.dtype.kind not in "fc":
        x = x.astype(np.float64)
    if x.shape[-1] < nfft:
        raise InputError(
            f"{x.shape[-1]} samples are fewer than one frame of {nfft}",
            remedy="Take a longer window",
        )
    both = np.iscomplexobj(x) if two_sided is None else two_sided
    if np.iscomplexobj(x) and not both:
        raise InputError("the spectrum of a complex signal has two sides", remedy="Leave two_sided out")
    taper = window_of(window, nfft).astype(x.real.dtype)
    if both and nfft % 2 == 0:
        taper[1::2] *= -1  # a shift by half the sampling rate: zero frequency comes out in the middle, for nothing
    frames = np.lib.stride_tricks.sliding_window_view(x, nfft, axis=-1)[..., ::hop, :]
    n_frames, n_freqs = frames.shape[-2], nfft if both else nfft // 2 + 1
    # Frame by frame in memory, as the transforms come out: turning the array round would cost as much as they do.
    result = np.empty((*x.shape[:-1], n_frames, n_freqs), np.result_type(x.dtype, np.complex64))
    step = max(1, BLOCK // nfft)
    for first in range(0, n_frames, step):
        part = result[..., first : first + step, :]
        several = frames[..., first : first + step, :]
        if without_mean:
            with np.errstate(invalid="ignore"):  # of a frame with an infinite value nothing is known
                several = several - several.mean(axis=-1, keepdims=True)
        block = np.multiply(several, taper, out=part if np.iscomplexobj(x) else None)
        spectrum = scipy.fft.fft(block, axis=-1, overwrite_x=True) if both else scipy.fft.rfft(block, axis=-1)
        if both and nfft % 2:
            spectrum = scipy.fft.fftshift(spectrum, axes=-1)
        if not np.may_share_memory(spectrum, part):  # most often it was transformed in its place
            part[...] = spectrum
    return np.swapaxes(result, -1, -2)


def frequencies(nfft: int, fs: float, *, two_sided: bool) -> npt.NDArray[Any]:
    """Return the frequency of each row of `stft`, Hz."""
    return scipy.fft.fftshift(scipy.fft.fftfreq(nfft, 1 / fs)) if two_sided else scipy.fft.rfftfreq(nfft, 1 / fs)


def decibels(power: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return ``10 log10(power)``; minus infinity where there is none."""
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(power)


def clip_to_statistics(db: npt.NDArray[Any], clip: tuple[float, float]) -> npt.NDArray[Any]:
    """Return `db` clipped to ``[μ + aσ, μ + bσ]`` per image, with μ and σ over its finite entries.

    Parameters
    ----------
    db : (..., n_freqs, n_frames) array
    clip : (a, b)
        The papers use (0, 9): everything below the mean becomes the mean. An image without any finite entry becomes 0.
    """
    finite = np.isfinite(db)
    n = np.maximum(finite.sum(axis=(-2, -1), keepdims=True), 1)
    values = np.where(finite, db, 0.0)
    mean = values.sum(axis=(-2, -1), keepdims=True) / n
    spread = (
        np.sqrt((np.where(finite, db - mean, 0.0) ** 2).sum(axis=(-2, -1), keepdims=True) / n) if finite.any() else 0.0
    )
    low, high = mean + clip[0] * spread, mean + clip[1] * spread
    return np.clip(np.where(np.isnan(db), low, db), low, high)


def log_spectrogram(
    x: npt.ArrayLike,
    fs: float,
    nfft: int,
    hop: int,
    *,
    window: str = "blackman",
    clip: tuple[float, float] | None = None,
    two_sided: bool | None = None,
) -> Spectrogram:
    """Return the log-spectrogram of one signal.

    Parameters
    ----------
    x : (n_times,) real or complex array
        Complex I/Q gives the two-sided spectrum: flow towards the probe above zero, away from it below.
    fs : float
        Sampling rate, Hz, above 0.
    nfft, hop, window, two_sided
        As in `stft`.
    clip : (a, b), optional
        As in `clip_to_statistics`.

    Raises
    ------
    InputError
        If `x` is not one signal, `fs` is not above 0, or as in `stft`.

    Notes
    -----
    The papers' formula, ``10 log10 |STFT|²`` with the power of the complex spectrum. The public reference code drops
    the imaginary part, takes 20 log10 of a power, and skips a last whole frame; none of that is repeated here.
    """
    check(finite(above=0), fs=fs)
    if np.ndim(x) != 1:
        raise InputError(
            f"an array of shape {np.shape(x)} is not one signal", remedy="Give (n_times,); stft takes more"
        )
    spectrum = stft(x, nfft, hop, window=window, two_sided=two_sided)
    db = decibels(spectrum.real**2 + spectrum.imag**2)
    if clip is not None:
        db = clip_to_statistics(db, clip)
    both = np.iscomplexobj(x) if two_sided is None else two_sided
    times = (np.arange(db.shape[-1]) * hop + nfft / 2) / fs
    return Spectrogram(db, frequencies(nfft, fs, two_sided=bool(both)), times)
