"""BIDS: ``events.tsv`` with ``onset``, ``duration`` and ``trial_type``, and a ``.json`` beside it that describes the columns."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from core.signals.annotation_files.table import OWN, annotations_in, rows_of, text_of
from core.signals.recording import Annotation, Recording

HEADER = ("onset", "duration", "trial_type", *OWN, "attributes")
BREAKS = re.compile(r"[\t\r\n]")  # a cell of a TSV cannot hold these, nor be quoted
DESCRIPTIONS: dict[str, dict[str, str]] = {
    "onset": {"Description": "Start of the event, from the start of the recording", "Units": "s"},
    "duration": {"Description": "How long it lasts; 0 for a moment", "Units": "s"},
    "trial_type": {"Description": "What it is: the text of the annotation"},
    "channel": {"Description": "The channel that it was marked on"},
    "kind": {"Description": "What kind of event it is, such as beat or hits"},
    "label": {"Description": "The class that an annotator gave it"},
    "annotator": {"Description": "Whose label it is"},
    "comment": {"Description": "What an annotator wrote about it"},
    "attributes": {"Description": "What the other columns cannot say, as JSON"},
}


def read(path: Path) -> list[Annotation]:
    """Return the annotations; text is ``trial_type``, else ``value``, and ``n/a`` is nothing.

    Raises
    ------
    InputError
        Naming the row that is wrong.
    """
    lines = re.split(r"\r\n|\r|\n", text_of(path))
    return annotations_in(((number, line.split("\t")) for number, line in enumerate(lines, start=1)), path)


def encode(events: Sequence[Annotation], recording: Recording | None, plain: bool = False) -> bytes:
    """Return the bytes of the table."""
    rows = rows_of(events, HEADER, {"": "n/a"}, BREAKS, plain=plain)
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def sidecar() -> bytes:
    """Return the bytes of the description of the columns."""
    return json.dumps(DESCRIPTIONS, indent=2).encode() + b"\n"
