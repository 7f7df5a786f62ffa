"""Representations kept on disk, so that the next run on the same windows only opens them."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.features.representations import Raw, Representation, build_representation
from core.features.representations.base import Array
from core.features.windows import Windows
from core.jobs import NullReporter, Reporter, replacing
from core.study import Study

VERSION = 1  # of what representations compute: raised when one of them gives other numbers for the same fields
MOST_BYTES = 4 << 30
LEFT_OVER_S = 86_400.0  # a file that is not whole after a day was left by a job that was killed


@dataclass(frozen=True)
class Cache:
    """A folder of arrays (``.npy``, never pickled), of which those used longest ago make room for new ones.

    Several jobs may use it at once: a file is written whole before it gets its name, and what another job removes meanwhile is
    computed again.

    Attributes
    ----------
    folder : Path
    most_bytes : int
        What the files may come to.
    """

    folder: Path
    most_bytes: int = MOST_BYTES

    @classmethod
    def of(cls, study: Study) -> Cache:
        """Return the cache of a study."""
        return cls(study.folder / "cache" / "representations")

    def get(self, key: str, shape: tuple[int, ...]) -> Array | None:
        """Return an array, mapped into memory; None if it is not there, damaged or of another shape.

        It may be written to: what is changed stays in memory.
        """
        path = self._path(key)
        try:
            kept = np.load(path, mmap_mode="c", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if kept.shape != shape or kept.dtype != np.float32:
            return None
        with suppress(OSError):  # a study that may only be read
            os.utime(path)
        return np.asarray(kept)

    def put(self, key: str, array: Array) -> bool:
        """Keep an array, and remove those used longest ago; return whether it was not too large to be kept.

        Raises
        ------
        InputError
            If it cannot be written; nothing of it is left.
        """
        if array.nbytes > self.most_bytes:
            return False
        self._make_room(array.nbytes)
        with replacing(self._path(key)) as file:
            np.save(file, array, allow_pickle=False)
        return True

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"

    def _make_room(self, n_bytes: int) -> None:
        for part in self.folder.glob(".*.part"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > LEFT_OVER_S:
                    part.unlink()
        found = []
        for path in self.folder.glob("*.npy"):
            with suppress(OSError):  # another job makes room too
                found.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        excess = sum(size for _, size, _ in found) + n_bytes - self.most_bytes
        for _, size, path in sorted(found):
            if excess <= 0:
                break
            with suppress(OSError):  # open on Windows
                path.unlink()
                excess -= size


def represent(
    windows: Windows,
    spec: Mapping[str, Any] | Representation,
    cache: Cache | None = None,
    report: Reporter | None = None,
) -> Array:
    """Return a representation of windows (N, …), float32, from the cache where it was computed before.

    Parameters
    ----------
    windows : Windows
        With levels, if the representation needs them.
    spec : mapping or Representation
        As `build_representation` takes it.
    cache : Cache, optional
        Where to look for it and to keep it. That it cannot be kept (disk full, study that may only be read) is said in the log,
        and costs nothing but time.
    report : Reporter, optional

    Raises
    ------
    InputError
        If the representation does not fit the windows.
    """
    made = spec if isinstance(spec, Representation) else build_representation(spec)
    report = report or NullReporter()
    if cache is None or isinstance(made, Raw):  # samples are copied faster than they are read back
        return made(windows.x, windows.fs, windows.levels)
    shape = (len(windows.x), *made.output_shape(*windows.x.shape[1:]))
    key = cache_key(windows, made)
    kept = cache.get(key, shape)
    if kept is not None:
        report.log(f"{made.title}: computed before, taken from the study's cache")
        return kept
    computed = made(windows.x, windows.fs, windows.levels)
    try:
        if not cache.put(key, computed):
            report.log(f"{made.title}: not kept for later runs, since it is larger than the cache may be")
            return computed
    except InputError as error:
        report.log(f"{made.title}: not kept for later runs, which compute it again. {error}")
        return computed
    kept = cache.get(key, shape)
    return computed if kept is None else kept


def cache_key(windows: Windows, representation: Representation) -> str:
    """Return what names a representation of windows.

    It is a hash of the samples themselves, with their rate, levels and event ids: whatever may change them (the window, a file, an
    event that was moved, how a reader understands a format) changes it.
    """
    digest = hashlib.blake2b(digest_size=20)
    said = {"version": VERSION, "fs": windows.fs, "shape": windows.x.shape, "representation": representation.to_json()}
    digest.update(json.dumps(said, sort_keys=True).encode())
    for array in (windows.ids, windows.x, windows.levels if representation.needs_levels else None):
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
