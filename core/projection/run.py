"""Projection runs: the maps of a feature space, each written as it is ready, so that a stopped run goes on where it was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.features import FeatureSpace, class_numbers
from core.jobs import JobSpec, Reporter
from core.projection.extending import extend
from core.projection.grid import Cell, Share, draw_cell, plan_grid, prepare
from core.projection.map_events import MapEvents
from core.projection.maps import SHOWN, Map, load_map, rank_maps, read_about, save_map, write_about
from core.projection.methods import MapFailed, Prepared
from core.projection.neighbours import Neighbours, checked_points, search
from core.projection.placing import place
from core.projection.preservation import kept, sampled_rows
from core.projection.quality import normalize_quality, quality_of_lists
from core.projection.scores import scored_rows, silhouettes
from core.study import Study

KS, KT = 10, 10
JUDGED = 5_000  # points of which trustworthiness and continuity are taken, at most
Ints = npt.NDArray[np.int64]
NO_GRID = ("features", "metric", "annotator", "threads")


def run_projection(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Make the maps of a features run (job kind ``projection``).

    Its parameters: ``features`` (id of the run), ``methods`` and the options of their grids (`METHODS`), ``iterations`` of
    t-SNE, ``metric`` (of the silhouette), ``annotator`` (whose labels count first). Labels that were propagated and classes
    with fewer than `LEAST_OF_CLASS` labels play no
    part in the choice, nor do events of test subjects, unless the features are transductive: they are placed in each map
    when it is done. A map that fails is named in the result and never chosen.

    With ``extends`` (id of a projection run) instead of a grid, the events of ``features`` are placed in its maps, see
    `extend`.
    """
    if "extends" in spec.params:
        return extend(spec, report)
    params, folder = spec.params, Path(spec.folder)
    with Study.open(spec.study or "", readonly=True, annotator=params.get("annotator")) as study:
        space = FeatureSpace.load(study.run(params["features"]).folder)
        events, classes = study.events(ids=space.ids), [c.key for c in study.classes()]
    usable = space.usable()
    of_map = MapEvents(space.ids, space.test, usable, ~usable)
    of_map.save(folder)
    if not usable.any():
        raise InputError(
            f"all {len(usable)} events are of test subjects: no map is made from these",
            subject=params["features"],
            remedy="Place them in a map that is there with `hitscope place`, or choose features of others, too",
        )
    vectors = checked_points(space.vectors)
    cells = plan_grid(int(usable.sum()), {k: v for k, v in params.items() if k not in NO_GRID}, report)
    labels = class_numbers(space.ids, events, classes)
    maker = _Maker(folder, of_map, vectors, cells, labels, params.get("metric", "euclidean"), spec.seed)
    abouts = maker.make(report)
    made = [about for about in abouts if "failed" not in about]
    failed = [{"params": a["params"], "failed": a["failed"]} for a in abouts if "failed" in a]
    if not made:
        raise InputError(
            f"none of {len(failed)} maps came to anything; {failed[0]['failed']}", remedy="Choose other values"
        )
    shown = [{name: about[name] for name in ("number", *SHOWN, "n_scored")} for about in made]
    counts = {"n": len(vectors), "n_labelled": maker.n_labelled, "n_judged": min(JUDGED, int(usable.sum()))}
    return {"maps": shown, "failed": failed, **rank_maps(made), **counts, **_told_of_placing(space, of_map, made)}


def _told_of_placing(space: FeatureSpace, of_map: MapEvents, made: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a result says of events of test subjects."""
    not_placed = [{"params": a["params"], "why": a["not_placed"]} for a in made if a.get("not_placed")]
    notes = space.describe_test()
    if n := int(of_map.placed.sum()):
        notes.append(f"Maps were made and chosen without these {n:,}; they were placed in them afterwards.")
    if not_placed:
        which = ", ".join(sorted({entry["params"]["method"] for entry in not_placed}))
        notes.append(f"In {len(not_placed)} of {len(made)} maps ({which}) they have no place: {not_placed[0]['why']}.")
    return {
        "n_test": int(of_map.test.sum()),
        "n_placed": int(of_map.placed.sum()),
        "not_placed": not_placed,
        "warnings": notes,
    }


@dataclass
class _Maker:
    """Makes the maps of a run that are not there yet."""

    folder: Path
    events: MapEvents
    vectors: npt.NDArray[np.float64]  # of all events, as the labels
    cells: list[Cell]
    labels: npt.NDArray[np.int64]
    metric: str
    seed: int

    @cached_property
    def shaping(self) -> npt.NDArray[np.float64]:
        """The vectors that maps are made from."""
        return self.vectors[~self.events.placed]

    @property
    def n_labelled(self) -> int:
        """How many of the events that maps are made from are labelled."""
        return int((self.labels[~self.events.placed] >= 0).sum())

    def make(self, report: Reporter) -> list[dict[str, Any]]:
        """Return what is known about each map, those that were there before included."""
        there = {about["number"]: about for about in read_about(self.folder)}
        same = {"seed": self.seed, "features_sha256": _hash(self.vectors, self.events.placed)}
        abouts: list[dict[str, Any]] = []
        shared: tuple[Prepared, Ints] | None = None
        for number, cell in enumerate(self.cells):
            report.check()
            asked = {"params": cell.params, **same}
            about = self._taken_up(there.get(number), asked, report)
            if about is None:
                if shared is None:
                    report.progress(number, len(self.cells), "neighbours")
                    shared = self._shared(report)
                share = Share(report, number, len(self.cells), cell.title)
                about = self._made(number, cell, asked, *shared, share)
            abouts.append(about)
            if "failed" in about:
                report.log(f"{cell.title}: {about['failed']}")
            else:
                report.metrics(number, **{name: about[name] for name in SHOWN[1:] if about[name] is not None})
        return abouts

    def _shared(self, report: Reporter) -> tuple[Prepared, Ints]:
        """Return what all maps share, with the first neighbours in feature space: one search serves them all."""
        reach = max(KS + KT, *(cell.reach for cell in self.cells), 0)
        first = search(self.shaping, None, reach + 1, report.check)
        prepared = prepare(self.shaping, lambda _: first.others(), self.seed)
        return prepared, first.index[:, : KS + KT + 1].copy()

    def _taken_up(self, about: dict[str, Any] | None, asked: dict[str, Any], report: Reporter) -> dict[str, Any] | None:
        """Return what is known about a map of an earlier start of this run, if it is what is asked for and whole."""
        if about is None or any(about.get(name) != value for name, value in asked.items()):
            return None
        if "failed" in about:
            return about
        try:
            points = load_map(self.folder, about, self.events).shaped().points
        except InputError:
            return None
        judged = self._silhouette(points, report)  # labels may have come since
        if judged != {name: about.get(name) for name in judged}:
            about = about | judged
            write_about(self.folder, about["number"], about)
        return about

    def _made(
        self, number: int, cell: Cell, asked: dict[str, Any], prepared: Prepared, first_high: Ints, report: Reporter
    ) -> dict[str, Any]:
        """Make a map, write it, and return what is known about it."""
        try:
            drawn = draw_cell(prepared, cell, report)
        except MapFailed as failed:
            about = {**asked, "number": number, "failed": str(failed)}
            write_about(self.folder, number, about)
            return about
        first_low = search(drawn.points, None, KS + KT + 1, report.check)
        raw = quality_of_lists(first_high, first_low.index, KS, KT)
        scores = {"mean_quality": float(normalize_quality(raw, "fixed").mean())}
        scores |= self._preservation(prepared, drawn.points, first_low, report)
        about = {**asked, "number": number, **self._silhouette(drawn.points, report), **scores}
        made = Map(cell.params, drawn.points, raw, about["silhouette"], number, arrays=drawn.arrays)
        made, about["not_placed"] = self._with_placed(made, report)
        save_map(self.folder, made, about)
        return about

    def _with_placed(self, made: Map, report: Reporter) -> tuple[Map, str]:
        """Return a finished map with the events that had no part in it, and why they have no place where they have none."""
        placed, why = self.events.placed, ""
        points, quality = np.full((len(placed), 2), np.nan), np.full(len(placed), np.nan)
        points[~placed], quality[~placed] = made.points, made.local_quality
        if placed.any():
            try:
                new = place(made, self.shaping, self.vectors[placed], self.seed, report)
                points[placed], quality[placed] = new.points, new.raw
            except InputError as error:
                why = error.what
        return replace(made, points=points, local_quality=quality, events=self.events), why

    def _preservation(
        self, prepared: Prepared, points: npt.NDArray[np.float64], low: Neighbours, report: Reporter
    ) -> dict[str, Any]:
        n = len(points)
        k = min(KS, (n - 1) // 2)
        rows = sampled_rows(n, JUDGED, self.seed)
        near_high, near_low = prepared.others.index[:, :k], low.others().index[:, :k]
        return {
            "trustworthiness": kept(prepared.x, near_high, near_low, rows, report.check),
            "continuity": kept(points, near_low, near_high, rows, report.check),
            "n_judged": len(rows),
        }

    @cached_property
    def _scored(self) -> Ints:
        """Which of the events that maps are made from decide between these."""
        return scored_rows(self.labels[~self.events.placed], seed=self.seed)

    def _silhouette(self, points: npt.NDArray[np.float64], report: Reporter) -> dict[str, Any]:
        """Return the silhouette, None where too few are labelled, how many were, and how many of these it is of."""
        report.check()
        each = silhouettes(points, self.labels[~self.events.placed], self._scored, self.metric)
        mean = None if each is None else float(each.mean())  # else the maps are ranked by quality
        return {"metric": self.metric, "n_labelled": self.n_labelled, "silhouette": mean, "n_scored": len(self._scored)}


def _hash(vectors: npt.NDArray[np.float64], placed: npt.NDArray[np.bool_]) -> str:
    marks = placed.tobytes() if placed.any() else b""  # where none was placed, as before there were test subjects
    return hashlib.sha256(repr(vectors.shape).encode() + vectors.tobytes() + marks).hexdigest()[:16]
