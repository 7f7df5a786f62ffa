"""`hitscope train SPEC.toml`: a training run in a study, or an experiment of several."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

from core.checks import TABLE, TEXT, check, check_each, check_names, whole
from core.cli.main import show_json
from core.cli.running import run_job
from core.errors import InputError
from core.study import Study
from core.training import ExperimentSpec, TrainingSpec

EXAMPLE = """hitscope train beats.toml --json

  # beats.toml
  study = "my-study"
  name = "beats, 2D CNN"
  seed = 0
  kinds = ["beat"]
  classes = ["N", "V", "F"]
  representation = {name = "log_spectrogram", preset = "ecg"}
  model = {name = "cnn2d", preset = "ecg"}
  max_epochs = 20

  # With these tables it is an experiment: every variant on every fold with every seed, then compared.
  [experiment]
  seeds = [0, 1, 2]
  protocol = {name = "kfold", k = 5}      # or {name = "holdout", repeats = 5}
  [experiment.variants]
  "2D CNN" = {}
  robust = {loss = {name = "gce", q = 0.7}}
  [experiment.search]                      # chosen on validation events of each fold
  trials = 20
  space = {lr = {low = 1e-4, high = 1e-2, log = true}}"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument(
        "spec",
        type=Path,
        help="specification (TOML); keys of core.training.TrainingSpec; in [experiment], of ExperimentSpec",
    )
    options.add_argument("--study", help="study folder, instead of the specification's")
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Train, and print the test figures with their interval."""
    params = read_toml(options.spec)
    folder = options.study or params.pop("study", None)
    params.pop("study", None)
    if folder is None:
        raise InputError(
            "the specification names no study", subject=options.spec, remedy="Add `study = …` or give --study"
        )
    name, seed = params.pop("name", options.spec.stem), params.pop("seed", 0)
    check_each(
        {"study": TEXT, "name": TEXT, "seed": whole(0)},
        {"study": folder, "name": name, "seed": seed},
        subject=options.spec,
        remedy="Correct the specification",
    )
    table = params.pop("experiment", None)
    kind = "training" if table is None else "experiment"
    wanted = params if table is None else {"base": params, **table}
    try:  # a mistake is said before there is a run
        check(TABLE.or_none(), experiment=table)
        check_names("the table experiment", table or {}, ("variants", "seeds", "protocol", "search"))
        (TrainingSpec if table is None else ExperimentSpec).from_json(wanted)
    except InputError as error:
        what = f"{error.subject}: {error.what}" if error.subject else error.what
        raise InputError(what, subject=options.spec, remedy=error.remedy) from error
    with Study.open(folder, annotator=params.get("annotator")) as study:
        entry = run_job(study, study.new_run(kind, name, wanted, seed=seed))
    (report_run if table is None else report_experiment)(entry.summary, str(entry.folder), as_json=options.json)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, or raise `InputError` naming it and the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"this specification cannot be opened ({error.strerror})", subject=path, remedy="Check its name and place"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"this specification cannot be read ({error})", subject=path, remedy="Mend the file"
        ) from error


def report_run(summary: dict[str, Any], folder: str, *, as_json: bool) -> None:
    """Print what a training or compression run came to."""
    if as_json:
        show_json({"run": folder, **summary})
        return
    test = summary["metrics"]["test"]
    low, high = test["mcc_interval"]
    print(f"{folder}\ntest MCC {test['mcc']:.3f} [{low:.3f}, {high:.3f}] (95 %), n = {test['n']}")
    _print_warnings(summary)


def report_experiment(summary: dict[str, Any], folder: str, *, as_json: bool) -> None:
    """Print the table of variants and the differences between them."""
    if as_json:
        show_json({"run": folder, **summary})
        return
    print(f"{folder}\ntest MCC, pooled over {summary['protocol']['folds']} folds × {len(summary['seeds'])} seeds, 95 %")
    for name, entry in summary["variants"].items():
        if entry["pooled"] is None:
            print(f"  {name}: no cell could be trained")
            continue
        folds, pooled = entry["folds"]["mcc"], entry["pooled"]
        over = f"mean of {folds['n']} cells {folds['mean']:.3f}" if folds["n"] else "no cell has an MCC of its own"
        over += f" ± {folds['std']:.3f}" if folds["std"] is not None else ""
        low, high = pooled["mcc_interval"]
        print(f"  {name}: {pooled['mcc']:.3f} [{low:.3f}, {high:.3f}], n = {pooled['n']}; {over}")
    for entry in summary["differences"]:
        told = entry["pooled"]
        low, high = told["interval"]
        print(
            f"  {entry['variant']} − {entry['against']}: {told['difference']:+.3f} [{low:+.3f}, {high:+.3f}], "
            f"{told['test']} test p = {told['p']:.3g} (Holm {told['p_holm']:.3g})"
        )
    for cell in summary["cells"]:
        if cell["status"] == "failed":
            print(f"failed: {cell['variant']}, fold {cell['fold'] + 1}, seed {cell['seed']}: {cell['why']}")
    _print_warnings(summary)


def _print_warnings(summary: dict[str, Any]) -> None:
    for warning in summary.get("warnings", []):
        print(f"note: {warning}")
