"""`hitscope label-next`: which events to label next, from arrays or on the best map of a study."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.annotation import QUERIES, OnMap, Pool, contested_labels, label_next
from core.cli.arrays import load_array
from core.cli.main import show_json
from core.cli.options import add_annotator
from core.cli.running import finished_maps
from core.errors import InputError
from core.study import Study

EXAMPLE = """hitscope label-next --projection my-study/runs/projection-20261121-101500-ab12 --by coverage -n 10
  hitscope label-next --labels L.npy --probabilities model_a.npy model_b.npy --by disagreement --json"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    queries = "; ".join(f"{key}: {entry.title.lower()}" for key, entry in QUERIES.items())
    options.add_argument("--by", choices=[*QUERIES], default="coverage", help=f"{queries} (default: coverage)")
    options.add_argument("--projection", help="folder of a projection run; its best map is used")
    options.add_argument("--labels", type=Path, help="instead: .npy (N,) of int: classes from 0, -1 for unlabelled")
    options.add_argument("--points", type=Path, help=".npy (N, D): a map or features")
    options.add_argument("--quality", type=Path, help=".npy (N,): local quality")
    options.add_argument(
        "--probabilities", type=Path, nargs="+", default=[], help=".npy (N, classes), one for each model"
    )
    options.add_argument("-n", type=int, default=20, help="how many (default: 20)")
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print which to label and why."""
    asked = label_next(options.by, of_study(options) if options.projection else of_arrays(options), options.n)
    if options.json:
        show_json([asdict(a) for a in asked])
    else:
        print("\n".join(f"{a.id}: {a.why}" for a in asked) or "Everything that may be asked for has a label.")


def of_arrays(options: argparse.Namespace) -> Pool:
    """Return what `.npy` files hold; ids are row numbers."""
    if not options.labels:
        raise InputError("there are no labels", remedy="Give --labels, or --projection")
    labels = load_array(options.labels)
    return Pool(
        np.arange(len(labels)),
        labels,
        load_array(options.points) if options.points else None,
        load_array(options.quality) if options.quality else None,
        [load_array(path) for path in options.probabilities],
    )


def of_study(options: argparse.Namespace) -> Pool:
    """Return the events of the best map; those of test subjects play no part, and those that have a label are not asked."""
    folder, _run_id, maps = finished_maps(options.projection)
    with Study.open(folder, readonly=True, annotator=options.annotator) as study:
        classes = [c.key for c in study.classes()]
        on = OnMap(maps.maps[maps.best], study.events(ids=maps.ids), classes, contested_labels(study))
    return Pool(on.ids, on.labels, on.points, on.quality, closed=on.closed, classes=classes)
