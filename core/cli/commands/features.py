"""`hitscope features STUDY`: features of events, learnt without labels."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.main import show_json
from core.cli.options import json_option
from core.cli.running import run_job
from core.features import WindowSpec, build_representation
from core.study import Study

EXAMPLE = 'hitscope features my-study --kind beat --window \'{"n_times": 187, "fs": 125}\' --epochs 10'


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("study", type=Path, help="study folder")
    options.add_argument("--kind", action="append", required=True, help="kind of events; may be repeated")
    options.add_argument(
        "--window", default="{}", help="window as JSON, as core.features.WindowSpec (default: suggested)"
    )
    options.add_argument("--representation", default="{}", help='as JSON, such as \'{"name": "log_spectrogram"}\'')
    options.add_argument("--objective", default="autoencoder", help="what to learn by (default: autoencoder)")
    options.add_argument("--epochs", type=int, default=15)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Learn the features and print where they are."""
    params = {"kinds": options.kind, "objective": options.objective, "epochs": options.epochs}
    for name in ("window", "representation"):
        if value := json_option(f"--{name}", getattr(options, name)):
            params[name] = value
    # Refused before there is a run, rather than by its job.
    WindowSpec.from_json(params.get("window", {"n_times": 1}))
    build_representation(params.get("representation", {}))
    with Study.open(options.study) as study:
        name = f"{options.objective} of {', '.join(options.kind)}"
        entry = run_job(study, study.new_run("features", name, params, seed=options.seed))
    if options.json:
        show_json({"run": str(entry.folder), **entry.summary})
    else:
        print(f"{entry.folder}\n{entry.summary['n']} events, {entry.summary['dim']} features each")
        for warning in entry.summary["warnings"]:
            print(f"note: {warning}")
