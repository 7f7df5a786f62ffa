"""Arrays that commands read and write as `.npy`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.jobs import write_bytes_atomically


def load_array(path: Path) -> np.ndarray[Any, Any]:
    """Load a `.npy` array; never pickled objects.

    Raises
    ------
    InputError
        If it cannot be read, or is no array of numbers.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"this array cannot be read ({error})", subject=path, remedy="Give a .npy file of numbers"
        ) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iufb":
        raise InputError("this is no array of numbers", subject=path, remedy="Give a .npy file of numbers")
    return array


def save_array(path: Path, array: np.ndarray[Any, Any]) -> None:
    """Write a `.npy` file, whole or not at all."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_bytes_atomically(path, buffer.getvalue())
