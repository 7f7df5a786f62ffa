"""`hitscope detect FILE`: events of a recording, without a study."""

from __future__ import annotations

import argparse
import csv
import json
import sys

from core.cli.main import show_json
from core.cli.options import add_reader, parse_options, reader_options
from core.errors import InputError
from core.events import EVENT_MAKERS, BeatAgreement, MadeEvent, compare_with_annotations, run_maker
from core.signals import Recording, open_recording

EXAMPLE = """hitscope detect resources/demo/tcd_simulated.wav --json
  hitscope detect resources/demo/208.hea --maker beats --compare
  hitscope detect resources/demo/S001R04.edf --maker threshold --option above=100 --option below=-100"""

# Both are told: the first as ANSI/AAMI EC57 compares, the second for who wants to know what happens in flutter.
COMPARISONS = {"agreement": True, "agreement_with_flutter": False}


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("file", help="recording")
    options.add_argument(
        "--maker", default="hits", choices=sorted(EVENT_MAKERS), help="what to look for (default: hits)"
    )
    options.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the maker")
    options.add_argument(
        "--compare",
        action="store_true",
        help="of beats: sensitivity and PPV against the annotated beats that came with the recording, within 150 ms",
    )
    add_reader(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print the events, as JSON or as CSV; how beats compare with annotated ones goes to standard error, or into the JSON."""
    if options.compare and options.maker != "beats":
        raise InputError(
            f"what {options.maker} finds cannot be compared with annotated beats",
            remedy="Add --maker beats, or no --compare",
        )
    recording = open_recording(options.file, **reader_options(options))
    known = EVENT_MAKERS[options.maker].options
    made = run_maker(options.maker, recording, parse_options(options.option, known=known))
    events = [
        {
            "channel": e.channel,
            "start_s": e.start_s,
            "duration_s": e.duration_s,
            "kind": e.kind,
            "label": e.label,
            **e.attributes,
        }
        for e in made
    ]
    agreements = _agreements(recording, made) if options.compare else {}
    if options.json:
        told = {"file": str(recording.path), "simulated": recording.simulated, "maker": options.maker}
        told |= {"notes": list(made.notes)} if made.notes else {}
        show_json(told | {name: each.as_dict() for name, each in agreements.items()} | {"events": events})
        return
    names = list(dict.fromkeys(name for event in events for name in event))
    writer = csv.DictWriter(sys.stdout, names)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in event.items()} for event in events)
    print(f"{len(events)} events" + (" (simulated recording)" if recording.simulated else ""), file=sys.stderr)
    for note in made.notes:
        print(f"Note: {note}", file=sys.stderr)
    for name, agreement in agreements.items():
        print(_described(agreement, without_flutter=COMPARISONS[name]), file=sys.stderr)


def _cell(value: object) -> object:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list | tuple) else value


def _agreements(recording: Recording, made: list[MadeEvent]) -> dict[str, BeatAgreement]:
    """Return how beats agree with the annotated ones; with flutter only where the recording has any."""
    found = [event.attributes["peak_s"] for event in made]
    each = {name: compare_with_annotations(recording, found, without_flutter=w) for name, w in COMPARISONS.items()}
    return {name: a for name, a in each.items() if COMPARISONS[name] or each["agreement"].excluded_s}


def _described(agreement: BeatAgreement, *, without_flutter: bool) -> str:
    if without_flutter and agreement.excluded_s:
        left_out = (
            f"without {agreement.excluded_s:.0f} s of ventricular flutter ({agreement.n_excluded:,} beats left out)"
        )
        return f"Annotated beats, {left_out}: {agreement.describe()}"
    return f"Annotated beats, {'all' if without_flutter else 'with flutter'}: {agreement.describe()}"
