"""Folders given to `hitscope study add`: what is found there, as a table, and what is added of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cli.main import show_json
from core.errors import HitscopeError, InputError
from core.events import import_annotations
from core.signals import Found, add_folder, find_recordings
from core.study import Study


def add_configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that are about folders."""
    parser.add_argument(
        "--pattern",
        help="where the names in a folder say subject and session, such as {subject}_{session}* or {subject}/{session}/*",
    )
    parser.add_argument("--events", action="store_true", help="also import the BIDS events.tsv beside each recording")
    parser.add_argument("--dry-run", action="store_true", help="only list what a folder would add")


def found_in(folder: str | Path, options: argparse.Namespace) -> tuple[Found, ...]:
    """Return what a folder holds; ``--subject`` goes before what names say."""
    found = find_recordings(folder, options.pattern)
    return tuple(replace(one, subject=options.subject, why="--subject") if options.subject else one for one in found)


def show_found(options: argparse.Namespace) -> None:
    """Print what the folders would add.

    Raises
    ------
    InputError
        If one is no folder.
    """
    found = [one for folder in options.files for one in found_in(folder, options)]
    if options.json:
        show_json([{**vars(one), "readable": one.readable} for one in found])
    else:
        print(table(found))


def table(found: Sequence[Found]) -> str:
    """Return what was found as lines of text."""
    rows = [("subject", "session", "said by", "format", "duration", "file")]
    notes: list[list[str]] = [[]]
    for one in found:
        duration = f"{one.duration_s:,.1f} s" if one.readable else ""
        rows.append(
            (one.subject or "?", one.session or "", one.why, one.format or "unreadable", duration, str(one.path))
        )
        notes.append([f"events in {path.name}" for path in one.events] + [f"note: {text}" for text in one.warnings])
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    lines = []
    for row, several in zip(rows, notes, strict=True):
        lines.append("  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]))
        lines += [f"    {note}" for note in several]
    n = sum(one.readable for one in found)
    return "\n".join([*lines, f"{n:,} of {len(found):,} can be added"])


def add_folders(
    study: Study, folder: str | Path, options: argparse.Namespace, reader_options: Mapping[str, Any]
) -> None:
    """Add what a folder holds, and say on standard error what was not; with ``--events``, import the events too.

    Raises
    ------
    InputError
        If it holds no recording that can be read, or files were refused; the others were added.
    """
    found = found_in(folder, options)
    if not any(one.readable for one in found):
        raise InputError(
            "no recording that can be read is in this folder",
            subject=folder,
            remedy="`--dry-run` lists what it holds; choose another folder",
        )
    added = add_folder(study, found, **reader_options)
    refused: list[HitscopeError] = list(added.refused)
    for one in found:
        for note in one.warnings:
            print(f"hitscope: {one.path}: {note}", file=sys.stderr)
        for path in one.events if options.events and one.path in added.ids else ():
            try:
                changeset = import_annotations(study, added.ids[one.path], path)
                if changeset.changes:
                    study.apply(changeset)
            except InputError as error:
                refused.append(error)
    for refusal in refused:
        print(f"hitscope: {refusal}", file=sys.stderr)
    print(f"{len(added.ids):,} of {len(found):,} recordings of {folder} are in the study", file=sys.stderr)
    if refused:
        raise InputError(
            f"{len(refused):,} of its files were refused, as said above",
            subject=folder,
            kept="The others were added",
            remedy="Mend these or leave them out",
        )
