"""What a study hands out: recordings, events as columns, label classes and runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.jobs import JobSpec


@dataclass(frozen=True)
class RecordingEntry:
    """A recording as the study knows it; the file stays where the user has it.

    `bad_channels` are the names of channels that somebody has marked bad: no montage uses them as a reference.
    `stamp` is ``[size in bytes, time of change in ns]`` of each of its files when their content was last known to be that
    of `sha256`; None if it is not known.
    """

    id: int
    path: str
    sha256: str
    format: str
    name: str
    subject: str | None
    session: str | None
    duration_s: float
    simulated: bool
    options: dict[str, Any]
    note: str
    bad_channels: list[str] = field(default_factory=list)
    stamp: list[list[int]] | None = field(default=None, compare=False)

    @property
    def missing(self) -> bool:
        """Whether its file is no longer where it was."""
        return not Path(self.path).exists()


# The label of an event that somebody has looked at and cannot decide: it is kept and counted, never learnt or passed on.
UNSURE = "unsure"
ADJUDICATED = "adjudicated"  # the annotator whose labels settle what others disagree on; no rater


@dataclass(frozen=True)
class LabelClass:
    """A class that events can be labelled with; `position` (1, 2, …; 0 for `UNSURE`) gives its digit key, colour and shape."""

    key: str
    title: str
    position: int


@dataclass(frozen=True)
class Search:
    """What a maker of events said of a channel that it looked through.

    Attributes
    ----------
    recording : int
    maker, channel : str
    settings : dict
        That it looked with.
    seconds : dict of str to float
        How long the channel is, and how much of that is not fit to be looked through, by reason.
    notes : list of str
        The same, and whatever else is remarkable, in words.
    """

    recording: int
    maker: str
    channel: str
    settings: dict[str, Any]
    seconds: dict[str, float]
    notes: list[str]


@dataclass(frozen=True)
class EventTable:
    """Events as columns, in order of their ids.

    Attributes
    ----------
    id, recording : int64 arrays
    channel, kind, maker : object arrays of str
    start_s, duration_s : float64 arrays, seconds
    attributes_json : object array of str
        What the maker found out (HBR in dB, the original annotation symbol, …), as JSON.
    label : object array of str
        A label that somebody gave before a propagated one, of these what was settled by `ADJUDICATED`, else the current
        annotator's, else the newest; ``""`` where there is none.
    label_source : object array of str
        ``human``, ``imported``, ``simulated``, ``propagated`` or ``""``.
    label_confidence : float64 array
        0 to 1; NaN where nothing was said.
    label_origin : int64 array
        The event a propagated label descends from; -1 for none.
    label_donor : int64 array
        The event that gave a propagated label; -1 for none, or not known.
    label_soft : object array of str
        Shares by class as JSON, where the label stands for a distribution; else ``""``.
    """

    id: npt.NDArray[np.int64]
    recording: npt.NDArray[np.int64]
    channel: npt.NDArray[np.object_]
    start_s: npt.NDArray[np.float64]
    duration_s: npt.NDArray[np.float64]
    kind: npt.NDArray[np.object_]
    maker: npt.NDArray[np.object_]
    attributes_json: npt.NDArray[np.object_]
    label: npt.NDArray[np.object_]
    label_source: npt.NDArray[np.object_]
    label_confidence: npt.NDArray[np.float64]
    label_origin: npt.NDArray[np.int64]
    label_donor: npt.NDArray[np.int64]
    label_soft: npt.NDArray[np.object_]

    COLUMNS = (
        ("id", np.int64),
        ("recording", np.int64),
        ("channel", object),
        ("start_s", np.float64),
        ("duration_s", np.float64),
        ("kind", object),
        ("maker", object),
        ("attributes_json", object),
        ("label", object),
        ("label_source", object),
        ("label_confidence", np.float64),
        ("label_origin", np.int64),
        ("label_donor", np.int64),
        ("label_soft", object),
    )

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[Any]]) -> EventTable:
        """Make the table from tuples in the order of `COLUMNS`."""
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(cls.COLUMNS)
        arrays = {}
        for (name, dtype), values in zip(cls.COLUMNS, columns, strict=True):
            array = np.empty(len(values), dtype=dtype)
            array[:] = values
            arrays[name] = array
        return cls(**arrays)

    def __len__(self) -> int:
        return len(self.id)

    @cached_property
    def attributes(self) -> list[dict[str, Any]]:
        """The attributes of each event, parsed on first use."""
        return [json.loads(text) for text in self.attributes_json]

    def take(self, rows: npt.ArrayLike) -> EventTable:
        """Return the events at a boolean mask or at row numbers of this very table."""
        index = np.asarray(rows)
        return EventTable(**{name: getattr(self, name)[index] for name, _ in self.COLUMNS})

    def row_of(self, ids: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the row number of each id here.

        Raises
        ------
        KeyError
            If an id is not in the table.
        """
        wanted = np.asarray(ids, dtype=np.int64)
        rows = np.searchsorted(self.id, wanted)
        found = np.zeros(wanted.shape, dtype=bool)
        if len(self):
            found = (rows < len(self)) & (self.id[np.minimum(rows, len(self) - 1)] == wanted)
        if not found.all():
            raise KeyError(f"events not in this table: {wanted[~found][:5].tolist()}")
        return rows

    def updated(self, fresh: EventTable, ids: Iterable[int]) -> EventTable:
        """Return this table with the rows of `ids` replaced by those of `fresh`; ids absent there are dropped."""
        if len(fresh) == len(set(ids := list(ids))) and np.isin(fresh.id, self.id).all():  # an edit of a few labels
            rows, columns = self.row_of(fresh.id), {}
            for name, _ in self.COLUMNS:
                columns[name] = getattr(self, name).copy()
                columns[name][rows] = getattr(fresh, name)
            return EventTable(**columns)
        keep = ~np.isin(self.id, np.fromiter(ids, dtype=np.int64))
        joined = {name: np.concatenate([getattr(self, name)[keep], getattr(fresh, name)]) for name, _ in self.COLUMNS}
        order = np.argsort(joined["id"], kind="stable")
        return EventTable(**{name: column[order] for name, column in joined.items()})

    def label_hash(self) -> str:
        """Return a SHA-256 of ids, labels and their sources: the label revision that a run was made from."""
        digest = hashlib.sha256()
        for event, label, source in zip(self.id.tolist(), self.label, self.label_source, strict=True):
            digest.update(f"{event}\t{label}\t{source}\n".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class RunEntry:
    """Something a job made or makes: features, a projection, a model, an export.

    `status` is ``running``, ``done``, ``failed``, ``cancelled`` or ``interrupted`` (its window died; resume it).
    """

    id: str
    kind: str
    name: str
    status: str
    parent: str | None
    params: dict[str, Any]
    seed: int
    summary: dict[str, Any]
    created: str
    folder: Path = field(compare=False)

    def job(self) -> JobSpec:
        """Return the specification to start or resume it with, for the place where the study lies now."""
        study = self.folder.parent.parent
        return JobSpec(self.kind, self.params, out=str(self.folder), study=str(study), seed=self.seed)


@dataclass(frozen=True)
class Recovery:
    """What was found when a study had not been closed properly."""

    owner: str
    since: str
    n_changesets: int
    last_title: str | None
    last_at: str | None
    interrupted_runs: tuple[str, ...]

    def __str__(self) -> str:
        kept = (
            f"All {self.n_changesets} changes made since then are kept, up to “{self.last_title}” at {_local(self.last_at)}."
            if self.n_changesets
            else "No change had been made in it, so nothing was lost."
        )
        runs = f" Interrupted and ready to resume: {', '.join(self.interrupted_runs)}." if self.interrupted_runs else ""
        return f"The session of {self.owner}, begun {_local(self.since)}, ended without closing the study. {kept}{runs}"


def _local(at: str | None) -> str:
    """Return a UTC time as the local day and minute."""
    return "?" if at is None else f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
