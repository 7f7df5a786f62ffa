"""`hitscope retract STUDY EVENT`: take back the propagated labels that descend from one label."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.annotation import retract, retract_stale
from core.cli.main import show_json
from core.cli.options import add_annotator
from core.errors import InputError
from core.study import Study

EXAMPLE = """hitscope retract my-study 12
  hitscope retract my-study --stale"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("study", type=Path, help="study folder")
    options.add_argument("event", type=int, nargs="?", metavar="EVENT", help="the event whose label was wrong")
    options.add_argument(
        "--stale",
        action="store_true",
        help="instead of an event: all labels whose origin, or an event on the way, is labelled otherwise by now",
    )
    add_annotator(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Retract the labels as one step of the history, which keeps them."""
    if (options.event is None) != options.stale:
        raise InputError("it is not said what to retract", remedy="Give the number of an event, or --stale")
    with Study.open(options.study, annotator=options.annotator) as study:
        changeset = retract_stale(study) if options.stale else retract(study, options.event)
        if not changeset.changes:
            what = "is stale" if options.stale else f"descends from event {options.event}"
            raise InputError(
                f"no propagated label {what}",
                subject=study.folder,
                remedy="There is nothing to do, or choose another event",
            )
        study.apply(changeset)
    if options.json:
        show_json({"done": changeset.title, "events": changeset.event_ids})
    else:
        print(changeset.title)
