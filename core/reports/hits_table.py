"""All events of a report as CSV (RFC 4180, UTF-8): every attribute, and the verdict of each annotator."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from core.events import Recorded
from core.reports.hits_numbers import HitsReport

FIRST = (
    "event",
    "recording_id",
    "recording",
    "subject",
    "simulated",
    "recorded_s",
    "usable_s",
    "channel",
    "start_s",
    "duration_s",
    "kind",
    "maker",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def hits_csv(report: HitsReport) -> bytes:
    """Return the table: an event a row, in order of recording and time.

    Names of columns that say whose verdict it is end in the annotator's name; ``counted_as`` is what the report counts, and
    ``counted_source`` whose that is.
    """
    known, events = {r.id: r for r in report.recordings}, report.events
    names = sorted({name for attributes in events.attributes for name in attributes})
    annotators = sorted({annotator for _, annotator in report.labels})
    verdicts = [f"{what} of {name}" for name in annotators for what in ("verdict", "verdict_source")]
    head = [*FIRST, "counted_as", "counted_source", *verdicts]
    rows: list[list[Any]] = [[*head, *(f"attribute {name}" if name in head else name for name in names)]]
    order = sorted(range(len(events)), key=lambda n: (int(events.recording[n]), float(events.start_s[n])))
    for n in order:
        event, recording = int(events.id[n]), known[int(events.recording[n])]
        row: list[Any] = [
            event, recording.id, recording.name, recording.subject, recording.simulated, *_lengths(recording),
            events.channel[n],            float(events.start_s[n]), float(events.duration_s[n]), events.kind[n], events.maker[n],
            report.verdicts.classes[n], report.verdicts.sources[n],
        ]  # fmt: skip
        for annotator in annotators:
            said = report.labels.get((event, annotator), {})
            row += [said.get("label", ""), said.get("source", "")]
        row += [events.attributes[n].get(name) for name in names]
        rows.append([_cell(value) for value in row])
    return _encoded(rows)


def _lengths(recording: Recorded) -> tuple[float, float | None]:
    """Return how long a recording is, and how much of that is usable (None: not known), s."""
    usable = recording.usable_hours
    return round(3600 * recording.hours, 3), None if usable is None else round(3600 * usable, 3)


def _encoded(rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([[plain_cell(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def plain_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: text that begins like one has an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _cell(value: Any) -> Any:
    """Return a value as it stands in a cell: numbers with all their digits, nothing for None, lists as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
