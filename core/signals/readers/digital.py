"""Integers of widths that NumPy does not have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int32]


def int24(raw: Bytes) -> Integers:
    """Return little-endian 24-bit two's complement integers of a whole number of byte triplets."""
    wide = np.zeros((raw.size // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return wide.view("<i4").reshape(-1) >> 8


def signed(values: npt.NDArray[np.uint32], bits: int) -> Integers:
    """Return the numbers whose two's complement of so many bits the low bits of `values` are."""
    sign = 1 << (bits - 1)
    return ((values & (2 * sign - 1)) ^ sign).astype(np.int32) - sign
