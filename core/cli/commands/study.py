"""`hitscope study …`: create, fill and list a study."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from core.cli.folders import add_configure, add_folders, show_found
from core.cli.main import show_json
from core.cli.options import add_annotator, add_reader, parse_options, reader_options
from core.errors import InputError
from core.events import EVENT_MAKERS, find_events
from core.signals import add_to_study, relink
from core.study import Study, edit_recording, remove_events

EXAMPLE = """hitscope study create my-study
  hitscope study add my-study resources/demo/208.hea --subject 208
  hitscope study add my-study dataset/ --pattern "{subject}_{session}*" --dry-run
  hitscope study find my-study --maker annotations --option mapping=aami
  hitscope study show my-study --json"""

T = TypeVar("T")


def configure(options: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = options.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str, do: Callable[[Study, argparse.Namespace], None]) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text, description=text)
        parser.add_argument("study", type=Path, help="study folder")
        parser.add_argument("--json", action="store_true", help="print JSON")
        add_annotator(parser)
        parser.set_defaults(do=do)
        return parser

    action("create", "make an empty study", nothing)
    parser = action("add", "add recordings; the files stay where they are", add)
    parser.add_argument("files", nargs="+", help="recordings, or folders of them")
    add_configure(parser)
    parser.add_argument("--subject", help="subject of all of them (default: what the files say)")
    add_reader(parser)
    parser = action("find", "make events", find)
    parser.add_argument(
        "--maker", default="hits", choices=sorted(EVENT_MAKERS), help="what to look for (default: hits)"
    )
    parser.add_argument("--recording", type=int, metavar="NUMBER", help="only in this recording (default: in all)")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of the maker")
    parser.add_argument("--no-labels", action="store_true", help="do not take annotations as imported labels")
    parser = action("remove", "remove the events that a maker found, with their labels; the history keeps both", remove)
    parser.add_argument("--maker", required=True, choices=sorted(EVENT_MAKERS), help="whose events")
    parser.add_argument("--recording", type=int, metavar="NUMBER", help="only in this recording (default: in all)")
    parser = action("relink", "find moved recordings by their content", relink_)
    parser.add_argument("where", type=Path, help="folder to search")
    parser = action("subject", "say whose recording it is", name_subject)
    parser.add_argument("recording", type=int, metavar="NUMBER")
    parser.add_argument("name")
    action("show", "list recordings, events, labels and runs", nothing)


def run(options: argparse.Namespace) -> None:
    """Do the action, then show what the study holds."""
    if options.action == "create":
        Study.create(options.study, annotator=options.annotator).close()
    if getattr(options, "dry_run", False):
        show_found(options)
        return
    with Study.open(options.study, readonly=options.action == "show", annotator=options.annotator) as study:
        options.do(study, options)
        show(study, as_json=options.json)


def nothing(study: Study, options: argparse.Namespace) -> None:
    """Change nothing; what is there is shown in any case."""


def add(study: Study, options: argparse.Namespace) -> None:
    """Add recordings, and those of folders."""
    of_reader = reader_options(options)

    def put(path: str) -> None:
        if Path(path).is_dir():
            add_folders(study, path, options, of_reader)
        else:
            add_to_study(study, path, subject=options.subject, **of_reader)

    each(options.files, put)


def find(study: Study, options: argparse.Namespace) -> None:
    """Make events in the recordings asked for; one entry of the history each. Say of each what was found."""
    extra = parse_options(options.option, known=EVENT_MAKERS[options.maker].options)

    def search(recording: Any) -> None:
        found = find_events(study, recording.id, options.maker, extra, with_labels=not options.no_labels)
        if found.changeset.changes:
            study.apply(found.changeset)
        # Standard output is for what the study holds, which may be asked for as JSON.
        print(f"{options.maker} in {recording.name}: {found.describe()}", file=sys.stderr)

    each(study.recordings() if options.recording is None else [study.recording(options.recording)], search)


def remove(study: Study, options: argparse.Namespace) -> None:
    """Remove what a maker found."""
    if options.recording is not None:
        study.recording(options.recording)  # says which there is not
    events = study.events(options.recording)
    ids = events.id[events.maker == options.maker]
    if not len(ids):
        raise InputError(
            f"there are no events of {options.maker} there",
            subject=study.folder,
            remedy="`hitscope study show STUDY` lists what there is",
        )
    study.apply(remove_events(study, ids.tolist()))


def relink_(study: Study, options: argparse.Namespace) -> None:
    """Find moved recordings."""
    study.apply(relink(study, options.where))


def name_subject(study: Study, options: argparse.Namespace) -> None:
    """Say whose recording it is."""
    study.apply(edit_recording(study, options.recording, subject=options.name))


def each(things: Iterable[T], do: Callable[[T], object]) -> None:
    """Do something with each; one that is refused does not keep the others from it.

    Raises
    ------
    InputError
        If any was refused: its own error if it is the only one, else how many were, when each has been told.
    """
    every = list(things)
    errors = []
    for thing in every:
        try:
            do(thing)
        except InputError as error:
            errors.append(error)
    if len(every) == 1 and errors:
        raise errors[0]
    for refusal in errors:
        print(f"hitscope: {refusal}", file=sys.stderr)
    if errors:
        raise InputError(
            f"{len(errors)} of {len(every)} were refused, as said above",
            kept="The others were done" if len(errors) < len(every) else None,
            remedy="Mend these or leave them out",
        )


def show(study: Study, *, as_json: bool) -> None:
    """Print recordings, events by kind, labels by class and runs."""
    events = study.events()
    summary: dict[str, Any] = {
        "study": str(study.folder),
        "name": study.name,
        "recordings": [
            {"id": r.id, "name": r.name, "subject": r.subject, "session": r.session, "duration_s": r.duration_s}
            | {"simulated": r.simulated, "path": r.path, "missing": r.missing}
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
            *[f"session {r['session']}"] * bool(r["session"]),
            *["SIMULATED"] * r["simulated"],
            *["missing: relink it"] * r["missing"],
        ]
        print(f"  {r['id']:>3}  {r['name']:<24} {r['duration_s']:>10.1f} s  {', '.join(notes)}")
    for title in ("events", "labels"):
        print(f"{title}: " + (", ".join(f"{n:,} {key}" for key, n in summary[title].items()) or "none"))
    for run_ in summary["runs"]:
        print(f"  {run_['id']:<36} {run_['status']:<11} {run_['name']}")
