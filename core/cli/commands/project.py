"""`hitscope project RUN`: a grid of 2-D maps of a feature space, ranked by silhouette."""

from __future__ import annotations

import argparse

from core.cli.main import show_json
from core.cli.options import add_annotator
from core.cli.running import run_job, split_run
from core.study import Study

EXAMPLE = "hitscope project my-study/runs/features-20261121-101500-ab12 --perplexity 10 30 50 --json"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("run", help="folder of a features run")
    options.add_argument("--perplexity", type=float, nargs="+", default=[10, 30, 50])
    options.add_argument("--exaggeration", type=float, nargs="+", default=[12, 50])
    options.add_argument(
        "--learning-rate", type=rate, nargs="+", default=["auto"], help="numbers, or auto (N / exaggeration)"
    )
    options.add_argument(
        "--metric", default="euclidean", choices=["euclidean", "sqeuclidean"], help="of the silhouette"
    )
    options.add_argument("--seed", type=int, default=0)
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Make the maps and print their silhouettes."""
    folder, features = split_run(options.run, "features")
    params = {
        "features": features,
        "perplexities": options.perplexity,
        "exaggerations": options.exaggeration,
        "learning_rates": options.learning_rate,
        "metric": options.metric,
    }
    with Study.open(folder, annotator=options.annotator) as study:
        name = f"maps of {study.run(features).name}"
        entry = run_job(study, study.new_run("projection", name, params, parent=features, seed=options.seed))
    if options.json:
        show_json({"run": str(entry.folder), **entry.summary})
        return
    print(entry.folder)
    for number, made in enumerate(entry.summary["maps"]):
        marks = [name for name in ("best", "middle", "worst") if entry.summary[name] == number]
        score = "no labels" if made["silhouette"] is None else f"silhouette {made['silhouette']:+.3f}"
        print(f"  {number:>2}  {score}  {made['params']}  {' '.join(marks)}")


def rate(text: str) -> float | str:
    """Return a learning rate as a number, or ``auto``; what is neither is wrong usage."""
    return text if text == "auto" else float(text)
