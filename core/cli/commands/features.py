"""`hitscope features STUDY`: features of events, learnt without labels."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.checks import check_names
from core.cli.main import show_json
from core.cli.options import json_option, parse_options
from core.cli.running import run_job, split_run
from core.pretraining import OBJECTIVES, FeaturesSpec, job_parameters, objective_options
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
    options.add_argument(
        "--held-out-recording",
        action="append",
        type=int,
        metavar="N",
        help="a recording of an unknown subject to hold out, by its number; may be repeated",
    )
    options.add_argument(
        "--held-out-seed", type=int, metavar="N", help="seed of the draw of that share (default: the seed)"
    )
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true", help="print JSON")


def known() -> str:
    """Return which options there are, by objective, and what they may be."""
    return "; ".join(
        f"{name}: {', '.join(f'{key} ({option.rule.text})' for key, option in entry.options.items())}"
        for name, entry in OBJECTIVES.items()
        if entry.options
    )


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
    entry = OBJECTIVES[options.objective]
    own = ("kinds", "recordings", "ids", "window", "representation", "objective", "held_out", "transductive", "preset")
    written = parse_options(options.option, reserved=own, known=dict.fromkeys(entry.options, (str,)))
    check_names(f"the objective {options.objective}", written, entry.options)
    given = {name: entry.options[name].read(text) for name, text in written.items()}
    if options.epochs is not None:
        check_names(f"the objective {options.objective}", ["epochs"], entry.options)
        given["epochs"] = options.epochs
    objective_options(options.objective, given | ({"preset": options.preset} if options.preset is not None else {}))
    return job_parameters(
        options.kind,
        options.objective,
        given,
        preset=options.preset,
        window=json_option("--window", options.window),
        representation=json_option("--representation", options.representation),
        held_out=held_out(options),
        transductive=options.transductive,
    )


def held_out(options: argparse.Namespace) -> dict[str, Any]:
    """Return who is kept for testing; empty if nobody is."""
    named = {"subjects": options.held_out, "recordings": options.held_out_recording}
    held = {name: given for name, given in named.items() if given}
    if options.held_out_share is not None:
        seed = options.seed if options.held_out_seed is None else options.held_out_seed
        held |= {"share": options.held_out_share, "seed": seed}
    return held


def run_id(text: str) -> str:
    """Return the id of a run that is given by its id or its folder."""
    return split_run(text, "features", "training", "compression")[1] if Path(text).name != text else text
