"""What took minutes is kept: finished parts as .npz, each under a name that holds all that decides it.

Several processes may work through one folder: a part is claimed by a lock on a file, which the system lets go of when its
process ends, however it ends.
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


class Cache:
    """A folder of finished parts, and of what is under way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, name: str) -> bool:
        """Return whether a part is finished."""
        return self._path(name).exists()

    def read(self, name: str) -> tuple[Arrays, dict[str, Any]]:
        """Return the arrays and the description of a finished part."""
        with np.load(self._path(name)) as kept:
            arrays = {key: kept[key] for key in kept.files if key != "about"}
            return arrays, json.loads(str(kept["about"]))

    def keep(self, name: str, arrays: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        """Keep a finished part: whole, or not at all."""
        part = self.folder / f"{name}.part.npz"
        np.savez_compressed(part, **arrays, about=np.array(json.dumps(about)))
        part.replace(self._path(name))

    def made(self, name: str, make: Callable[[], tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Arrays:
        """Return the arrays of a part, made now if they never were; another process that makes them is waited for."""
        if not self.has(name):
            with self.claimed(name, wait=True):
                if not self.has(name):
                    self.keep(name, *make())
        return self.read(name)[0]

    @contextmanager
    def claimed(self, name: str, *, wait: bool = False) -> Iterator[bool]:
        """Claim a part for the time of a ``with``; gives whether it is this process's to make."""
        folder = self.folder / "claims"
        folder.mkdir(exist_ok=True)
        with (folder / name).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True

    def under_way(self, name: str) -> Path:
        """Return the folder for the checkpoints of a part."""
        return self.folder / "under-way" / name

    def clear(self, name: str) -> None:
        """Remove the checkpoints of a part."""
        shutil.rmtree(self.under_way(name), ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"
