"""Maps: 2-D points of events, how they were made, and how good they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import read_json, replacing, write_json
from core.projection.map_events import MapEvents
from core.projection.quality import normalize_quality
from core.projection.scores import choose

Floats = npt.NDArray[np.float64]
SHOWN = ("params", "silhouette", "mean_quality", "trustworthiness", "continuity")  # of a map, in the result of a run


@dataclass(frozen=True)
class Map:
    """One map.

    Attributes
    ----------
    params : dict
        Method and its parameters.
    points : (N, 2) float64 array
        Arbitrary units; NaN for events that the method could not place.
    local_quality : (N,) float64 array
        Local quality, on no scale where `raw`; over its maximum in maps of old runs. Of events that were placed, it is
        judged among them and those that shaped the map; it decides whether they pass labels on where they are usable, and
        is for showing only where they are not.
    silhouette : float or None
        Of the labelled points; None where too few were labelled.
    number : int
        Of its files in the run's folder.
    raw : bool
    scores : dict
        ``mean_quality`` (of N times local quality), ``trustworthiness``, ``continuity``; empty in old runs.
    arrays : dict
        What the method keeps to place new points.
    events : MapEvents
        Which event each row is, and what it may be used for; row numbers where nothing is given.
    n_scored : int or None
        Labelled points that the silhouette is the mean of; None where an old run did not keep it.
    """

    params: dict[str, Any]
    points: Floats
    local_quality: Floats
    silhouette: float | None
    number: int = 0
    raw: bool = True
    scores: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, Floats] = field(default_factory=dict)
    events: MapEvents = field(default_factory=lambda: MapEvents(np.empty(0, np.int64)))
    n_scored: int | None = None

    def __post_init__(self) -> None:
        if not self.events.ids.size:
            object.__setattr__(self, "events", MapEvents(np.arange(len(self.points))))
        if not len(self.points) == len(self.local_quality) == len(self.events.ids):
            raise InputError(
                f"a map of {len(self.points)} points has {len(self.local_quality)} qualities and {len(self.events.ids)} events",
                remedy="Make the maps again",
            )

    @cached_property
    def quality(self) -> Floats:
        """Local quality over its maximum, as the papers use it."""
        return self.scaled("max")

    def scaled(self, how: str) -> Floats:
        """Return local quality on a scale of `normalize_quality`, which the events that shaped the map alone decide.

        Raises
        ------
        InputError
            If there is no such scale, or an old run did not keep what it needs.
        """
        if how == "fixed" and not self.raw:
            raise InputError("this map kept its quality over the maximum only", remedy="Make the maps again")
        return normalize_quality(self.local_quality, how, ~self.events.placed)

    def scored(self, silhouettes: Floats | None) -> Map:
        """Return the map with the mean of other silhouettes, those of its labelled points; None where too few are labelled."""
        if silhouettes is None:
            return replace(self, silhouette=None, n_scored=0)
        return replace(self, silhouette=float(np.mean(silhouettes)), n_scored=len(silhouettes))

    def shaped(self) -> Map:
        """Return the map of the events that shaped it: none that was placed in it later."""
        rows = ~self.events.placed
        return replace(
            self,
            points=self.points[rows],
            local_quality=self.local_quality[rows],
            events=MapEvents(self.events.ids[rows], self.events.test[rows], self.events.usable[rows]),
        )


@dataclass(frozen=True)
class ProjectionSet:
    """The maps of a feature space; `best`, `middle`, `worst` are their places in `maps`.

    They are ranked by silhouette, by mean quality where too few points are labelled. `finished` is False while more maps
    are being made, or where their making was stopped. `events` says which events are of test subjects.
    """

    events: MapEvents
    maps: list[Map]
    best: int
    middle: int
    worst: int
    finished: bool = True

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The event ids, (N,)."""
        return self.events.ids

    @property
    def ranked(self) -> dict[str, int]:
        """Places of the maps by name, each map once: of two, none is the middle; of one, none the worst."""
        named: dict[str, int] = {}
        for name in ("best", "worst", "middle"):
            if (place := getattr(self, name)) not in named.values():
                named[name] = place
        return {name: named[name] for name in ("best", "middle", "worst") if name in named}


def rank_maps(made: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the places of the best, middle and worst map, and by which score they were chosen."""
    chosen_by = "silhouette" if all(m["silhouette"] is not None for m in made) else "mean_quality"
    best, middle, worst = choose([m[chosen_by] for m in made])
    return {"best": best, "middle": middle, "worst": worst, "chosen_by": chosen_by}


def save_map(folder: Path, made: Map, about: dict[str, Any]) -> None:
    """Write a map so that it is there whole or not at all: the arrays, then `about` it, which says that they are there."""
    about_path(folder, made.number).unlink(missing_ok=True)
    arrays: dict[str, Any] = {"points": made.points, "local_quality": made.local_quality, **made.arrays}
    with replacing(folder / f"map_{made.number:02d}.npz") as file:
        np.savez(file, **arrays)
    write_about(folder, made.number, about)


def write_about(folder: Path, number: int, about: dict[str, Any]) -> None:
    """Write what is known about a map, or why there is none."""
    write_json(about_path(folder, number), {**about, "number": number})


def about_path(folder: Path, number: int) -> Path:
    """Return where it says how a map was made and how good it is."""
    return folder / f"map_{number:02d}.json"


def read_about(folder: Path) -> list[dict[str, Any]]:
    """Return what is known about each map of a run that was made or failed, by number.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    return [about for path in sorted(folder.glob("map_*.json"), key=_number) if (about := _about(path))]


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("map_"))


def _about(path: Path) -> dict[str, Any]:
    try:
        return dict(read_json(path))
    except (ValueError, TypeError) as error:
        raise InputError(f"this map cannot be read ({error})", subject=path, remedy="Make the maps again") from error


def load_map(folder: Path, about: dict[str, Any], events: MapEvents, place: int = 0) -> Map:
    """Return a map of events.

    Raises
    ------
    InputError
        If its arrays are missing or damaged.
    """
    number = about.get("number", place)
    try:
        with (folder / f"map_{number:02d}.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        raw = "local_quality" in arrays
        points, quality = arrays.pop("points"), arrays.pop("local_quality" if raw else "quality")
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise InputError(
            f"map {number} cannot be read ({error})", subject=folder, remedy="Make the maps again"
        ) from error
    scores = {name: about[name] for name in SHOWN[2:] if raw and about.get(name) is not None}
    n_scored = about.get("n_scored")
    return Map(about["params"], points, quality, about["silhouette"], number, raw, scores, arrays, events, n_scored)


def load_projection(folder: str | Path) -> ProjectionSet:
    """Read the maps of a projection run: all of a finished one, those that are there of one that runs or was stopped.

    Raises
    ------
    InputError
        If there is none yet, or a file is missing or damaged.
    """
    folder = Path(folder)
    finished = (folder / "result.json").exists()
    if finished:
        result = read_json(folder / "result.json")
        entries = result["maps"]
    else:
        entries = [about for about in read_about(folder) if "failed" not in about]
        if not entries:
            raise InputError("no map is there yet", subject=folder, remedy="Wait for the first, or resume the run")
        result = rank_maps(entries)
    events = MapEvents.load(folder)
    maps = [load_map(folder, about, events, place) for place, about in enumerate(entries)]
    return ProjectionSet(events, maps, result["best"], result["middle"], result["worst"], finished)
