"""`hitscope features STUDY`: features of events, learnt without labels."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.main import show_json
from core.cli.options import json_option, parse_options
from core.cli.running import run_job, split_run
from core.pretraining import OBJECTIVES, FeaturesSpec
from core.study import Study

EXAMPLE = """hitscope features my-study --kind beat --window '{"n_times": 187, "fs": 125}' --option epochs=10
  hitscope features my-study --kind hits --objective handcrafted --held-out-share 0.2
  hitscope features my-study --kind beat --objective encoder --option run=my-study/runs/training-20261121-101500-ab12"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("study", type=Path, help="study folder")
    options.add_argument("--kind", action="append", required=True, help="kind of events; may be repeated")
    options.add_argument(
        "--window",
        default="{}",
        help="window as JSON, as core.features.WindowSpec (default: suggested, or the encoder's)",
    )
    options.add_argument("--representation", default="{}", help='as JSON, such as \'{"name": "log_spectrogram"}\'')
    options.add_argument(
        "--objective", default="autoencoder", choices=list(OBJECTIVES), help="what to learn by (default: autoencoder)"
    )
    options.add_argument("--preset", help="options of the objective that go together, such as reference")
    options.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help=f"an option of the objective: {known()}"
    )
    options.add_argument("--epochs", type=int, help="the same as --option epochs=N")
    options.add_argument(
        "--held-out",
        action="append",
        metavar="SUBJECT",
        help="a test subject: nothing is learnt from it; may be repeated",
    )
    options.add_argument(
        "--held-out-share", type=float, metavar="S", help="share of the subjects to hold out, by the seed"
    )
    options.add_argument(
        "--transductive",
        action="store_true",
        help="learn from the test subjects' signals, too, and say so in the record",
    )
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true", help="print JSON")


def known() -> str:
    """Return which options there are, by objective."""
    return "; ".join(f"{name}: {', '.join(entry.options)}" for name, entry in OBJECTIVES.items() if entry.options)


def run(options: argparse.Namespace) -> None:
    """Learn the features and print where they are."""
    params = parameters(options)
    FeaturesSpec.from_json(params)  # a mistake is said before there is a run
    parent = None
    if OBJECTIVES[options.objective].from_run:
        params["run"] = parent = run_id(str(params["run"]))
    with Study.open(options.study) as study:
        if parent:
            study.run(parent)
        name = f"{options.objective} of {', '.join(options.kind)}"
        entry = run_job(study, study.new_run("features", name, params, parent=parent, seed=options.seed))
    if options.json:
        show_json({"run": str(entry.folder), **entry.summary})
    else:
        print(f"{entry.folder}\n{entry.summary['n']} events, {entry.summary['dim']} features each")
        for warning in entry.summary["warnings"]:
            print(f"note: {warning}")


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters of the job; what was not given is left to it."""
    params: dict[str, Any] = {"kinds": options.kind, "objective": options.objective}
    own = ("kinds", "recordings", "ids", "window", "representation", "objective", "held_out", "transductive", "preset")
    params |= parse_options(options.option, reserved=own)
    if "run" in params:
        params["run"] = str(params["run"])
    for name in ("preset", "epochs"):
        if getattr(options, name) is not None:
            params[name] = getattr(options, name)
    for name in ("window", "representation"):
        if value := json_option(f"--{name}", getattr(options, name)):
            params[name] = value
    held_out: dict[str, Any] = {"subjects": options.held_out} if options.held_out else {}
    if options.held_out_share is not None:
        held_out |= {"share": options.held_out_share, "seed": options.seed}
    if held_out:
        params["held_out"] = held_out
    return params | ({"transductive": True} if options.transductive else {})


def run_id(text: str) -> str:
    """Return the id of a run that is given by its id or its folder."""
    return split_run(text, "features", "training", "compression")[1] if Path(text).name != text else text
