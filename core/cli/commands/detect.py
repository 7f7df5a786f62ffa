"""`hitscope detect FILE`: events of a recording, without a study."""

from __future__ import annotations

import argparse
import csv
import sys

from core.cli.main import show_json
from core.cli.options import add_reader, parse_options, reader_options
from core.events import EVENT_MAKERS, run_maker
from core.signals import open_recording

EXAMPLE = "hitscope detect resources/demo/tcd_simulated.wav --json"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("file", help="recording")
    options.add_argument(
        "--maker", default="hits", choices=sorted(EVENT_MAKERS), help="what to look for (default: hits)"
    )
    options.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the maker")
    add_reader(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print the events, as JSON or as CSV."""
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
    if options.json:
        show_json(
            {"file": str(recording.path), "simulated": recording.simulated, "maker": options.maker, "events": events}
        )
        return
    names = list(dict.fromkeys(name for event in events for name in event))
    writer = csv.DictWriter(sys.stdout, names)
    writer.writeheader()
    writer.writerows(events)
    print(f"{len(events)} events" + (" (simulated recording)" if recording.simulated else ""), file=sys.stderr)
