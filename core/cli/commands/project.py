"""`hitscope project RUN`: a grid of 2-D maps of a feature space, ranked by silhouette."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.main import show_json
from core.cli.options import add_annotator
from core.cli.running import run_job, split_run
from core.projection import METHODS
from core.study import Study

EXAMPLE = "hitscope project my-study/runs/features-20261121-101500-ab12 --perplexity 10 30 50 --json"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("run", help="folder of a features run")
    about = "; ".join(f"{key}: {method.title}" for key, method in METHODS.items())
    options.add_argument("--method", nargs="+", default=["pca", "tsne"], choices=METHODS, help=about)
    options.add_argument("--perplexity", type=float, nargs="+", default=[10, 30, 50], help="of t-SNE")
    options.add_argument("--exaggeration", type=float, nargs="+", default=[12, 50], help="of t-SNE, early")
    options.add_argument(
        "--learning-rate", type=rate, nargs="+", default=["auto"], help="numbers, or auto (N / exaggeration)"
    )
    options.add_argument("--iterations", type=int, default=500, help="of t-SNE, after 250 that are exaggerated")
    options.add_argument("--neighbors", type=int, nargs="+", default=[15], help="of UMAP")
    options.add_argument("--min-dist", type=float, nargs="+", default=[0.1], help="of UMAP")
    options.add_argument(
        "--metric", default="euclidean", choices=["euclidean", "sqeuclidean"], help="of the silhouette"
    )
    options.add_argument("--seed", type=int, default=0)
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Make the maps and print their silhouettes."""
    folder, features = split_run(options.run, "features")
    params = parameters(options, features)
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
        kept = f"trustworthiness {made['trustworthiness']:.3f}"
        print(f"  {made['number']:>2}  {score}  {kept}  {made['params']}  {' '.join(marks)}")
    for failed in entry.summary["failed"]:
        print(f"      {failed['params']}: {failed['failed']}")
    for note in entry.summary["warnings"]:
        print(f"note: {note}")


def parameters(options: argparse.Namespace, features: str) -> dict[str, Any]:
    """Return the parameters of the job that makes maps of a features run."""
    return {
        "features": features,
        "methods": options.method,
        "perplexities": options.perplexity,
        "exaggerations": options.exaggeration,
        "learning_rates": options.learning_rate,
        "iterations": options.iterations,
        "neighbors": options.neighbors,
        "min_dists": options.min_dist,
        "metric": options.metric,
    }


def rate(text: str) -> float | str:
    """Return a learning rate as a number, or ``auto``; what is neither is wrong usage."""
    return text if text == "auto" else float(text)
