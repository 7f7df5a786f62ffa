"""Opening a study's SQLite file: durability, versions, forward migrations with a backup."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from core.errors import StudyError
from core.jobs import write_bytes_atomically
from core.study import schema
from core.study.lock import cannot_write, reason

FILE = "study.sqlite"


def _add_stamps(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE recordings ADD COLUMN stamp JSON")


def _add_bad_channels(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE recordings ADD COLUMN bad_channels JSON NOT NULL DEFAULT '[]'")


def _add_searches(connection: sa.Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS searches (recording INTEGER NOT NULL REFERENCES recordings (id), maker VARCHAR NOT NULL, "
        "channel VARCHAR NOT NULL, settings JSON NOT NULL, seconds JSON NOT NULL, notes JSON NOT NULL, "
        "PRIMARY KEY (recording, maker, channel))"
    )


def _add_donors(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE labels ADD COLUMN donor INTEGER")
    connection.exec_driver_sql("ALTER TABLE labels ADD COLUMN soft JSON")


# MIGRATIONS[n] takes a study of version n to version n + 1, inside one transaction. Never edit an old one.
MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {
    1: _add_stamps,
    2: _add_bad_channels,
    3: _add_searches,
    4: _add_donors,
}


def create(folder: Path, name: str) -> None:
    """Make the database of a new study, in one step: a creation that is killed or fails leaves none.

    Raises
    ------
    StudyError
        If the folder already holds one.
    InputError
        If the folder cannot be written to.
    """
    path = folder / FILE
    if path.exists():
        raise StudyError(
            "there is a study in this folder already", subject=folder, remedy="Open it, or choose another folder"
        )
    _set_aside_logs(folder)
    # SQLite commits each CREATE TABLE by itself, hence the file is made in memory and put there whole.
    write_bytes_atomically(path, _empty(name))


def _empty(name: str) -> bytes:
    """Return the file of a study that holds nothing yet."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        schema.metadata.create_all(connection)
        for statement in (*schema.APPEND_ONLY, schema.HISTORY_INDEX):
            connection.exec_driver_sql(statement)
        values = {"schema_version": str(schema.VERSION), "name": name, "created": datetime.now(UTC).isoformat()}
        connection.execute(schema.meta.insert(), [{"key": k, "value": v} for k, v in values.items()])
    with engine.connect() as connection:
        data: bytes = _driver(connection).serialize()
    engine.dispose()
    return data


def _set_aside_logs(folder: Path) -> None:
    """Move the write-ahead log of a database that is gone to ``backups``: SQLite would write it into the new one."""
    for log in folder.glob(f"{FILE}-*"):
        log.replace(folder / "backups" / log.name)


def columns_there(connection: sa.Connection, table: sa.Table) -> list[sa.Column[Any]]:
    """Return the columns of a table that the file has: read-only, an older study lacks the newest."""
    there = {c["name"] for c in sa.inspect(connection).get_columns(table.name)}
    return [c for c in table.c if c.name in there]


def rows_written(connection: sa.Connection) -> int:
    """Return how many rows a connection has written since it was made."""
    return _driver(connection).total_changes


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def connect(path: Path, *, readonly: bool) -> Engine:
    """Return an engine on a study's file; every connection is durable (WAL, ``synchronous=FULL``)."""
    query = _readonly_query(path) if readonly else "mode=rw"

    def open_file() -> sqlite3.Connection:
        uri = f"{path.resolve().as_uri()}?{query}"
        connection = sqlite3.connect(uri, uri=True, timeout=10.0, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys=ON")
        if not readonly:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        return connection

    return sa.create_engine("sqlite://", creator=open_file, poolclass=sa.pool.QueuePool, pool_size=8)


def _readonly_query(path: Path) -> str:
    """Return how to open the file without writing, also where SQLite cannot make its shared-memory file."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as probe:
            probe.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        # A read-only folder: nobody can be writing there, so the file may be read as it is.
        return "mode=ro&immutable=1"
    except sqlite3.DatabaseError:
        return "mode=ro"  # damaged: `check` says so
    return "mode=ro"


@contextmanager
def explained(folder: Path, what: str, kept: str, remedy: str) -> Iterator[None]:
    """Raise what the disk refuses in the block as a `StudyError` of this wording, and a damaged file as such.

    Conflicts, and faults of the program such as wrong SQL or a closed connection, pass through.
    """
    try:
        yield
    except (sa.exc.IntegrityError, sa.exc.ProgrammingError):
        raise
    except (sa.exc.OperationalError, OSError) as error:
        if "readonly" in reason(error):
            raise cannot_write(folder, error) from error
        raise StudyError(f"{what} ({reason(error)})", subject=folder, kept=kept, remedy=remedy) from error
    except sa.exc.DatabaseError as error:
        raise StudyError(
            f"this file is damaged or is no study ({error.orig})",
            subject=folder / FILE,
            kept="It was not changed",
            remedy=f"Restore it from a copy; Hitscope keeps copies made before migrations in {folder / 'backups'}",
        ) from error


def reading(folder: Path) -> AbstractContextManager[None]:
    """Return the context in which a study is read: what SQLite cannot do there is a `StudyError`."""
    return explained(
        folder,
        "the study could not be read",
        kept="It was not changed",
        remedy="Check that its drive is there and not full, then try again",
    )


def check(engine: Engine, folder: Path) -> int:
    """Return the schema version of the study behind `engine`.

    Raises
    ------
    StudyError
        If the file is damaged, is no study, or was made by a newer Hitscope.
    """
    path = folder / FILE
    with reading(folder), engine.connect() as connection:
        version = _version(connection)
    if version == 0:
        raise StudyError(
            "this file holds no complete study, as if its creation had been broken off",
            subject=path,
            kept="It was not changed",
            remedy=f"Restore it from a copy, or move it and any {FILE}-wal beside it elsewhere and create the study anew",
        )
    if version > schema.VERSION:
        raise StudyError(
            f"the study was made by a newer Hitscope (format {version}; this one knows {schema.VERSION})",
            subject=folder,
            kept="It was not changed",
            remedy="Update Hitscope",
        )
    return version


def _version(connection: sa.Connection) -> int:
    """Return the schema version that a file says it has, 0 if it says none."""
    if not sa.inspect(connection).has_table(schema.meta.name):
        return 0
    query = sa.select(schema.meta.c.value).where(schema.meta.c.key == "schema_version")
    value = connection.execute(query).scalar()
    return int(value) if value and value.isdecimal() else 0


def migrate(engine: Engine, folder: Path) -> Path | None:
    """Bring the study to the current version; return the backup made before, or None if it was current.

    A migration that fails leaves the study at its old version.

    Raises
    ------
    StudyError
        If there is too little space for it, or the file is damaged.
    """
    version = check(engine, folder)
    if version == schema.VERSION:
        return None
    with explained(
        folder,
        f"the study could not be brought from format {version} to {schema.VERSION}",
        kept="Everything in it is kept, in the older format",
        remedy="Free some disk space or check the drive, then open it again; read-only, it opens as it is",
    ):
        backup = _back_up(engine, folder / "backups", f"study-v{version}")
        for step in range(version, schema.VERSION):
            _migrate_once(engine, step)
    return backup


def _back_up(engine: Engine, folder: Path, name: str) -> Path:
    """Copy the database to a file of its own in `folder`, which has the name of a backup only when it is whole."""
    folder.mkdir(exist_ok=True)
    part = folder / f"{name}.part"
    part.unlink(missing_ok=True)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(part),))
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        return part.replace(folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite")
    finally:
        part.unlink(missing_ok=True)


def _migrate_once(engine: Engine, version: int) -> None:
    with engine.begin() as connection:
        # sqlite3 would otherwise run DDL outside the transaction.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        MIGRATIONS[version](connection)
        where = schema.meta.c.key == "schema_version"
        connection.execute(schema.meta.update().where(where), {"value": str(version + 1)})
