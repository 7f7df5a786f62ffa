"""Projection runs: the maps of a feature space, each written as it is ready, so that a stopped run goes on where it was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.features import FeatureSpace, class_numbers
from core.jobs import JobSpec, Reporter, replacing
from core.projection.grid import Cell, Share, draw_cell, plan_grid, prepare
from core.projection.maps import SHOWN, Map, load_map, rank_maps, read_about, save_map, write_about
from core.projection.methods import MapFailed, Prepared
from core.projection.neighbours import Neighbours, checked_points, search
from core.projection.preservation import kept, sampled_rows
from core.projection.quality import normalize_quality, quality_of_lists
from core.projection.scores import silhouette
from core.study import Study

KS, KT = 10, 10
JUDGED = 5_000  # points of which trustworthiness and continuity are taken, at most
Ints = npt.NDArray[np.int64]
NO_GRID = ("features", "metric", "annotator", "threads")


def run_projection(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Make the maps of a features run (job kind ``projection``).

    Its parameters: ``features`` (id of the run), ``methods`` and the options of their grids (`METHODS`), ``iterations`` of
    t-SNE, ``metric`` (of the silhouette), ``annotator`` (whose labels count first). Labels that were propagated play no
    part in the choice. A map that fails is named in the result and never chosen.
    """
    params, folder = spec.params, Path(spec.folder)
    with Study.open(spec.study or "", readonly=True, annotator=params.get("annotator")) as study:
        space = FeatureSpace.load(study.run(params["features"]).folder)
        events, classes = study.events(ids=space.ids), [c.key for c in study.classes()]
    with replacing(folder / "ids.npy") as file:
        np.save(file, space.ids)
    vectors = checked_points(space.vectors)
    cells = plan_grid(len(vectors), {k: v for k, v in params.items() if k not in NO_GRID}, report)
    labels = class_numbers(space.ids, events, classes)
    maker = _Maker(folder, vectors, cells, labels, params.get("metric", "euclidean"), spec.seed)
    abouts = maker.make(report)
    made = [about for about in abouts if "failed" not in about]
    failed = [{"params": a["params"], "failed": a["failed"]} for a in abouts if "failed" in a]
    if not made:
        raise InputError(
            f"none of {len(failed)} maps came to anything; {failed[0]['failed']}", remedy="Choose other values"
        )
    shown = [{name: about[name] for name in ("number", *SHOWN)} for about in made]
    counts = {"n": len(vectors), "n_labelled": int((labels >= 0).sum()), "n_judged": min(JUDGED, len(vectors))}
    return {"maps": shown, "failed": failed, **rank_maps(made), **counts}


@dataclass
class _Maker:
    """Makes the maps of a run that are not there yet."""

    folder: Path
    vectors: npt.NDArray[np.float64]
    cells: list[Cell]
    labels: npt.NDArray[np.int64]
    metric: str
    seed: int

    def make(self, report: Reporter) -> list[dict[str, Any]]:
        """Return what is known about each map, those that were there before included."""
        there = {about["number"]: about for about in read_about(self.folder)}
        same = {"seed": self.seed, "features_sha256": _hash(self.vectors)}
        abouts: list[dict[str, Any]] = []
        shared: tuple[Prepared, Ints] | None = None
        for number, cell in enumerate(self.cells):
            report.check()
            asked = {"params": cell.params, **same}
            about = self._taken_up(there.get(number), asked)
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
        first = search(self.vectors, None, reach + 1, report.check)
        prepared = prepare(self.vectors, lambda _: first.others(), self.seed)
        return prepared, first.index[:, : KS + KT + 1].copy()

    def _taken_up(self, about: dict[str, Any] | None, asked: dict[str, Any]) -> dict[str, Any] | None:
        """Return what is known about a map of an earlier start of this run, if it is what is asked for and whole."""
        if about is None or any(about.get(name) != value for name, value in asked.items()):
            return None
        if "failed" in about:
            return about
        try:
            points = load_map(self.folder, about).points
        except InputError:
            return None
        judged = self._silhouette(points)  # labels may have come since
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
        about = {**asked, "number": number, **self._silhouette(drawn.points), **scores}
        made = Map(cell.params, drawn.points, raw, about["silhouette"], number, arrays=drawn.arrays)
        save_map(self.folder, made, about)
        return about

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

    def _silhouette(self, points: npt.NDArray[np.float64]) -> dict[str, Any]:
        """Return the silhouette, None where too few are labelled, and how many were."""
        about: dict[str, Any] = {"metric": self.metric, "n_labelled": int((self.labels >= 0).sum())}
        try:
            return {**about, "silhouette": silhouette(points, self.labels, self.metric)}
        except InputError:
            return {**about, "silhouette": None}  # the maps are ranked by quality instead


def _hash(vectors: npt.NDArray[np.float64]) -> str:
    return hashlib.sha256(repr(vectors.shape).encode() + vectors.tobytes()).hexdigest()[:16]
