"""The labels of a study as a CSV table, hard or soft."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from core.annotation.soft import SoftLabels
from core.errors import InputError
from core.jobs import refuse_taken, write_bytes_atomically
from core.reports.hits_table import plain_cell
from core.signals import refuse_own_files
from core.study import Study

COLUMNS = ("event", "recording", "subject", "channel", "start_s", "duration_s", "kind", "label", "source", "annotators")


def export_labels(
    study: Study, path: str | Path, labels: SoftLabels, *, soft: bool = False, replace: bool = False
) -> int:
    """Write labels to a CSV file, a row for each event, and return how many there are.

    Parameters
    ----------
    study : Study
    path : str or Path
    labels : SoftLabels
        As `soft_labels` gives them.
    soft : bool
        Whether there is a column ``share_CLASS`` for each class, besides the ``label`` of the largest share.
    replace : bool
        Whether a file that is there may be replaced; never one of a recording of the study.

    Raises
    ------
    InputError
        If there is no label, a file is there, or it cannot be written.
    """
    path = Path(path).expanduser()
    if not len(labels):
        raise InputError("there are no labels to export", subject=study.folder, remedy="Label events first")
    refuse_own_files(path, [(known.name, known.path) for known in study.recordings()])
    if not replace:
        refuse_taken(path)
    out = io.StringIO(newline="")
    rows = [[plain_cell(cell) for cell in row] for row in _rows(study, labels, soft)]
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    write_bytes_atomically(path, out.getvalue().encode())
    return len(labels)


def _rows(study: Study, labels: SoftLabels, soft: bool) -> list[list[Any]]:
    recordings = {entry.id: entry for entry in study.recordings()}
    events = study.events(ids=labels.ids.tolist())
    rows: list[list[Any]] = [[*COLUMNS, *(f"share_{name}" for name in labels.classes if soft)]]
    of = zip(labels.hard(), events.row_of(labels.ids).tolist(), strict=True)
    for place, (label, n) in enumerate(of):
        recording = recordings[int(events.recording[n])]
        row = [int(events.id[n]), recording.name, recording.subject or "", events.channel[n]]
        row += [float(events.start_s[n]), float(events.duration_s[n]), events.kind[n], label]
        row += ["propagated" if labels.propagated[place] else "given", int(labels.annotators[place])]
        rows.append(row + (labels.shares[place].tolist() if soft else []))
    return rows
