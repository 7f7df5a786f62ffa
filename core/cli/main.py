"""The command line: finds the command, runs it, and turns errors into a sentence and an exit status."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from core import __version__
from core.errors import HitscopeError, JobCancelled

# name: (module under core.cli.commands, one line of help). Loaded only when called: torch takes seconds.
COMMANDS = {
    "info": ("info", "what a recording holds: channels, rates, units, duration, gaps, annotations"),
    "deidentify": ("deidentify", "a copy of a recording without what tells who the person is"),
    "study": ("study", "create a study, add recordings and events to it, list what it holds"),
    "annotations": ("annotations", "export events of a study to EDF+, WFDB, BIDS or CSV, import and convert them"),
    "labels": ("labels", "export labels, hard or soft; how far annotators agree, and on what they do not"),
    "report": ("report", "the numbers of a HITS review: a page to print, and a CSV of all events"),
    "detect": ("detect", "find HITS, heart beats or windows in a recording"),
    "bench": ("bench", "how well HITS are found in simulated recordings, against two baselines"),
    "sound": ("sound", "Doppler as sound in a WAV file: forward left, reverse right"),
    "simulate": ("simulate", "a simulated TCD recording with its truth table, of any length"),
    "features": ("features", "learn features of events without labels"),
    "project": ("project", "2-D maps of features, and the one with the best silhouette"),
    "place": ("place", "put events that came later into maps that are there"),
    "propagate": ("propagate", "propagate labels on a map by LQ-KNN and others, and say why each was given"),
    "label-next": ("label_next", "which events to label next, and why"),
    "retract": ("retract", "take back the propagated labels that descend from one label"),
    "train": ("train", "train a classifier, or an experiment of several, from a TOML specification"),
    "evaluate": ("evaluate", "a trained model on a study or on arrays: all figures with intervals"),
    "runs": ("runs", "write runs for TensorBoard or MLflow: curves by epoch, hyper-parameters, figures with intervals"),
    "compress": ("compress", "ternary weights for a trained run"),
    "export": ("export", "write a device bundle"),
    "verify": ("verify", "check a bundle: hashes, then its test vectors"),
    "demo": ("demo", "the whole path on the demo recordings"),
    "window": ("window", "open the window"),
    "resume": ("resume", "go on with a run that was stopped"),
    "job": ("job", "run a job specification (used by the window)"),
}


def parser() -> argparse.ArgumentParser:
    """Return the top-level parser; a command's own options are added when it is called."""
    top = argparse.ArgumentParser(
        prog="hitscope",
        description="From raw TCD, ECG and EEG recordings to a compressed model that runs on a device.",
        epilog="`hitscope COMMAND --help` shows a command's options with an example.",
    )
    top.add_argument("--version", action="version", version=f"hitscope {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, text) in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit status: 0 done, 1 failed, 2 wrong usage, 3 stopped as asked, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    known, rest = parser().parse_known_args(arguments)
    module_name, text = COMMANDS[known.command]
    module = import_module(f"core.cli.commands.{module_name}")
    options = argparse.ArgumentParser(
        prog=f"hitscope {known.command}",
        description=text[0].upper() + text[1:] + ".",
        epilog="Example:\n  " + module.EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(options)
    return guarded(lambda: module.run(options.parse_args(rest)), as_json="--json" in rest)


def guarded(command: Callable[[], int | None], *, as_json: bool) -> int:
    """Run a command; an error the user can act on becomes one sentence on standard error (and JSON if asked)."""
    try:
        return command() or 0
    except HitscopeError as error:
        if as_json:
            show_json(error.as_dict())
        print(f"hitscope: {error}", file=sys.stderr)
        return 3 if isinstance(error, JobCancelled) else 1
    except KeyboardInterrupt:
        print("hitscope: interrupted. What was saved is kept; run the same command to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`hitscope … | head`): that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def show_json(value: Any) -> None:
    """Print JSON, and nothing else, on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))
