"""Maps: 2-D points of events, how they were made, and how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import read_json, replacing

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Map:
    """One map.

    Attributes
    ----------
    params : dict
        Method and its parameters.
    points : (N, 2) float64 array
        Arbitrary units.
    quality : (N,) float64 array
        Local quality over its maximum.
    silhouette : float or None
        Of the labelled points; None where too few were labelled.
    """

    params: dict[str, Any]
    points: Floats
    quality: Floats
    silhouette: float | None


@dataclass(frozen=True)
class ProjectionSet:
    """The maps of a feature space; `best`, `middle`, `worst` are their numbers by silhouette."""

    ids: npt.NDArray[np.int64]
    maps: list[Map]
    best: int
    middle: int
    worst: int


def save_map(folder: Path, number: int, made: Map) -> None:
    """Write the arrays of a map, whole or not at all."""
    with replacing(folder / f"map_{number:02d}.npz") as file:
        np.savez(file, points=made.points, quality=made.quality)


def load_arrays(folder: Path, number: int) -> tuple[Floats, Floats]:
    """Return points and quality of a map."""
    try:
        with np.load(folder / f"map_{number:02d}.npz", allow_pickle=False) as file:
            return file["points"], file["quality"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"map {number} cannot be read ({error})", subject=folder, remedy="Make the maps again"
        ) from error


def load_projection(folder: str | Path) -> ProjectionSet:
    """Read the maps of a finished projection run.

    Raises
    ------
    InputError
        If they are not there or damaged.
    """
    folder = Path(folder)
    result = read_json(folder / "result.json")
    maps = [Map(m["params"], *load_arrays(folder, n), m["silhouette"]) for n, m in enumerate(result["maps"])]
    ids = np.load(folder / "ids.npy", allow_pickle=False)
    return ProjectionSet(ids, maps, result["best"], result["middle"], result["worst"])
