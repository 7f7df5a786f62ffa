"""`hitscope job run SPEC.json`: the child process of the window, and of a cluster."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.jobs import JOB_KINDS
from core.jobs import JobSpec, run_child

EXAMPLE = "hitscope job run study/runs/training-20261121-101500-ab12/spec.json"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("action", choices=["run"], help="what to do")
    options.add_argument("spec", type=Path, help="specification of the job (JSON)")


def run(options: argparse.Namespace) -> int:
    """Run the job, printing JSON lines; a line `cancel` on standard input stops it."""
    return run_child(JobSpec.load(options.spec), JOB_KINDS)
