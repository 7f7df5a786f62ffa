"""The study: one folder, one writer, every edit committed as it happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.errors import HitscopeError, InputError, ReadOnlyStudyError, StudyError
from core.study import database, runs, schema, writing
from core.study.changes import Change, Changeset, HistoryEntry, Row
from core.study.entries import ADJUDICATED, UNSURE, EventTable, LabelClass, RecordingEntry, Recovery, RunEntry, Search
from core.study.lock import Owner, WriterLock, reason, user_name

# One label per event: what somebody gave before what was propagated, then what was settled, the current annotator's, else the
# newest. `?` is that annotator.
EVENTS_SQL = f"""
SELECT e.id, e.recording, e.channel, e.start_s, e.duration_s, e.kind, e.maker, e.attributes,
       coalesce(l.label, ''), coalesce(l.source, ''), l.confidence, coalesce(l.origin, -1), {{donor}}, {{soft}}
FROM events AS e LEFT JOIN labels AS l ON l.event = e.id AND l.annotator = (
    SELECT annotator FROM labels WHERE event = e.id
    ORDER BY source = 'propagated', annotator = '{ADJUDICATED}' DESC, annotator = ? DESC, revision DESC, annotator LIMIT 1)
"""


class Study:
    """An open study. Use `Study.create` or `Study.open`; close it, or use it as a context manager.

    Attributes
    ----------
    folder : Path
    name : str
    annotator : str
        To whom edits are attributed.
    readonly : bool
    recovery : Recovery or None
        What was found if the last session had not closed the study.
    last_saved : datetime or None
        When this opening last committed something, local time.
    """

    def __init__(self, folder: Path, *, readonly: bool, annotator: str | None) -> None:
        self.folder, self.readonly = folder, readonly
        self.annotator = annotator or user_name()
        self.recovery: Recovery | None = None
        self.last_saved: datetime | None = None
        self._writing = threading.RLock()
        self._lock = None if readonly else WriterLock(folder, self.annotator)
        self._engine = database.connect(folder / database.FILE, readonly=readonly)
        try:
            if readonly:
                database.check(self._engine, folder)
            else:
                self.migrated_from = database.migrate(self._engine, folder)
                self._take_up()
            # Read-only, an older study stays as it is: what it lacks has its default.
            with self._reading() as connection:
                self._recording_columns, self._label_columns = (
                    database.columns_there(connection, table) for table in (schema.recordings, schema.labels)
                )
            self.name = self._meta("name") or folder.name
            if self._lock is not None:
                self._lock.opened()
        except Exception:
            self.close()
            raise

    @classmethod
    def create(cls, folder: str | Path, name: str | None = None, annotator: str | None = None) -> Study:
        """Make a study in a new or empty folder and open it for writing.

        Raises
        ------
        StudyError
            If the folder holds a study already, or cannot be written to.
        """
        folder = Path(folder).expanduser().resolve()
        try:
            for part in ("", "arrays", "runs", "exports", "backups"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            database.create(folder, name or folder.name)
        except (OSError, InputError) as error:
            raise _cannot_create(folder, error) from error
        return cls(folder, readonly=False, annotator=annotator)

    @classmethod
    def open(cls, folder: str | Path, readonly: bool = False, annotator: str | None = None) -> Study:
        """Open a study.

        Raises
        ------
        StudyLockedError
            If somebody else writes to it: the message names them. Open it with ``readonly=True``.
        ReadOnlyStudyError
            If the folder cannot be written to.
        StudyError
            If there is no study in the folder, or it is damaged or newer than this program.
        """
        folder = Path(folder).expanduser().resolve()
        if not (folder / database.FILE).is_file():
            raise StudyError(
                "there is no study in this folder", subject=folder, remedy="Choose another, or create one here"
            )
        return cls(folder, readonly=readonly, annotator=annotator)

    def close(self) -> None:
        """Close the study; a later opening then finds nothing to recover."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Reading

    def recordings(self) -> list[RecordingEntry]:
        """Return the recordings in the order they were added."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(*self._recording_columns).order_by(schema.recordings.c.id))
            return [RecordingEntry(**row._mapping) for row in rows]

    def recording(self, recording_id: int) -> RecordingEntry:
        """Return one recording.

        Raises
        ------
        InputError
            If there is none with this id.
        """
        query = sa.select(*self._recording_columns).where(schema.recordings.c.id == int(recording_id))
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise InputError(
                f"there is no recording {recording_id}", subject=self.folder, remedy="Choose one of the list"
            )
        return RecordingEntry(**row._mapping)

    def classes(self) -> list[LabelClass]:
        """Return the label classes by position."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(schema.classes).order_by(schema.classes.c.position))
            return [LabelClass(**row._mapping) for row in rows]

    def events(
        self, recording_id: int | None = None, kind: str | None = None, ids: Iterable[int] | None = None
    ) -> EventTable:
        """Return events with the label each shows, in order of id; unknown `ids` are left out. O(n log n)."""
        where: list[str] = []
        values: list[Any] = [self.annotator]
        if recording_id is not None:
            where.append("e.recording = ?")
            values.append(int(recording_id))
        if kind is not None:
            where.append("e.kind = ?")
            values.append(kind)
        if ids is not None:
            where.append("e.id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps([int(i) for i in ids]))
        sql = self._events_sql() + (f"WHERE {' AND '.join(where)} " if where else "") + "ORDER BY e.id"
        with self._reading() as connection:
            return EventTable.from_rows(list(connection.exec_driver_sql(sql, tuple(values)).fetchall()))

    def _events_sql(self) -> str:
        """Return `EVENTS_SQL` for the columns of labels that this study has."""
        if schema.labels.c.donor in self._label_columns:
            return EVENTS_SQL.format(donor="coalesce(l.donor, -1)", soft="coalesce(l.soft, '')")
        return EVENTS_SQL.format(donor="-1", soft="''")

    def event_rows(self, ids: Iterable[int]) -> list[Row]:
        """Return the stored columns of events, in order of id."""
        query = sa.select(schema.events).where(_among(schema.events.c.id, ids)).order_by(schema.events.c.id)
        with self._reading() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def label_rows(
        self, ids: Iterable[int] | None = None, annotator: str | None = None, source: str | None = None
    ) -> dict[tuple[int, str], Row]:
        """Return labels by ``(event, annotator)``: of these events or of all, of everybody or of one annotator.

        Each has ``label, source, confidence, origin, donor, soft``; `source` keeps those that came that way only.
        """
        columns = schema.labels.c
        has = [c.name for c in self._label_columns]
        names = [name for name in ("label", "source", "confidence", "origin", "donor", "soft") if name in has]
        lacks = {name: None for name in ("donor", "soft") if name not in has}
        query = sa.select(columns.event, columns.annotator, *(columns[name] for name in names))
        if ids is not None:
            query = query.where(_among(columns.event, ids))
        if annotator is not None:
            query = query.where(columns.annotator == annotator)
        if source is not None:
            query = query.where(columns.source == source)
        with self._reading() as connection:
            return {(r[0], r[1]): dict(zip(names, r[2:], strict=True)) | lacks for r in connection.execute(query)}

    def contested_events(self) -> list[int]:
        """Return the events that were given several classes, or one in doubt: with shares, or a confidence below 1."""
        shared = "OR count(soft)" if schema.labels.c.soft in self._label_columns else ""
        sql = (
            "SELECT event FROM labels WHERE source != 'propagated' AND label != ? GROUP BY event"
            f" HAVING count(DISTINCT label) > 1 OR min(confidence) < 1 {shared} ORDER BY event"
        )
        with self._reading() as connection:
            return [row[0] for row in connection.exec_driver_sql(sql, (UNSURE,))]

    def searches(self, recording_id: int | None = None) -> list[Search]:
        """Return what makers said of the channels that they looked through, of all recordings or of one."""
        query = sa.select(schema.searches).order_by(*schema.searches.primary_key)
        if recording_id is not None:
            query = query.where(schema.searches.c.recording == int(recording_id))
        with self._reading() as connection:
            if not sa.inspect(connection).has_table(schema.searches.name):  # an older study, read-only
                return []
            return [Search(**row._mapping) for row in connection.execute(query)]

    def history(self, limit: int = 200, event_id: int | None = None) -> list[HistoryEntry]:
        """Return the newest entries of the audit trail, of one event if asked, newest first."""
        sql = (
            "SELECT s.id, s.at, s.annotator, s.title, s.reason, s.undoes,"
            " (SELECT count(*) FROM changes WHERE changeset = s.id) FROM changesets AS s "
        )
        values: list[Any] = []
        if event_id is not None:
            sql += (
                "WHERE s.id IN (SELECT changeset FROM changes WHERE (tbl = 'events' AND key = ?)"
                " OR (tbl = 'labels' AND key >= ? AND key < ?)) "
            )
            values += [f"[{int(event_id)}]", f"[{int(event_id)},", f"[{int(event_id)}-"]
        sql += "ORDER BY s.id DESC LIMIT ?"
        with self._reading() as connection:
            return [HistoryEntry(*row) for row in connection.exec_driver_sql(sql, (*values, int(limit)))]

    def changeset(self, changeset_id: int) -> Changeset:
        """Return a committed changeset with its rows, to show before and after, or to take it back."""
        with self._reading() as connection:
            head = connection.execute(
                sa.select(schema.changesets).where(schema.changesets.c.id == changeset_id)
            ).one_or_none()
            query = (
                sa.select(schema.changes)
                .where(schema.changes.c.changeset == changeset_id)
                .order_by(schema.changes.c.id)
            )
            rows = connection.execute(query).all()
        if head is None:
            raise InputError(
                f"there is no change {changeset_id}", subject=self.folder, remedy="Choose one of the history"
            )
        changes = (
            Change(
                r.tbl,
                tuple(json.loads(r.key)),
                None if r.before is None else json.loads(r.before),
                None if r.after is None else json.loads(r.after),
            )
            for r in rows
        )
        return Changeset(head.title, tuple(changes), head.reason, head.undoes, head.id, head.annotator, head.at)

    # Writing

    def apply(self, changeset: Changeset, reason: str | None = None) -> Changeset:
        """Commit a changeset and return it with its id; when this returns it is on the disk.

        Raises
        ------
        ReadOnlyStudyError, ConflictError, StudyError
            Nothing was written.
        """
        if reason is not None:
            changeset = Changeset(changeset.title, changeset.changes, reason, changeset.undoes)
        with self._transaction() as connection:
            return writing.write(connection, changeset, self.annotator)

    def reserve_ids(self, what: str, n: int) -> int:
        """Return the first of `n` new ids of ``event`` or ``recording``; ids are never given twice."""
        table = {"event": schema.events, "recording": schema.recordings}[what]
        key = f"next_{what}_id"
        with self._transaction() as connection:
            stored = connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar()
            first = (
                int(stored) if stored else (connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0) + 1
            )
            connection.exec_driver_sql(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, str(first + n)),
            )
        return first

    def set_stamp(self, recording_id: int, stamp: list[list[int]]) -> None:
        """Note that the files of a recording, of these sizes and times, hold what was added; no edit, hence not audited."""
        where = schema.recordings.c.id == recording_id
        with self._transaction() as connection:
            connection.execute(schema.recordings.update().where(where).values(stamp=stamp))

    # Runs

    def new_run(
        self, kind: str, name: str, params: dict[str, Any], parent: str | None = None, seed: int = 0
    ) -> RunEntry:
        """Make the folder and the entry of a run; start it with ``LocalJob(run.job())``.

        A run that reads labels notes whose: those that this opening shows, unless `params` say another ``annotator``.
        """
        if kind in runs.READ_LABELS:
            params = {"annotator": self.annotator, **params}
        with self._transaction() as connection:
            return runs.new(connection, self.folder / "runs", kind, name, params, parent, seed)

    def runs(self, kind: str | None = None) -> list[RunEntry]:
        """Return the runs, oldest first."""
        with self._reading() as connection:
            return runs.listed(connection, self.folder / "runs", kind)

    def run(self, run_id: str) -> RunEntry:
        """Return one run.

        Raises
        ------
        InputError
            If there is none with this id.
        """
        for entry in self.runs():
            if entry.id == run_id:
                return entry
        raise InputError(
            f"there is no run {run_id}", subject=self.folder, remedy="`hitscope study show STUDY` lists them"
        )

    def set_run_status(self, run_id: str, status: str) -> None:
        """Say that a run is running again, or was cancelled before it began."""
        with self._transaction() as connection:
            runs.set_status(connection, run_id, status)

    def sync_runs(self, ended: Iterable[str] = ()) -> list[str]:
        """Take up the results that jobs left; return the ids of the runs whose status changed.

        Runs of `ended` whose job left neither a result nor an error (it was killed) become ``interrupted``.
        """
        with self._transaction() as connection:
            return runs.sync(connection, self.folder / "runs", set(ended))

    # Inside

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with database.reading(self.folder), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        if self.readonly:
            raise ReadOnlyStudyError(
                "the study is open read-only",
                subject=self.folder,
                kept="Nothing was changed",
                remedy="Open it for writing",
            )
        saving = database.explained(
            self.folder,
            "the change could not be saved",
            kept="Everything saved before is kept; this change is not in the study",
            remedy="Free some disk space or check the drive, then do it again",
        )
        try:
            with saving, self._writing, self._engine.begin() as connection:
                before = database.rows_written(connection)
                yield connection
                wrote = database.rows_written(connection) > before
        except sa.exc.IntegrityError as error:
            raise writing.conflict(self.name, str(error.orig)) from error
        if wrote:
            self.last_saved = datetime.now()

    def _meta(self, key: str) -> str | None:
        with self._reading() as connection:
            value: str | None = connection.execute(
                sa.select(schema.meta.c.value).where(schema.meta.c.key == key)
            ).scalar()
            return value

    def _take_up(self) -> None:
        """Bring the runs up to date and, if the last session did not close the study, note what it left."""
        with self._transaction() as connection:
            interrupted = runs.sync(connection, self.folder / "runs", ended=None)
        self.last_saved = None
        left_by = self._lock.left_by if self._lock else None
        if left_by is not None:
            self.recovery = self._recovered(left_by, interrupted)

    def _recovered(self, left_by: Owner, interrupted: list[str]) -> Recovery:
        with self._reading() as connection:
            columns = schema.changesets.c
            done = connection.execute(
                sa.select(columns.title, columns.at).where(columns.at >= left_by.since).order_by(columns.id)
            ).all()
        names = []
        for run_id in interrupted:
            with suppress(HitscopeError):
                run = self.run(run_id)
                if run.status == "interrupted":
                    names.append(f"{run.name} ({run.kind})")
        last = done[-1] if done else None
        return Recovery(
            owner=str(left_by),
            since=left_by.since,
            n_changesets=len(done),
            last_title=last.title if last else None,
            last_at=last.at if last else None,
            interrupted_runs=tuple(names),
        )


def _cannot_create(folder: Path, error: OSError | InputError) -> StudyError:
    """Return the error for a folder in which no study can be made."""
    why = reason(error) if isinstance(error, OSError) else error.what
    return StudyError(
        f"no study could be created here: {why}",
        subject=folder,
        kept="What the folder held is unchanged",
        remedy="Free some disk space or choose a folder you may write to, then create it again",
    )


def _among(column: sa.ColumnElement[int], ids: Iterable[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of `ids`, however many there are."""
    values = json.dumps([int(i) for i in ids])
    return column.in_(sa.select(sa.text("value")).select_from(sa.func.json_each(values)))
