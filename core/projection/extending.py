"""A projection run that extends another: the same maps, with more events placed in them.

A run never changes after it ended, since others name it in their records; so events that come later are in a run of their own,
which holds the whole maps and says which it extends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.features import FeatureSpace
from core.jobs import JobSpec, Reporter, read_json
from core.projection.map_events import MapEvents
from core.projection.maps import Map, ProjectionSet, load_projection, rank_maps, save_map
from core.projection.neighbours import checked_points
from core.projection.placing import place
from core.study import RunEntry, Study

Floats = npt.NDArray[np.float64]


def shaped_by(study: Study, run: RunEntry) -> RunEntry:
    """Return the features run that the maps of a projection run were made from, also where it only extends another.

    Raises
    ------
    InputError
        If a run on the way is gone.
    """
    while "extends" in run.params:
        run = study.run(run.params["extends"])
    return study.run(run.params["features"])


def extend(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Place the events of a features run in the maps of a finished projection run, as a projection run of its own.

    Its parameters: ``extends`` (id of the projection run) and ``features`` (id of a features run by the same encoder); events
    that are on the maps already stay as they are. Old points keep their place and quality bit for bit, and maps their scores
    and rank. Events of test subjects are marked; what they may be used for is as in the maps that are extended. A map whose
    method cannot place is left out, and named in the result.

    Raises
    ------
    InputError
        If the run has not ended, there is no new event, the features are of another encoder, or no method can place them.
    """
    folder = Path(spec.folder)
    with Study.open(spec.study or "", readonly=True) as study:
        run = study.run(spec.params["extends"])
        first = FeatureSpace.load(shaped_by(study, run).folder)
        new = FeatureSpace.load(study.run(spec.params["features"]).folder)
    old = load_projection(run.folder)
    if not old.finished:
        raise InputError("maps are still being made", subject=run.id, remedy="Wait for them, or resume the run")
    result = read_json(run.folder / "result.json")
    extension = _Extension.of(old, first, new)
    extension.events.save(folder)
    made, failed = [], []
    for number, (map_, about) in enumerate(zip(old.maps, result["maps"], strict=True)):
        report.check()
        report.progress(number, len(old.maps), str(map_.params["method"]))
        try:
            longer = extension.extended(map_, spec.seed, report)
        except InputError as error:
            failed.append({"params": map_.params, "failed": error.what})
            report.log(f"{map_.params}: {error.what}")
            continue
        about = {**about, "number": map_.number}
        save_map(folder, longer, about)
        made.append(about)
    if not made:
        raise InputError(
            f"the new events can be placed in none of {len(failed)} maps; {failed[0]['failed']}",
            remedy="Make maps anew of old and new events together",
        )
    counts = {name: result[name] for name in ("n_labelled", "n_judged") if name in result}
    return {
        "maps": made,
        "failed": failed,
        **rank_maps(made),
        **counts,
        "n": len(extension.events.ids),
        "n_test": int(extension.events.test.sum()),
        "n_placed": int(extension.fresh.sum()),
        "not_placed": [],
        "extends": run.id,
        "warnings": extension.events.describe(),
    }


@dataclass(frozen=True)
class _Extension:
    """Maps, and what is placed in them.

    `before` are the vectors of the events that shaped the maps, `fresh` the rows of the new feature space that are not on
    them, `vectors` theirs, and `events` those of the extended maps: the old ones, then the new.
    """

    before: Floats
    vectors: Floats
    fresh: npt.NDArray[np.bool_]
    events: MapEvents

    @classmethod
    def of(cls, old: ProjectionSet, first: FeatureSpace, new: FeatureSpace) -> _Extension:
        """Find what is new, and the vectors that the maps were made from."""
        fresh = ~np.isin(new.ids, old.ids)
        if not fresh.any():
            raise InputError("all of these events are on the maps", remedy="Choose events that are not")
        row = {event: n for n, event in enumerate(first.ids.tolist())}
        shaping = old.ids[~old.events.placed].tolist()
        if missing := [event for event in shaping if event not in row]:
            raise InputError(
                f"the features of {len(missing)} events of the maps are gone",
                remedy="Make the maps again",
            )
        test = new.test[fresh]
        usable = ~test | first.transductive
        return cls(
            checked_points(first.vectors[[row[event] for event in shaping]]),
            checked_points(new.vectors[fresh]),
            fresh,
            old.events.and_placed(new.ids[fresh], test, usable),
        )

    def extended(self, made: Map, seed: int, report: Reporter) -> Map:
        """Return a map with the new events."""
        new = place(made.shaped(), self.before, self.vectors, seed, report)
        return replace(
            made,
            points=np.concatenate([made.points, new.points]),
            local_quality=np.concatenate([made.local_quality, new.raw if made.raw else new.quality]),
            events=self.events,
        )
