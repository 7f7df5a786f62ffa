"""`hitscope place RUN`: put events that came later into maps that are there."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from core.cli.main import show_json
from core.cli.options import add_annotator
from core.cli.running import run_job, split_run
from core.errors import InputError
from core.features import FeatureSpace
from core.pretraining import FeaturesSpec
from core.projection import load_projection, shaped_by
from core.study import RunEntry, Study

EXAMPLE = """hitscope place my-study/runs/projection-20261121-101500-ab12 --recording 7
  hitscope place my-study/runs/projection-20261121-101500-ab12 --event 812 --event 813 --json"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("run", help="folder of a projection run; it stays as it is, and another extends it")
    options.add_argument(
        "--recording",
        type=int,
        action="append",
        metavar="N",
        help="number of a recording whose events are placed; may be repeated (default: all)",
    )
    options.add_argument(
        "--kind", action="append", help="kind of events; may be repeated (default: those that the maps are of)"
    )
    options.add_argument("--event", type=int, action="append", metavar="ID", help="only this event; may be repeated")
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Make features of the events by what was learnt then, place them, and print where they are."""
    folder, run_id = split_run(options.run, "projection")
    with Study.open(folder, annotator=options.annotator) as study:
        maps, learnt = study.run(run_id), shaped_by(study, study.run(run_id))
        ids = wanted(study, maps, learnt, options)
        features = run_job(study, features_run(study, learnt, ids))
        params = {"extends": maps.id, "features": features.id}
        name = f"{maps.name}, {len(ids)} more event{'s' * (len(ids) != 1)}"
        placed = run_job(study, study.new_run("projection", name, params, parent=maps.id, seed=maps.seed))
    summary = placed.summary
    if options.json:
        show_json({"run": str(placed.folder), "features": str(features.folder), **summary})
        return
    print(f"{placed.folder}\n{summary['n_placed']} events were placed in {len(summary['maps'])} maps of {maps.id}")
    for failed in summary["failed"]:
        print(f"      {failed['params']}: {failed['failed']}")
    for note in [*features.summary["warnings"], *summary["warnings"]]:
        print(f"note: {note}")


def wanted(study: Study, maps: RunEntry, learnt: RunEntry, options: argparse.Namespace) -> list[int]:
    """Return the events that are asked for and not on the maps.

    Raises
    ------
    InputError
        If there is none.
    """
    events = study.events(ids=options.event)
    keep = ~np.isin(events.id, load_projection(maps.folder).ids)
    kinds = options.kind or (None if options.event else learnt.params.get("kinds"))
    if kinds is not None:
        keep &= np.isin(events.kind.astype(str), kinds)
    if options.recording is not None:
        keep &= np.isin(events.recording, options.recording)
    if not keep.any():
        raise InputError(
            "no event is asked for that is not on these maps",
            subject=maps.id,
            remedy="Find events in another recording first, or choose others with --recording, --kind or --event",
        )
    ids: list[int] = events.id[keep].tolist()
    return ids


def features_run(study: Study, learnt: RunEntry, ids: list[int]) -> RunEntry:
    """Return a new run that makes features of events by the encoder of an earlier one, and learns nothing."""
    transductive = FeatureSpace.load(learnt.folder).transductive
    params: dict[str, Any] = {"objective": "encoder", "run": learnt.id, "ids": ids, "transductive": transductive}
    FeaturesSpec.from_json(params)
    return study.new_run("features", f"{learnt.name}, {len(ids)} more", params, parent=learnt.id, seed=learnt.seed)
