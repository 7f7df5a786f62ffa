"""`hitscope demo --out DIR`: the whole path, from real recordings to a verified bundle of a compressed model."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from core.cli.demo import DEMO, SEED, accept_best_propagation, create_demo_study
from core.cli.main import show_json
from core.cli.running import run_job
from core.jobs import TerminalReporter
from core.study import RunEntry, Study

EXAMPLE = "hitscope demo --out demo-output"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("--out", type=Path, required=True, help="new folder for the study and the bundle")
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Go the path with a progress bar for every step and print the figures."""
    started = time.perf_counter()
    with TerminalReporter("demo study ") as report:
        study = create_demo_study(options.out / "study", report)
    with study:
        figures = path(study, options.out / "bundle.zip")
    figures["seconds"] = round(time.perf_counter() - started, 1)
    if options.json:
        show_json(figures)
    else:
        for name, value in figures.items():
            print(f"{name.replace('_', ' '):<34} {value}")
    return 0 if figures["bundle_verified"] else 1


def path(study: Study, bundle: Path) -> dict[str, Any]:
    """Run features, maps, propagation, training, compression and export; return the figures."""
    features = step(study, "features", "features", "autoencoder of beats")
    maps = step(study, "projection", "projection", "maps of beats", features, features=features.id)
    proposal, accuracy = accept_best_propagation(study, maps)
    trained = {name: step(study, "training", name, name) for name in ("cnn2d", "cnn_transformer")}
    ternary = {
        s: step(study, "compression", s, f"{s} of cnn2d", trained["cnn2d"], run=trained["cnn2d"].id)
        for s in ("ttq", "pttq")
    }
    chosen = ternary["pttq"]
    export = study.new_run("export", bundle.name, {"run": chosen.id, "path": str(bundle.resolve())}, parent=chosen.id)
    exported = run_job(study, export).summary
    best = maps.summary["maps"][maps.summary["best"]]
    return {
        "recordings": len(study.recordings()),
        "events": len(study.events()),
        "best_map_silhouette": round(best["silhouette"], 3),
        "labels_propagated": len(proposal.ids),
        "propagated_equal_to_expert": round(accuracy, 4),
        **{f"test_mcc_{name}": figure(entry.summary["metrics"]["test"]) for name, entry in trained.items()},
        **{f"test_mcc_{name}": figure(entry.summary["metrics"]["test"]) for name, entry in ternary.items()},
        **{f"sparsity_{name}": round(entry.summary["sparsity"], 4) for name, entry in ternary.items()},
        **{
            f"energy_saved_{name}": round(entry.summary["account"]["energy_saved"], 4)
            for name, entry in ternary.items()
        },
        "bundle": exported["path"],
        "bundle_verified": exported["ok"],
    }


def step(study: Study, kind: str, which: str, name: str, parent: RunEntry | None = None, **extra: Any) -> RunEntry:
    """Run one job of the demo to its end."""
    params = DEMO[which] | extra
    return run_job(study, study.new_run(kind, name, params, parent=parent.id if parent else None, seed=SEED))


def figure(test: dict[str, Any]) -> str:
    """Return ``0.912 [0.880, 0.941], n = 140``."""
    low, high = test["mcc_interval"]
    return f"{test['mcc']:.3f} [{low:.3f}, {high:.3f}], n = {test['n']}"
