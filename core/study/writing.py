"""Writing a changeset: all of it with its audit rows, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from core.errors import ConflictError, InputError
from core.study import schema
from core.study.changes import Change, Changeset, Row
from core.study.lock import now


def write(connection: sa.Connection, changeset: Changeset, annotator: str) -> Changeset:
    """Write `changeset` inside the caller's transaction and return it as committed.

    O(n) in its changes; 10,000 labels take about 0.1 s.

    Raises
    ------
    ConflictError
        If a row is no longer what the changeset says it was; the caller's transaction must then be rolled back.
    """
    changes = _with_revisions(connection, changeset.changes)
    done = replace(changeset, changes=changes, annotator=annotator, at=now())
    head = {name: getattr(done, name) for name in ("at", "annotator", "title", "reason", "undoes")}
    revision = connection.execute(schema.changesets.insert(), head).inserted_primary_key[0]  # type: ignore[index]
    # References are checked when all is written: an undo may delete a class and, in the same step, its last label.
    # Said only now that the transaction has begun: it lasts to the end of one.
    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    try:
        for table, columns, group in _batches(done.changes):
            _write_batch(connection, table, columns, group, revision)
    except sa.exc.IntegrityError as error:
        raise conflict(changeset.title, str(error.orig)) from error
    except sa.exc.StatementError as error:
        if isinstance(error, sa.exc.DBAPIError):
            raise
        raise InputError(f"a value of this change cannot be stored ({error.orig})", subject=changeset.title) from error
    audit = [
        {
            "changeset": revision,
            "tbl": c.table,
            "key": _json(list(c.key)),
            "before": None if c.before is None else _json(c.before),
            "after": None if c.after is None else _json(c.after),
        }
        for c in done.changes
    ]
    if audit:
        connection.execute(schema.changes.insert(), audit)
    return replace(done, id=revision)


def _with_revisions(connection: sa.Connection, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Note in `before` of each label which changeset had written it, so that an undo restores which label is shown."""
    events = json.dumps([c.key[0] for c in changes if c.table == "labels" and c.before is not None])
    query = "SELECT event, annotator, revision FROM labels WHERE event IN (SELECT value FROM json_each(?))"
    known = {(r[0], r[1]): r[2] for r in connection.exec_driver_sql(query, (events,))}

    def noted(change: Change) -> Change:
        if change.table != "labels" or change.before is None or change.key not in known:
            return change
        return replace(change, before={**change.before, "revision": known[change.key]})

    return tuple(map(noted, changes))


def _batches(changes: tuple[Change, ...]) -> Iterator[tuple[str, tuple[str, ...], list[Change]]]:
    """Group changes that one statement can do: deletions children first, then the rest parents first."""
    rank = list(schema.EDITABLE)

    def order(change: Change) -> tuple[bool, int, bool, tuple[str, ...]]:
        position = rank.index(change.table)
        deletes = change.after is None
        return (not deletes, -position if deletes else position, change.before is None, _columns(change))

    for key, group in groupby(sorted(changes, key=order), key=order):
        members = list(group)
        yield members[0].table, key[-1], members


def _columns(change: Change) -> tuple[str, ...]:
    # A row of the same values is the same row, whoever wrote it when: the revision is no reason for a conflict.
    return tuple(sorted({*(change.before or {}), *(change.after or {})} - {"revision"}))


def _write_batch(
    connection: sa.Connection, name: str, columns: tuple[str, ...], changes: list[Change], revision: int
) -> None:
    table, keys = schema.metadata.tables[name], schema.EDITABLE[name]
    # An undo brings the older revision back: it stands in `after`.
    extra = {"revision": revision} if name == "labels" else {}
    sample = changes[0]
    if sample.before is None:
        rows = [dict(zip(keys, c.key, strict=True)) | extra | (c.after or {}) for c in changes]
        connection.execute(table.insert(), rows)
        return
    # The old values stand in the WHERE, so that a row somebody else changed meanwhile is not overwritten.
    where = [table.c[k] == sa.bindparam(f"k_{k}") for k in keys]
    where += [table.c[c].op("IS")(sa.bindparam(f"b_{c}", type_=table.c[c].type)) for c in columns]
    bound = [_bind(c.key, keys, "k_") | {f"b_{k}": v for k, v in (c.before or {}).items()} for c in changes]
    if sample.after is None:
        result = connection.execute(table.delete().where(*where), bound)
    else:
        values: dict[str, Any] = {c: sa.bindparam(f"a_{c}", type_=table.c[c].type) for c in (*columns, *extra)}
        for parameters, c in zip(bound, changes, strict=True):
            parameters |= {f"a_{k}": v for k, v in (extra | (c.after or {})).items()}
        result = connection.execute(table.update().where(*where).values(**values), bound)
    if result.rowcount != len(changes):
        raise conflict(f"{name} {sample.key}", f"{len(changes) - result.rowcount} of {len(changes)} rows differ")


def _bind(key: tuple[Any, ...], names: tuple[str, ...], prefix: str) -> Row:
    return {f"{prefix}{name}": value for name, value in zip(names, key, strict=True)}


def conflict(subject: str, detail: str) -> ConflictError:
    """Return the error for a change that no longer fits what the study holds."""
    return ConflictError(
        f"this change no longer fits the study ({detail})",
        subject=subject,
        kept="Nothing was changed",
        remedy="Look at the current values and do it again",
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
