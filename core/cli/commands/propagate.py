"""`hitscope propagate`: LQ-KNN on a map, from arrays or in a study."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import numpy as np

from core.annotation import lq_knn, propagate, to_changeset
from core.cli.main import show_json
from core.cli.options import add_annotator
from core.cli.running import split_run
from core.errors import InputError
from core.features import class_numbers
from core.jobs import write_bytes_atomically
from core.projection import load_projection
from core.study import Study

EXAMPLE = """hitscope propagate --points P.npy --labels L.npy --quality Q.npy --k 10 --tau 0.1 --out labels.npy
  hitscope propagate --projection my-study/runs/projection-20261121-101500-ab12 --k 10 --tau 0.1 --accept"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("--points", type=Path, help=".npy (N, 2): the map")
    options.add_argument("--labels", type=Path, help=".npy (N,) of int: classes from 0, -1 for unlabelled")
    options.add_argument("--quality", type=Path, help=".npy (N,): local quality, 1 at the best point")
    options.add_argument("--projection", help="instead of arrays: folder of a projection run; its best map is used")
    options.add_argument("--k", type=int, default=10, help="neighbours")
    options.add_argument("--tau", type=float, default=0.1, help="a point takes part only above this quality")
    options.add_argument("--out", type=Path, help="where to write the labels (.npy)")
    options.add_argument("--accept", action="store_true", help="write the proposal to the study (undoable)")
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Propagate, write, and print how many labels there are now."""
    summary = in_study(options) if options.projection else on_arrays(options)
    if options.json:
        show_json(summary)
    else:
        print(", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in summary.items()))


def on_arrays(options: argparse.Namespace) -> dict[str, Any]:
    """Propagate from `.npy` files to a `.npy` file."""
    if not (options.points and options.labels and options.quality and options.out):
        raise InputError("arrays are missing", remedy="Give --points, --labels, --quality and --out, or --projection")
    points, labels, quality = (load(path) for path in (options.points, options.labels, options.quality))
    result = lq_knn(points, labels, quality, options.k, options.tau)
    buffer = io.BytesIO()
    np.save(buffer, result)
    write_bytes_atomically(options.out, buffer.getvalue())
    return {
        "n": len(result),
        "labelled_before": int((labels >= 0).sum()),
        "labelled_after": int((result >= 0).sum()),
        "out": str(options.out),
    }


def in_study(options: argparse.Namespace) -> dict[str, Any]:
    """Propagate over the best map of a projection run; write labels only if accepted."""
    folder, run_id = split_run(options.projection, "projection")
    with Study.open(folder, readonly=not options.accept, annotator=options.annotator) as study:
        maps = load_projection(folder / "runs" / run_id)
        best = maps.maps[maps.best]
        classes = [c.key for c in study.classes()]
        labels = class_numbers(maps.ids, study.events(ids=maps.ids), classes)
        proposal = propagate(best.points, labels, best.quality, options.k, options.tau, ids=maps.ids)
        if options.accept:
            study.apply(
                to_changeset(study, proposal, classes), reason=f"LQ-KNN on {run_id}, k {options.k}, τ {options.tau}"
            )
    return {
        "n": len(labels),
        "labelled_before": int((labels >= 0).sum()),
        "proposed": len(proposal.ids),
        "accepted": options.accept,
    }


def load(path: Path) -> np.ndarray:
    """Load a `.npy` array; never pickled objects."""
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"this array cannot be read ({error})", subject=path, remedy="Give a .npy file of numbers"
        ) from error
