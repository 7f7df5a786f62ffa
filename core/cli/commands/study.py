"""`hitscope study …`: create, fill and list a study."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from core.cli.main import show_json
from core.cli.options import parse_options
from core.events import EVENT_MAKERS, find_events
from core.signals import add_to_study, relink
from core.study import Study, edit_recording

EXAMPLE = """hitscope study create my-study
  hitscope study add my-study resources/demo/208.hea --subject 208
  hitscope study find my-study --maker annotations --option mapping=aami
  hitscope study show my-study --json"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = options.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text, description=text)
        parser.add_argument("study", type=Path, help="study folder")
        parser.add_argument("--json", action="store_true", help="print JSON")
        return parser

    action("create", "make an empty study")
    add = action("add", "add recordings; the files stay where they are")
    add.add_argument("files", nargs="+", help="recordings")
    add.add_argument("--subject", help="subject of all of them (default: what the files say)")
    add.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="of the reader, such as layout=iq"
    )
    find = action("find", "make events")
    find.add_argument("--maker", default="hits", choices=sorted(EVENT_MAKERS), help="what to look for (default: hits)")
    find.add_argument("--recording", type=int, help="only in this recording (default: in all)")
    find.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of the maker")
    find.add_argument("--no-labels", action="store_true", help="do not take annotations as imported labels")
    moved = action("relink", "find moved recordings by their content")
    moved.add_argument("where", type=Path, help="folder to search")
    subject = action("subject", "say whose recording it is")
    subject.add_argument("recording", type=int)
    subject.add_argument("name")
    action("show", "list recordings, events, labels and runs")


def run(options: argparse.Namespace) -> None:
    """Do the action, then show what the study holds."""
    if options.action == "create":
        Study.create(options.study).close()
    with Study.open(options.study, readonly=options.action == "show") as study:
        if options.action == "add":
            of_reader = parse_options(options.option, reserved=("study", "path", "subject", "report"))
            for path in options.files:
                add_to_study(study, path, subject=options.subject, **of_reader)
        elif options.action == "find":
            find(study, options)
        elif options.action == "relink":
            study.apply(relink(study, options.where))
        elif options.action == "subject":
            study.apply(edit_recording(study, options.recording, subject=options.name))
        show(study, as_json=options.json)


def find(study: Study, options: argparse.Namespace) -> None:
    """Make events in the recordings asked for; one entry of the history each. Say of each what was found."""
    chosen = study.recordings() if options.recording is None else [study.recording(options.recording)]
    extra = parse_options(options.option, known=EVENT_MAKERS[options.maker].options)
    for recording in chosen:
        found = find_events(study, recording.id, options.maker, extra, with_labels=not options.no_labels)
        if found.changeset.changes:
            study.apply(found.changeset)
        there = f", {found.n_known:,} were there already" if found.n_known else ""
        # Standard output is for what the study holds, which may be asked for as JSON.
        print(f"{options.maker} in {recording.name}: {found.n_found:,} found{there}", file=sys.stderr)


def show(study: Study, *, as_json: bool) -> None:
    """Print recordings, events by kind, labels by class and runs."""
    events = study.events()
    summary = {
        "study": str(study.folder),
        "name": study.name,
        "recordings": [
            {"id": r.id, "name": r.name, "subject": r.subject, "duration_s": r.duration_s, "simulated": r.simulated}
            | {"path": r.path, "missing": r.missing}
            for r in study.recordings()
        ],
        "events": dict(Counter(events.kind.tolist())),
        "labels": dict(Counter(label for label in events.label.tolist() if label)),
        "runs": [{"id": r.id, "kind": r.kind, "name": r.name, "status": r.status} for r in study.runs()],
    }
    if as_json:
        show_json(summary)
        return
    print(f"{study.name}: {study.folder}")
    for r in summary["recordings"]:
        notes = [
            r["subject"] or "subject unknown",
            *["SIMULATED"] * r["simulated"],
            *["missing: relink it"] * r["missing"],
        ]
        print(f"  {r['id']:>3}  {r['name']:<24} {r['duration_s']:>10.1f} s  {', '.join(notes)}")
    for title in ("events", "labels"):
        print(f"{title}: " + (", ".join(f"{n:,} {key}" for key, n in summary[title].items()) or "none"))  # type: ignore[attr-defined]
    for run_ in summary["runs"]:
        print(f"  {run_['id']:<36} {run_['status']:<11} {run_['name']}")
