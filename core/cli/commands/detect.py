"""`hitscope detect FILE`: events of a recording, without a study."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from core.cli.found_table import found_csv
from core.cli.main import show_json
from core.cli.options import add_reader, add_replace, parse_options, reader_options
from core.errors import InputError
from core.events import (
    EVENT_MAKERS,
    BeatAgreement,
    Made,
    MadeEvent,
    compare_with_annotations,
    compare_with_truth,
    read_truth,
    run_maker,
    settings_text,
)
from core.jobs import refuse_taken
from core.reports import write_files
from core.signals import Recording, open_recording

EXAMPLE = """hitscope detect resources/demo/tcd_simulated.wav --json
  hitscope detect known.wav --truth known_truth.csv --out known_hits.csv
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
    options.add_argument(
        "--truth",
        type=Path,
        metavar="TRUTH.csv",
        help="of HITS: sensitivity by HBR, false alarms and errors against a table of what is there, as `hitscope simulate`"
        " writes it",
    )
    options.add_argument(
        "--out",
        type=Path,
        metavar="FILE.csv",
        help="write the table there, and the settings beside it (FILE_settings.json), in place of printing it",
    )
    add_replace(options)
    add_reader(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print the events as JSON or CSV, or write them; how they compare with what is known goes to standard error, or into JSON."""
    _refuse(options)
    known = EVENT_MAKERS[options.maker].options
    truth = read_truth(options.truth) if options.truth else []  # before the search, which takes its time
    recording = open_recording(options.file, **reader_options(options))
    made = run_maker(options.maker, recording, parse_options(options.option, known=known))
    held = compare_with_truth(made, truth, recording.duration) if options.truth else None
    agreements = _agreements(recording, made) if options.compare else {}
    events = [_fields(event) for event in made]
    told = _told(recording, options.maker, made)
    if options.out is not None:
        _write(options, told, events)
    if options.json:
        told |= {name: each.as_dict() for name, each in agreements.items()}
        told |= {"truth": {"file": str(options.truth), **held.as_dict()}} if held else {}
        show_json(told | {"events": events})
        return
    if options.out is None:
        sys.stdout.write(_table(told, events))
    print(f"{len(events)} events" + (" (simulated recording)" if recording.simulated else ""), file=sys.stderr)
    said = [f"Settings: {settings_text(made.searched.settings)}"] if made.searched else []
    said += [f"Note: {note}" for note in made.notes]
    said += [_described(agreement, without_flutter=COMPARISONS[name]) for name, agreement in agreements.items()]
    said += held.describe() if held else []
    print("\n".join(said), end="\n" * bool(said), file=sys.stderr)


def _refuse(options: argparse.Namespace) -> None:
    """Refuse what cannot be asked for together, and files that are there, before anything is computed."""
    if options.compare and options.maker != "beats":
        raise InputError(
            f"what {options.maker} finds cannot be compared with annotated beats",
            remedy="Add --maker beats, or no --compare",
        )
    if options.truth and options.maker != "hits":
        raise InputError(
            f"what {options.maker} finds cannot be held against a table of emboli",
            remedy="Add --maker hits, or no --truth",
        )
    if options.out is not None and not options.replace:
        refuse_taken(options.out, _beside(options.out))


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}_settings.json")


def _fields(event: MadeEvent) -> dict[str, Any]:
    own = {"channel": event.channel, "start_s": event.start_s, "duration_s": event.duration_s}
    return own | {"kind": event.kind, "label": event.label, **event.attributes}


def _told(recording: Recording, maker: str, made: Made) -> dict[str, Any]:
    """Return what is to be known of a search."""
    told: dict[str, Any] = {"file": str(recording.path), "simulated": recording.simulated, "maker": maker}
    if made.searched:
        told |= {"channel": made.searched.channel, "settings": dict(made.searched.settings)}
        told |= {"seconds": dict(made.searched.seconds)}
    return told | ({"notes": list(made.notes)} if made.notes else {})


def _table(told: dict[str, Any], events: list[dict[str, Any]]) -> str:
    # Settings that were told once need not stand in every row.
    return found_csv(events, without=["settings"] if "settings" in told else ())


def _write(options: argparse.Namespace, told: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Write the table, and beside it what is the same for all rows."""
    beside = json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    files = {options.out: _table(told, events).encode(), _beside(options.out): beside.encode()}
    for path in write_files(files, replace=options.replace):
        print(f"written: {path}", file=sys.stderr)


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
