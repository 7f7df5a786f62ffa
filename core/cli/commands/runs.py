"""`hitscope runs export RUN… --to tensorboard --out FOLDER`: runs for the programs that others follow theirs with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.actions import actions_of, run_action
from core.cli.options import add_replace
from core.cli.running import split_run
from core.training import TRACKERS, export_tracks

EXAMPLE = """hitscope runs export STUDY/runs/training-20261121-101500-ab12 --to tensorboard --out curves
  hitscope runs export STUDY/runs/training-* STUDY/runs/experiment-* --to mlflow --out tracked"""
KINDS = ("training", "compression", "experiment")


def configure(options: argparse.ArgumentParser) -> None:
    """Add the action and its options."""
    text = "write curves by epoch, hyper-parameters and figures with intervals; no names of annotators or subjects"
    parser = actions_of(options)("export", text, export)
    parser.add_argument("runs", nargs="+", metavar="RUN", help=f"folders of runs: {', '.join(KINDS)}")
    parser.add_argument(
        "--to", required=True, choices=list(TRACKERS), help="; ".join(f"{n}: {t.help}" for n, t in TRACKERS.items())
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="runs that it holds already stay")
    add_replace(parser)


run = run_action


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Write the runs, and say how to look at them."""
    folders = [study / "runs" / name for study, name in (split_run(run, *KINDS) for run in options.runs)]
    names = export_tracks(folders, options.to, options.out, replace=options.replace)
    out = options.out.expanduser().absolute()
    look = TRACKERS[options.to].look.format(folder=out)
    listed = "\n".join(f"written: {name}" for name in names)
    return {"done": f"{listed}\nlook at them with: {look}", "folder": str(out), "runs": names, "look": look}
