"""`hitscope resume RUN`: go on with a run that was stopped."""

from __future__ import annotations

import argparse

from core.cli.main import show_json
from core.cli.running import run_job, split_run
from core.errors import InputError
from core.study import Study

EXAMPLE = "hitscope resume STUDY/runs/training-20261121-101500-ab12"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("run", help="folder of the run")
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Run the job again in the same folder; it begins at its last checkpoint."""
    folder, run_id = split_run(options.run)
    with Study.open(folder) as study:
        stopped = study.run(run_id)
        if stopped.status == "done":
            raise InputError("this run is done", subject=run_id, remedy="There is nothing to resume")
        entry = run_job(study, stopped)
    if options.json:
        show_json({"run": str(entry.folder), **entry.summary})
    else:
        print(f"{entry.folder}: {entry.status}")
