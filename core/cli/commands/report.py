"""`hitscope report STUDY`: the numbers of a review of HITS, as a page to print and a table of all events."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.main import show_json
from core.cli.options import add_replace
from core.events import BASES, Agreement
from core.jobs import refuse_taken
from core.reports import HitsReport, hits_csv, hits_html, hits_report, write_files
from core.study import Study

EXAMPLE = "hitscope report my-study --out reports --annotator Ana"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("study", type=Path, help="study folder")
    options.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where hits-report.html and hits-events.csv are written",
    )
    options.add_argument(
        "--recording", type=int, action="append", metavar="N",
        help="only this recording; may be given several times (default: all with Doppler)",
    )  # fmt: skip
    options.add_argument(
        "--annotator",
        metavar="NAME",
        help="whose verdicts are counted (default: yours, else those of the only one there is)",
    )
    options.add_argument(
        "--basis", choices=list(BASES),
        help="count the annotator's verdicts, the detector's suggestions, or these where the annotator has not decided"
        " (default: annotator; detector where nobody has judged)",
    )  # fmt: skip
    add_replace(options)
    options.add_argument("--json", action="store_true", help="print the numbers as JSON")


def run(options: argparse.Namespace) -> None:
    """Write the report and say where it is."""
    folder = options.out.expanduser()
    page, events = folder / "hits-report.html", folder / "hits-events.csv"
    if not options.replace:
        refuse_taken(page, events)
    with Study.open(options.study, readonly=True) as study:
        made = hits_report(study, options.recording, options.annotator, options.basis)
    written = write_files({page: hits_html(made).encode(), events: hits_csv(made)}, replace=options.replace)
    if options.json:
        show_json({"files": [str(path) for path in written], **numbers(made)})
    else:
        print("\n".join(f"written: {path}" for path in written))


def numbers(made: HitsReport) -> dict[str, Any]:
    """Return the numbers of a report as JSON-able fields."""
    return {
        "study": made.study,
        "basis": made.basis,
        "annotator": made.annotator,
        "simulated": list(made.simulated),
        "recordings": [
            {"id": r.id, "name": r.name, "recorded_h": r.hours, "usable_h": r.usable_hours, "notes": list(r.notes)}
            for r in made.recordings
        ],
        **asdict(made.summary),
        "agreement": [
            {"raters": pair.raters, "decided": _agreement(pair.decided), "every": _agreement(pair.every)}
            for pair in made.agreements
        ],
        "notes": list(made.notes),
    }


def _agreement(found: Agreement) -> dict[str, Any]:
    return {**asdict(found), "table": found.table.tolist(), "n": found.n}
