"""A feature space: one vector per event, and how the vectors were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import read_json, replacing, write_json


@dataclass(frozen=True)
class FeatureSpace:
    """Features of events.

    Attributes
    ----------
    ids : (N,) int64 array
        Event ids.
    vectors : (N, D) float32 array
    spec : dict
        How they were made: window, representation, objective, seed.
    """

    ids: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    spec: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: str | Path) -> None:
        """Write it to a folder."""
        folder = Path(folder)
        for name, array in (("ids", self.ids), ("vectors", self.vectors)):
            with replacing(folder / f"{name}.npy") as file:
                np.save(file, array)
        write_json(folder / "features.json", self.spec)

    @classmethod
    def load(cls, folder: str | Path) -> FeatureSpace:
        """Read it from a folder.

        Raises
        ------
        InputError
            If it is not there or damaged.
        """
        folder = Path(folder)
        try:
            ids = np.load(folder / "ids.npy", allow_pickle=False)
            vectors = np.load(folder / "vectors.npy", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"no feature space can be read here ({error})", subject=folder, remedy="Learn it again"
            ) from error
        return cls(ids, vectors, read_json(folder / "features.json"))
