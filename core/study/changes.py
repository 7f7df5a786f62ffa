"""An edit as data: what was, what is, who did it and why. Applying it backwards is undo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One row of one table before and after.

    Parameters
    ----------
    table : str
        ``recordings``, ``classes``, ``events``, ``searches`` or ``labels``.
    key : tuple
        Primary key of the row; never a row number.
    before, after : dict or None
        The columns concerned. `before` None inserts the row, `after` None deletes it. Of a label, `before` gets the
        ``revision`` when it is committed: undoing restores it, hence also which annotator's label is shown.
    """

    table: str
    key: Key
    before: Row | None
    after: Row | None

    def inverse(self) -> Change:
        """Return the change that takes this one back."""
        return Change(self.table, self.key, self.after, self.before)


@dataclass(frozen=True)
class Changeset:
    """Changes that happen together or not at all: one line in the history, one step of undo.

    `id`, `annotator` and `at` (UTC, ISO 8601) are known once it is committed; `undoes` is the id of the changeset that
    this one takes back.
    """

    title: str
    changes: tuple[Change, ...]
    reason: str | None = None
    undoes: int | None = None
    id: int | None = None
    annotator: str | None = None
    at: str | None = None

    def inverse(self) -> Changeset:
        """Return the changeset that takes this one back; in the audit it is a new entry."""
        changes = tuple(change.inverse() for change in reversed(self.changes))
        title = self.title.removeprefix("undo: ") if self.title.startswith("undo: ") else f"undo: {self.title}"
        return replace(self, title=title, changes=changes, undoes=self.id, id=None, annotator=None, at=None)

    def keys(self, table: str) -> list[Key]:
        """Return the keys of the rows of `table` that it touches."""
        return [change.key for change in self.changes if change.table == table]

    @property
    def event_ids(self) -> list[int]:
        """Ids of the events whose own columns or labels it touches, each once, in order."""
        ids = (change.key[0] for change in self.changes if change.table in ("events", "labels"))
        return list(dict.fromkeys(ids))


@dataclass(frozen=True)
class HistoryEntry:
    """One line of the history: a committed changeset without its rows."""

    id: int
    at: str
    annotator: str
    title: str
    reason: str | None
    undoes: int | None
    n_changes: int
