"""`hitscope evaluate RUN DATA`: a trained model on labelled data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.main import show_json
from core.cli.options import add_annotator
from core.errors import InputError
from core.jobs import TerminalReporter
from core.study import Study
from core.training import TrainedRun, evaluate_run, find_run, load_run, windows_of_arrays, windows_of_study

EXAMPLE = """hitscope evaluate my-study/runs/training-20261121-101500-ab12 other-study --json
  hitscope evaluate training-20261121-101500-ab12 my-study
  hitscope evaluate my-study/runs/training-20261121-101500-ab12 windows.npz --resample

  # windows.npz: x (n, C, T), fs, y (names of classes, or their numbers); also channels, units, subject where they are known"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument(
        "run", help="folder of a training or compression run, or of a cell of an experiment; or the run's id"
    )
    options.add_argument("data", type=Path, help="study folder, or .npz of windows")
    options.add_argument(
        "--resample", action="store_true", help="bring windows of an .npz at another rate to the run's"
    )
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print the figures with their intervals."""
    data = options.data.expanduser()
    folder = find_run(options.run, data)
    result = {"run": str(folder), "data": str(data), **measured(load_run(folder), data, options)}
    if options.json:
        show_json(result)
        return
    print("\n".join(lines(result)))


def measured(trained: TrainedRun, data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return what `evaluate_run` says of a study or an array file."""
    if data.is_dir():
        with (
            TerminalReporter("evaluate   ") as report,
            Study.open(data, readonly=True, annotator=options.annotator) as study,
        ):
            return evaluate_run(trained, windows_of_study(trained, study, report))
    if data.suffix.lower() != ".npz":
        raise InputError("this is neither a study nor an .npz file", subject=data, remedy="Give one of the two")
    return evaluate_run(trained, windows_of_arrays(trained, data, resample=options.resample))


def lines(result: dict[str, Any]) -> list[str]:
    """Return what a person reads."""
    told = [result["run"], *_figures("all events", result["metrics"])]
    if result["unseen"]:
        told += _figures("events and subjects it has not seen", result["unseen"])
    return [*told, *(f"note: {warning}" for warning in result["warnings"])]


def _figures(title: str, of: dict[str, Any]) -> list[str]:
    rows = [f"{title}: n = {of['n']}, intervals 95 % over {of['interval_over']}"]
    rows += [f"  {title:<18} {_with(of, name)}" for name, title in TITLES.items()]
    for name, entry in of["per_class"].items():
        rows.append(f"  {name}: n = {entry['n']}, F1 {_with(entry, 'f1')}, recall {_with(entry, 'recall')}")
    return rows


TITLES = {"mcc": "MCC", "balanced_accuracy": "balanced accuracy", "accuracy": "accuracy"}


def _with(of: dict[str, Any], name: str) -> str:
    if of[name] is None:
        return "not defined"
    between = of[f"{name}_interval"]
    return f"{of[name]:.3f}" + (f" [{between[0]:.3f}, {between[1]:.3f}]" if between else "")
