"""`hitscope annotations …`: events of a study to and from annotation files, and from one format to another."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.actions import actions_of, run_action
from core.cli.options import add_annotator, add_replace
from core.events import export_annotations, import_annotations
from core.signals import ANNOTATION_FORMATS, open_recording, read_annotations, write_annotations
from core.study import Study

EXAMPLE = """hitscope annotations export my-study 1 208.atr
  hitscope annotations import my-study 1 scored.edf
  hitscope annotations convert 208.atr 208_events.tsv"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    action = actions_of(options)
    for name, text, do in (
        ("export", "write the events of a recording of a study to a file", export),
        ("import", "add the annotations of a file to a recording of a study", import_),
    ):
        parser = action(name, text, do)
        parser.add_argument("study", type=Path, help="study folder")
        parser.add_argument("recording", type=int, metavar="RECORDING", help="its number in the study")
        parser.add_argument("file", type=Path)
        add_format(parser, "--format", "format", "of the file")
        add_annotator(parser)
        if name == "export":
            parser.add_argument("--kind", help="only events of this kind")
            parser.add_argument(
                "--plain",
                action="store_true",
                help="for other programs: times, labels and comments only, without the details that only Hitscope reads",
            )
            add_replace(parser)
    parser = action("convert", "write the annotations of one file to another", convert)
    parser.add_argument("source", type=Path, help="annotation file, or recording with annotations")
    parser.add_argument("target", type=Path)
    parser.add_argument("--recording", type=Path, help="the recording they belong to: gives sampling rate and date")
    add_format(parser, "--from", "source_format", "of the source")
    add_format(parser, "--to", "target_format", "of the target")
    add_replace(parser)


def add_format(parser: argparse.ArgumentParser, name: str, dest: str, of: str) -> None:
    """Add an option that chooses a format."""
    parser.add_argument(
        name, dest=dest, choices=sorted(ANNOTATION_FORMATS), help=f"format {of} (default: what its extension says)"
    )


run = run_action


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Write events to a file."""
    with Study.open(options.study, readonly=True, annotator=options.annotator) as study:
        study.recording(options.recording)  # says which there is not
        ids = study.events(options.recording, kind=options.kind).id.tolist()
        how = {"replace": options.replace, "plain": options.plain}
        n = export_annotations(study, options.recording, options.file, options.format, ids, **how)
    return {"done": f"{n:,} events written to {options.file}", "events": n, "file": str(options.file)}


def import_(options: argparse.Namespace) -> dict[str, Any]:
    """Add annotations to a study, as one step of its history."""
    with Study.open(options.study, annotator=options.annotator) as study:
        changeset = import_annotations(study, options.recording, options.file, options.format)
        if changeset.changes:
            changeset = study.apply(changeset)
    return {"done": changeset.title, "events": len(changeset.keys("events")), "labels": len(changeset.keys("labels"))}


def convert(options: argparse.Namespace) -> dict[str, Any]:
    """Write the annotations of one file to another."""
    marks = read_annotations(options.source, options.source_format)
    recording = None if options.recording is None else open_recording(options.recording)
    write_annotations(options.target, marks, options.target_format, recording=recording, replace=options.replace)
    n = len(marks)
    return {"done": f"{n:,} annotations written to {options.target}", "annotations": n, "file": str(options.target)}
