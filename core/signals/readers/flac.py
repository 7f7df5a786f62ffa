"""FLAC streams: how many samples can be decoded, and windows of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.signals.readers.damage import damaged

SIGNATURE = b"fLaC"
BLOCK = 1 << 14  # samples decoded at a time: bounds the memory that the channels not asked for take
UNKNOWN = 1 << 62  # libsndfile says a number above this where the encoder did not know the length


def stated_samples(path: Path, frames: int) -> int:
    """Return the number of samples that the stream states, where libsndfile speaks of `frames`.

    Raises
    ------
    InputError
        If the stream was encoded without its length, or does not begin with the file: libsndfile cannot seek then.
    """
    with path.open("rb") as stream:
        if stream.read(4) != SIGNATURE:
            raise damaged(path, "something else stands in front of the FLAC stream, such as an ID3 tag")
    if frames > UNKNOWN:
        raise damaged(path, "this FLAC stream does not state its length")
    return frames


def whole_samples(path: Path, n: int) -> int:
    """Return how many of the first `n` samples can be decoded; less than `n` where the file ends early.

    A FLAC stream that was cut still states its full length, so the last sample is tried, then bisected: O(log n) seeks.
    """
    low, high = 0, n
    middle = n - 1
    while low < high:
        if _decodes(path, middle):
            low = middle + 1
        else:
            high = middle
        middle = (low + high) // 2
    return low


def _decodes(path: Path, sample: int) -> bool:
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            file.seek(sample)
            return len(file.read(1, dtype="int32")) == 1
    except (soundfile.LibsndfileError, RuntimeError):
        return False


def read_integers(path: Path, channels: Sequence[int], start: int, stop: int) -> npt.NDArray[np.int32]:
    """Return samples ``start … stop - 1`` of channels as the integers that were encoded, (n_channels, n)."""
    import soundfile

    out = np.empty((len(channels), stop - start), np.int32)
    with soundfile.SoundFile(path) as file:
        file.seek(start)
        for low in range(0, stop - start, BLOCK):
            high = min(low + BLOCK, stop - start)
            out[:, low:high] = file.read(high - low, dtype="int32", always_2d=True).T[list(channels)]
        out >>= {"PCM_S8": 24, "PCM_16": 16, "PCM_24": 8}[file.subtype]  # libsndfile aligns them at the top of 32 bits
    return out
