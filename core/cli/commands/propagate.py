"""`hitscope propagate`: labels over a map, from arrays or in a study."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.annotation import PROPAGATORS, OnMap, Proposal, contested_labels, hard_and_soft, remarks, to_changeset
from core.cli.arrays import load_array, save_array
from core.cli.main import show_json
from core.cli.options import add_annotator
from core.cli.running import finished_maps
from core.errors import InputError
from core.study import Study

EXAMPLE = """hitscope propagate --points P.npy --labels L.npy --quality Q.npy --k 10 --tau 0.1 --out labels.npy
  hitscope propagate --points P.npy --labels L.npy --method opf_semi --out labels.npy --why 312
  hitscope propagate --projection my-study/runs/projection-20261121-101500-ab12 --k 10 --tau 0.1 --accept"""

PARAMETERS = {name: parameter for entry in PROPAGATORS.values() for name, parameter in entry.parameters.items()}


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("--points", type=Path, help=".npy (N, 2): the map")
    options.add_argument(
        "--labels", type=Path, help=".npy (N,) of int: classes from 0, -1 for unlabelled; or (N, classes): shares"
    )
    options.add_argument("--quality", type=Path, help=".npy (N,): local quality, 1 at the best point")
    options.add_argument("--projection", help="instead of arrays: folder of a projection run; its best map is used")
    methods = "; ".join(f"{key}: {entry.title}" for key, entry in PROPAGATORS.items())
    options.add_argument("--method", choices=[*PROPAGATORS], default="lq_knn", help=f"{methods} (default: lq_knn)")
    for name, parameter in PARAMETERS.items():
        options.add_argument(
            f"--{name}", type=type(parameter.start), help=f"{parameter.title.lower()} (default: {parameter.start})"
        )
    options.add_argument(
        "--surest", type=float, default=1.0, metavar="SHARE", help="only this share of the labels, the surest first"
    )
    options.add_argument("--out", type=Path, help="where to write the labels (.npy)")
    options.add_argument(
        "--why",
        type=int,
        action="append",
        default=[],
        metavar="ID",
        help="show the path of this event (of arrays: this row, from 0) back to its human label; may be repeated",
    )
    options.add_argument("--accept", action="store_true", help="write the proposal to the study (undoable)")
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Propagate, write, and print how many labels there are now."""
    summary = in_study(options) if options.projection else on_arrays(options)
    if options.json:
        show_json(summary)
        return
    lists = ("notes", "why")
    print(", ".join(f"{k.replace('_', ' ')}: {v}" for k, v in summary.items() if k not in lists and k != "proposal"))
    print(summary["proposal"] + ".", *summary["notes"], sep="\n")
    for path in summary["why"]:
        way = " ← ".join(map(str, path["path"]))
        print(f"{way}: {path['label']}, step {path['round']}, confidence {path['confidence']:.3g}")


def on_arrays(options: argparse.Namespace) -> dict[str, Any]:
    """Propagate from `.npy` files to a `.npy` file."""
    needs = ["points", "labels", "out"] + ["quality"] * ("tau" in PROPAGATORS[options.method].parameters)
    if missing := [name for name in needs if not getattr(options, name)]:
        raise InputError(
            f"arrays are missing: {', '.join('--' + name for name in missing)}",
            remedy=f"Give {', '.join('--' + name for name in needs)}, or --projection",
        )
    points, labels = load_array(options.points), load_array(options.labels)
    quality = load_array(options.quality) if options.quality else None
    proposal = propose(options, points, labels, quality)
    why = paths(proposal, options.why)
    result = hard_and_soft(labels)[0].copy()
    before = int((result >= 0).sum())
    result[proposal.ids] = proposal.labels
    save_array(options.out, result)
    return {
        "n": len(result),
        "labelled_before": before,
        "labelled_after": int((result >= 0).sum()),
        "out": str(options.out),
        **explained(proposal, remarks(proposal, labels, quality), why),
    }


def in_study(options: argparse.Namespace) -> dict[str, Any]:
    """Propagate over the best map of a projection run; write labels only if accepted."""
    folder, run_id, maps = finished_maps(options.projection)
    with Study.open(folder, readonly=not options.accept, annotator=options.annotator) as study:
        best = maps.maps[maps.best]
        classes = [c.key for c in study.classes()]
        on = OnMap(best, study.events(ids=maps.ids), classes, contested_labels(study))
        proposal = propose(options, on.points, on.given, on.quality, on.ids)
        why = paths(proposal, options.why, classes)
        sentence = proposal.describe(on.name(run_id, maps.best))
        if options.accept:
            study.apply(to_changeset(study, proposal, classes), reason=sentence)
    return {
        "n": len(on.labels),
        "left_out": best.events.left_out,
        "labelled_before": int((on.labels >= 0).sum()),
        "proposed": len(proposal.ids),
        "accepted": options.accept,
        **explained(proposal, (*remarks(proposal, on.given, on.quality, tuple(classes)), *on.notes), why, sentence),
    }


def propose(
    options: argparse.Namespace,
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    quality: npt.ArrayLike | None,
    ids: npt.ArrayLike | None = None,
) -> Proposal:
    """Return the proposal of the chosen method, with the parameters that were given."""
    given = {name: getattr(options, name) for name in PARAMETERS if getattr(options, name) is not None}
    return PROPAGATORS[options.method].run(points, labels, quality, ids=ids, **given).surest(options.surest)


def paths(proposal: Proposal, asked: Sequence[int], classes: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return for each event asked about how its label came."""
    return [path_of(proposal, event, classes) for event in asked]


def path_of(proposal: Proposal, event: int, classes: Sequence[str]) -> dict[str, Any]:
    """Return how the label of one event came."""
    path = proposal.path(event)
    row = int(np.flatnonzero(proposal.ids == event)[0])
    number = int(proposal.labels[row])
    return {
        "id": event,
        "path": list(path),
        "label": classes[number] if classes else number,
        "round": int(proposal.round[row]),
        "confidence": float(proposal.confidence[row]),
    }


def explained(
    proposal: Proposal, notes: Sequence[str], why: list[dict[str, Any]], sentence: str = ""
) -> dict[str, Any]:
    """Return what every summary says of a proposal."""
    return {
        "method": proposal.method,
        "params": dict(proposal.params),
        "coverage": proposal.coverage,
        "proposal": sentence or proposal.describe(),
        "notes": list(notes),
        "why": why,
    }
