"""Edits as changesets, built from what the study holds now; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.checks import TABLE, TEXT, Rule, check_each, check_names, finite, whole
from core.errors import InputError
from core.study.changes import Change, Changeset
from core.study.entries import UNSURE, Search

if TYPE_CHECKING:
    from core.study.study import Study

BY_HAND = "annotator"  # the maker of events that a person drew; who it was stands in their attribute ``by``
SHARES_OFF = 1e-6  # how far from 1 the shares of a distribution may sum up: they may come in single precision
# What a column of an event may be, and what it is stored as.
EVENT_COLUMNS: dict[str, tuple[Rule, Callable[[Any], Any]]] = {
    "recording": (whole(1), int),
    "channel": (TEXT, str),
    "start_s": (finite(), float),
    "duration_s": (finite(least=0), float),
    "kind": (TEXT, str),
    "maker": (TEXT, str),
    "attributes": (TABLE, dict),
}


@dataclass(frozen=True)
class NewEvent:
    """An event to be added: where it is, what kind it is, and who or what made it."""

    recording: int
    channel: str
    start_s: float
    duration_s: float
    kind: str
    maker: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


def add_recording(study: Study, **fields: Any) -> Changeset:
    """Return the changeset that adds a recording; `fields` are the columns of `RecordingEntry` but ``id`` and ``stamp``."""
    row = {
        "subject": None,
        "session": None,
        "simulated": False,
        "options": {},
        "note": "",
        "bad_channels": [],
        **fields,
    }
    key = (study.reserve_ids("recording", 1),)
    return Changeset(f"add recording {row['name']}", (Change("recordings", key, None, row),))


def edit_recording(study: Study, recording_id: int, **fields: Any) -> Changeset:
    """Return the changeset that changes columns of a recording, such as its ``subject`` or ``path``."""
    entry = study.recording(recording_id)
    before = {name: getattr(entry, name) for name in fields}
    what = ", ".join(sorted(fields))
    return Changeset(f"change {what} of {entry.name}", (Change("recordings", (recording_id,), before, dict(fields)),))


def define_classes(study: Study, classes: Iterable[tuple[str, str]]) -> Changeset:
    """Return the changeset that adds those of the classes ``(key, title)`` which are not there yet.

    `UNSURE` gets position 0, so that the classes keep the digits 1 to 9.
    """
    known = study.classes()
    taken = {c.key for c in known}
    position = max((c.position for c in known), default=0)
    changes = []
    for key, title in classes:
        if not key:
            raise InputError("a class needs a name", remedy="Give it at least one character")
        if key not in taken:
            taken.add(key)
            position += key != UNSURE
            place = 0 if key == UNSURE else position
            changes.append(Change("classes", (key,), None, {"title": title, "position": place}))
    return Changeset(f"define {counted(len(changes), 'class', 'classes')}", tuple(changes))


def new_events(study: Study, events: Sequence[NewEvent], title: str | None = None) -> Changeset:
    """Return the changeset that adds events; their ids are reserved, and are its keys in the same order.

    Raises
    ------
    InputError
        If a start is not finite, or a duration below 0 s.
    """
    first = study.reserve_ids("event", len(events))
    changes = []
    for number, event in enumerate(events):
        changes.append(Change("events", (first + number,), None, _stored(vars(event), f"recording {event.recording}")))
    kinds = sorted({event.kind for event in events})
    default = f"add {counted(len(events), 'event')}" + (f" ({', '.join(kinds)})" if kinds else "")
    return Changeset(title or default, tuple(changes))


def note_search(study: Study, search: Search) -> Changeset:
    """Return the changeset that keeps what a maker said of a channel, in place of what it said before; none if it is the same."""
    key = (search.recording, search.maker, search.channel)
    old = [s for s in study.searches(search.recording) if (s.maker, s.channel) == key[1:]]
    before, after = (_said(old[0]) if old else None), _said(search)
    changes = () if before == after else (Change("searches", key, before, after),)
    return Changeset(f"{search.maker}: looked through {search.channel}", changes)


def _said(search: Search) -> dict[str, Any]:
    # In one order, as the audit has it: an undo compares the text that is stored.
    return {
        "settings": dict(sorted(search.settings.items())),
        "seconds": dict(sorted(search.seconds.items())),
        "notes": list(search.notes),
    }


def add_event(
    study: Study,
    recording: int,
    channel: str,
    start_s: float,
    duration_s: float,
    kind: str = "mark",
    *,
    by: str | None = None,
    comment: str = "",
) -> Changeset:
    """Return the changeset that adds an event drawn by a person; `by` is who, by default the study's current annotator.

    Raises
    ------
    InputError
        If the start is not finite, or the duration below 0 s.
    """
    attributes = {"by": by or study.annotator, **({"comment": comment} if comment else {})}
    return new_events(study, [NewEvent(recording, channel, start_s, duration_s, kind, BY_HAND, attributes)])


def edit_event(study: Study, event_id: int, **fields: Any) -> Changeset:
    """Return the changeset that changes columns of one event, such as ``start_s`` and ``duration_s``, s; see `edit_events`.

    Raises
    ------
    InputError
        If there is no such event or column, or a value is none of that column's.
    """
    what = ", ".join(sorted(fields))
    return replace(edit_events(study, [event_id], **fields), title=f"change {what} of event {event_id}")


def edit_events(study: Study, ids: Iterable[int], **fields: Any) -> Changeset:
    """Return the changeset that gives columns of events the same value, such as ``kind`` or ``channel``: one step of undo.

    ``comment`` is kept among an event's attributes, whose others stay; an empty one is taken away. Events that have these
    values already are no part of it.

    Raises
    ------
    InputError
        If an event or a column does not exist, or a value is none of that column's.
    """
    wanted = [int(i) for i in ids]
    subject = f"event {wanted[0]}" if len(wanted) == 1 else counted(len(wanted), "event")
    comment = fields.pop("comment", None)
    check_each({"comment": TEXT.or_none()}, {"comment": comment}, subject=subject)
    columns, rows = _stored(fields, subject), study.event_rows(wanted)
    if gone := sorted(set(wanted) - {row["id"] for row in rows}):
        raise InputError(
            f"there is no event {', '.join(map(str, gone[:5]))}",
            subject=study.folder,
            remedy="It may have been removed: choose another",
        )
    changes = []
    for row in rows:
        after = dict(columns)
        if comment is not None:
            kept = {k: v for k, v in {**row, **after}["attributes"].items() if k != "comment"}
            after["attributes"] = {**kept, "comment": comment} if comment else kept
        if before := {name: row[name] for name in after if row[name] != after[name]}:
            changes.append(Change("events", (row["id"],), before, {name: after[name] for name in before}))
    what = ", ".join(sorted([*fields, *["comment"] * (comment is not None)]))
    return Changeset(f"change {what} of {counted(len(changes), 'event')}", tuple(changes))


def remove_events(study: Study, ids: Iterable[int]) -> Changeset:
    """Return the changeset that removes events with all their labels; undoing it brings both back, ids included."""
    ids = [int(i) for i in ids]
    changes = [Change("labels", key, row, None) for key, row in study.label_rows(ids).items()]
    for row in study.event_rows(ids):
        event = row.pop("id")
        changes.append(Change("events", (event,), row, None))
    return Changeset(f"remove {counted(len(ids), 'event')}", tuple(changes))


def label_events(
    study: Study,
    ids: Iterable[int],
    labels: str | Sequence[str],
    source: str = "human",
    confidence: npt.ArrayLike | None = None,
    origins: npt.ArrayLike | None = None,
    annotator: str | None = None,
    donors: npt.ArrayLike | None = None,
    soft: Sequence[Mapping[str, float] | None] | None = None,
) -> Changeset:
    """Return the changeset by which an annotator labels events.

    Parameters
    ----------
    study : Study
    ids : iterable of int
        Event ids; each at most once.
    labels : str or sequence of str
        Class key, one for all or one per event; ``""`` takes the annotator's label away. Classes that do not exist yet
        are added.
    source : str
        ``human``, ``imported``, ``simulated`` or ``propagated``.
    confidence : array-like of float, optional
        0 to 1, one per event.
    origins : array-like of int, optional
        Event that each propagated label descends from; -1 for none.
    annotator : str, optional
        Whose labels; by default those of the study's current annotator.
    donors : array-like of int, optional
        Event that gave each propagated label; -1 for none.
    soft : sequence of mapping or None, optional
        Shares by class of each label, 0 to 1 with the sum 1, where it stands for a distribution.

    Raises
    ------
    InputError
        If there are not as many of one thing as of another, or shares are no distribution.
    """
    ids = [int(i) for i in ids]
    wanted = [labels] * len(ids) if isinstance(labels, str) else [str(label) for label in labels]
    who = annotator or study.annotator
    old = study.label_rows(ids, who)
    conf = [None] * len(ids) if confidence is None else [float(c) for c in np.asarray(confidence, dtype=float)]
    orig, gave = _events_or_none(origins, len(ids)), _events_or_none(donors, len(ids))
    shares = [None] * len(ids) if soft is None else [_shares(event, s) for event, s in zip(ids, soft, strict=False)]
    if not len(ids) == len(wanted) == len(conf) == len(orig) == len(gave) == len(shares):
        raise InputError(f"{len(ids)} events were given {len(wanted)} labels", remedy="Give one label per event")
    named = [*wanted, *(key for share in shares if share for key in share)]
    changes = list(define_classes(study, ((key, key) for key in dict.fromkeys(named) if key)).changes)
    for event, label, *said in zip(ids, wanted, conf, orig, gave, shares, strict=True):
        before = old.get((event, who))
        row = {"label": label, "source": source} | dict(
            zip(("confidence", "origin", "donor", "soft"), said, strict=True)
        )
        after = row if label else None
        if before != after:
            changes.append(Change("labels", (event, who), before, after))
    return Changeset(_label_title(len(ids), wanted, source), tuple(changes))


def _events_or_none(events: npt.ArrayLike | None, n: int) -> list[int | None]:
    """Return event ids, None for -1."""
    return [None] * n if events is None else [int(e) if e >= 0 else None for e in np.asarray(events)]


def _shares(event: int, shares: Mapping[str, float] | None) -> dict[str, float] | None:
    """Return a distribution as it is stored: classes in order, none of share 0."""
    if shares is None:
        return None
    kept = {str(key): float(share) for key, share in sorted(shares.items()) if share != 0}
    if not all(share > 0 for share in kept.values()) or abs(sum(kept.values()) - 1) > SHARES_OFF:
        raise InputError(
            f"{dict(shares)} is no distribution over classes",
            subject=f"event {event}",
            remedy="Give shares from 0 to 1 with the sum 1",
        )
    return kept


def combine(title: str, *parts: Changeset) -> Changeset:
    """Return one changeset, hence one step of undo, that does what several do; each row at most once."""
    changes = {(c.table, c.key): c for part in parts for c in part.changes}
    added = [c for c in changes.values() if c.table == "classes" and c.before is None and c.after is not None]
    # Parts built side by side each counted positions from the same start.
    counted_from = [c for c in added if c.key != (UNSURE,)]
    first = min((c.after["position"] for c in counted_from if c.after), default=0)
    for position, c in enumerate(counted_from, first):
        changes["classes", c.key] = replace(c, after={**(c.after or {}), "position": position})
    return Changeset(title, tuple(changes.values()))


def _stored(fields: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """Return columns of an event as they are stored, or say which cannot be."""
    check_names("an event", fields, EVENT_COLUMNS)
    check_each({name: EVENT_COLUMNS[name][0] for name in fields}, fields, subject=subject)
    return {name: EVENT_COLUMNS[name][1](value) for name, value in fields.items()}


def _label_title(n: int, labels: Sequence[str], source: str) -> str:
    distinct = sorted(set(labels))
    how = {"propagated": "propagate labels to", "imported": "import labels of"}.get(source, "label")
    if distinct == [""]:
        return f"remove the label of {counted(n, 'event')}"
    return f"{how} {counted(n, 'event')} as {', '.join(label or 'none' for label in distinct[:4])}"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 event`` or ``1,204 events``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
