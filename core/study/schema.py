"""The tables of a study, their version, and the rules that SQLite itself enforces."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, MetaData, String, Table

VERSION = 5

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

recordings = Table(
    "recordings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("format", String, nullable=False),
    Column("name", String, nullable=False),
    Column("subject", String),
    Column("session", String),
    Column("duration_s", Float, nullable=False),
    Column("simulated", Boolean, nullable=False, default=False),
    Column("options", JSON, nullable=False),
    Column("note", String, nullable=False, default=""),
    Column("bad_channels", JSON, nullable=False, default=list, server_default="[]"),
    # Size and time of change of its files when their content was last known to be that of `sha256`. What this computer
    # saw, not an edit: never part of a change.
    Column("stamp", JSON(none_as_null=True)),
)

classes = Table(
    "classes",
    metadata,
    Column("key", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("position", Integer, nullable=False, unique=True),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recording", Integer, ForeignKey("recordings.id"), nullable=False, index=True),
    Column("channel", String, nullable=False),
    Column("start_s", Float, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("kind", String, nullable=False),
    Column("maker", String, nullable=False),
    Column("attributes", JSON, nullable=False),
)

# What a maker has to say of a channel that it looked through, whether it found anything or not; the last time counts.
searches = Table(
    "searches",
    metadata,
    Column("recording", Integer, ForeignKey("recordings.id"), primary_key=True),
    Column("maker", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("settings", JSON, nullable=False),
    Column("seconds", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    Column("event", Integer, ForeignKey("events.id"), primary_key=True),
    Column("annotator", String, primary_key=True),
    Column("label", String, ForeignKey("classes.key"), nullable=False),
    Column("source", String, nullable=False),
    Column("confidence", Float),
    # Of a propagated label, the event that gave it and the human label that it descends from. No foreign keys: either may
    # be removed while the label stays.
    Column("donor", Integer),
    Column("origin", Integer),
    # Shares by class, where the label stands for a distribution; keys sorted, since a change compares the text.
    Column("soft", JSON(none_as_null=True)),
    # Which changeset wrote it: the newest wins where several annotators differ. No part of what a change compares, but
    # noted in its `before`, so that an undo restores it.
    Column("revision", Integer, nullable=False),
)

changesets = Table(
    "changesets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("annotator", String, nullable=False),
    Column("title", String, nullable=False),
    Column("reason", String),
    Column("undoes", Integer, ForeignKey("changesets.id")),
    sqlite_autoincrement=True,
)

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("changeset", Integer, ForeignKey("changesets.id"), nullable=False, index=True),
    Column("tbl", String, nullable=False),
    Column("key", String, nullable=False),
    Column("before", String),
    Column("after", String),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("parent", String),
    Column("params", JSON, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("created", String, nullable=False),
)

# Tables that changesets edit: primary key columns, in the order rows must be inserted (children last).
EDITABLE: dict[str, tuple[str, ...]] = {
    "recordings": ("id",),
    "classes": ("key",),
    "events": ("id",),
    "searches": ("recording", "maker", "channel"),
    "labels": ("event", "annotator"),
}

APPEND_ONLY = [
    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    for table in ("changesets", "changes")
    for verb in ("UPDATE", "DELETE")
]
HISTORY_INDEX = "CREATE INDEX IF NOT EXISTS changes_of_row ON changes (tbl, key)"
