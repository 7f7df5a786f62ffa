"""`hitscope train SPEC.toml`: a training run in a study."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

from core.checks import TEXT, check_each, whole
from core.cli.main import show_json
from core.cli.running import run_job
from core.errors import InputError
from core.study import Study
from core.training import TrainingSpec

EXAMPLE = """hitscope train beats.toml --json

  # beats.toml
  study = "my-study"
  name = "beats, 2D CNN"
  seed = 0
  kinds = ["beat"]
  classes = ["N", "V", "F"]
  representation = {name = "log_spectrogram", preset = "ecg"}
  model = {name = "cnn2d", preset = "ecg"}
  max_epochs = 20"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument(
        "spec", type=Path, help="specification (TOML); its keys are those of core.training.TrainingSpec"
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
    try:
        TrainingSpec.from_json(params)  # a mistake is said before there is a run
    except InputError as error:
        raise InputError(error.what, subject=options.spec, remedy=error.remedy) from error
    with Study.open(folder, annotator=params.get("annotator")) as study:
        entry = run_job(study, study.new_run("training", name, params, seed=seed))
    report_run(entry.summary, str(entry.folder), as_json=options.json)


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
    for warning in summary.get("warnings", []):
        print(f"note: {warning}")
