"""Runs: what jobs make. Their folders are the truth; the table is an index that can always be brought up to date."""

from __future__ import annotations

import json
import secrets
from collections.abc import Container
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.errors import HitscopeError, StudyError
from core.jobs import read_json, works
from core.study import schema
from core.study.entries import RunEntry
from core.study.lock import now

KINDS = ("features", "projection", "training", "experiment", "compression", "export")
READ_LABELS = ("projection", "training", "experiment")  # a compression reads those of its training run
UNFINISHED = ("running", "interrupted", "cancelled", "failed")


def new(
    connection: sa.Connection, folder: Path, kind: str, name: str, params: dict[str, Any], parent: str | None, seed: int
) -> RunEntry:
    """Make the folder of a run under `folder` and its row, with status ``running``."""
    if kind not in KINDS:
        raise StudyError(f"there is no run of kind {kind!r}", remedy=f"Known kinds: {', '.join(KINDS)}")
    run_id = f"{kind}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    (folder / run_id).mkdir(parents=True)
    row: dict[str, Any] = {
        "id": run_id,
        "kind": kind,
        "name": name,
        "status": "running",
        "parent": parent,
        "params": params,
        "seed": seed,
        "summary": {},
        "created": now(),
    }
    connection.execute(schema.runs.insert(), row)
    return RunEntry(**row, folder=folder / run_id)


def listed(connection: sa.Connection, folder: Path, kind: str | None = None) -> list[RunEntry]:
    """Return the runs, oldest first."""
    query = sa.select(schema.runs).order_by(schema.runs.c.created, schema.runs.c.id)
    if kind is not None:
        query = query.where(schema.runs.c.kind == kind)
    return [RunEntry(**row._mapping, folder=folder / row.id) for row in connection.execute(query)]


def set_status(connection: sa.Connection, run_id: str, status: str, summary: dict[str, Any] | None = None) -> None:
    """Write the status of a run, and its summary if given."""
    values: dict[str, Any] = {"status": status} | ({} if summary is None else {"summary": summary})
    connection.execute(schema.runs.update().where(schema.runs.c.id == run_id).values(**values))


def sync(connection: sa.Connection, folder: Path, ended: Container[str] | None) -> list[str]:
    """Take up what jobs left in their folders; return the ids of the runs whose status changed.

    A run of `ended` (None: every run) that left no result was interrupted, unless its job still works.
    """
    changed = []
    for run in listed(connection, folder):
        if run.status not in UNFINISHED:
            continue
        status, summary = _evidence(run, ended is None or run.id in ended)
        if status != run.status:
            set_status(connection, run.id, status, summary)
            changed.append(run.id)
    return changed


def _evidence(run: RunEntry, ended: bool) -> tuple[str, dict[str, Any] | None]:
    with suppress(HitscopeError, json.JSONDecodeError):
        return "done", read_json(run.folder / "result.json")
    if run.status != "running":
        return run.status, None
    last = _last_message(run.folder / "log.jsonl")
    if last.get("type") in ("error", "cancelled"):
        return ("failed" if last["type"] == "error" else "cancelled"), {
            "message": last.get("message") or last.get("what")
        }
    return ("interrupted" if ended and not works(run.folder) else "running"), None


def _last_message(log: Path) -> dict[str, Any]:
    """Return the last whole JSON line of a log; a line cut off by a crash is passed over. O(size of the log)."""
    last: dict[str, Any] = {}
    with suppress(OSError):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]:
            with suppress(json.JSONDecodeError):
                last = json.loads(line)
    return last
