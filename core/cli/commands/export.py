"""`hitscope export RUN --out B.zip`: a device bundle, verified as it is written."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.main import show_json
from core.cli.options import add_replace
from core.cli.running import run_job, split_run
from core.errors import InputError
from core.jobs import refuse_taken
from core.study import Study

EXAMPLE = "hitscope export STUDY/runs/compression-20261121-101500-ab12 --out bundle.zip"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("run", help="folder of a training or compression run")
    options.add_argument("--out", required=True, type=Path, help="bundle to write (.zip)")
    add_replace(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Export the run and verify the bundle; exit status 1 if a check fails."""
    folder, run_id = split_run(options.run, "training", "compression")
    if options.out.suffix != ".zip":
        raise InputError("a bundle is a .zip file", subject=options.out, remedy="Give a name that ends in .zip")
    if not options.replace:
        refuse_taken(options.out.expanduser())
    with Study.open(folder) as study:
        entry = study.new_run(
            "export", options.out.name, {"run": run_id, "path": str(options.out.resolve())}, parent=run_id
        )
        summary = run_job(study, entry).summary
    if options.json:
        show_json(summary)
    else:
        print(f"{summary['path']}\nsha256 {summary['sha256']}")
        for check in summary["checks"]:
            print(f"{'ok  ' if check['passed'] else 'FAIL'}  {check['name']}: {check['detail']}")
    return 0 if all(check["passed"] for check in summary["checks"]) else 1
