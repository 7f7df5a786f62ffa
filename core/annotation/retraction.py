"""What descends from a label: found, called stale where the label it hangs on has changed, and taken back.

A propagated label hangs on the label of its donor, and so on back to the human label of its origin. Labels that were accepted
before donors were stored know their origin only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core.study import Change, Changeset, Study

Key = tuple[int, str]  # event and annotator
Rows = Mapping[Key, Mapping[str, Any]]  # as `Study.label_rows` gives them
PROPAGATED = "propagated"


def descendants(study: Study, *events: int) -> list[int]:
    """Return the events with a propagated label, whoever's, that descends from the labels of events, in order. O(n).

    The events need not be there any more. Their own labels are no part of them.
    """
    return _events(_descending(study.label_rows(source=PROPAGATED), {int(event) for event in events}))


def retract(study: Study, event: int) -> Changeset:
    """Return the changeset that takes back the propagated labels, whoever's, that descend from the label of an event.

    It has no changes if none does.
    """
    rows = study.label_rows(source=PROPAGATED)
    keys = _descending(rows, {int(event)})
    return _removed(
        rows, keys, f"retract {_counted(len(keys))} descend{'s' * (len(keys) == 1)} from event {int(event)}"
    )


def stale_descendants(study: Study, events: Iterable[int] | None = None) -> list[int]:
    """Return the events whose propagated label is contradicted by what is said now of where it came from, in order. O(n).

    A label is stale if its origin is no longer labelled so by anybody who counts, be it that the label was changed, taken
    away, or the event removed; or if somebody has labelled an event on the way otherwise. Who accepted it counts alone where
    they have labelled that event; else everybody does.

    Parameters
    ----------
    study : Study
    events : iterable of int, optional
        Only what descends from these, such as ``changeset.event_ids`` of an edit.
    """
    rows = study.label_rows(source=PROPAGATED)
    return _events(_stale(study, rows, events))


def retract_stale(
    study: Study, events: Iterable[int] | None = None, *, only: Collection[int] | None = None
) -> Changeset:
    """Return the changeset that takes back the labels that `stale_descendants` finds, with `only`: of these events alone."""
    rows = study.label_rows(source=PROPAGATED)
    keys = {key for key in _stale(study, rows, events) if only is None or key[0] in only}
    return _removed(rows, keys, f"retract {_counted(len(keys))} {'is' if len(keys) == 1 else 'are'} stale")


def label_path(study: Study, event: int, annotator: str | None = None) -> list[int]:
    """Return the way of a propagated label: the event, its donor, … and the origin; empty if it has no such label.

    Whose label it is, is `annotator` or by default the study's; if they have none there, the first by name who has.
    """
    rows = study.label_rows(source=PROPAGATED)
    who = annotator or study.annotator
    owners = sorted((name != who, name) for number, name in rows if number == event)
    key: Key | None = (int(event), owners[0][1]) if owners else None
    path: list[int] = []
    while key is not None and key[0] not in path:
        path.append(key[0])
        last, key = rows[key], _parent(rows, key)
    if path:
        path += [end for end in dict.fromkeys((last["donor"], last["origin"])) if end is not None and end not in path]
    return path


def _parent(rows: Rows, key: Key) -> Key | None:
    """Return the propagated label that one was given by; None at the human label, or where it is gone."""
    row = rows[key]
    # An origin may have a propagated label too, by who accepted it before somebody else labelled it: that gave nothing.
    above = (row["donor"], key[1])
    return above if row["donor"] is not None and row["donor"] != row["origin"] and above in rows else None


def _descending(rows: Rows, events: Collection[int]) -> set[Key]:
    """Return the propagated labels that descend from the labels of events."""
    children: defaultdict[Key, list[Key]] = defaultdict(list)
    for key in rows:
        if above := _parent(rows, key):
            children[above].append(key)
    waiting = [key for key, row in rows.items() if row["donor"] in events or row["origin"] in events]
    found: set[Key] = set()
    while waiting:
        key = waiting.pop()
        if key not in found and key[0] not in events:
            found.add(key)
            waiting += children[key]
    return found


def _stale(study: Study, rows: Rows, events: Iterable[int] | None) -> set[Key]:
    """Return the labels that are stale, of all or of those that descend from events."""
    wanted = set(rows) if events is None else _descending(rows, {int(event) for event in events})
    sources = {row[name] for row in rows.values() for name in ("donor", "origin") if row[name] is not None}
    given: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for (event, who), row in study.label_rows(sources).items():
        if row["source"] != PROPAGATED:
            given[event][who] = row["label"]
    verdict: dict[Key, bool] = {}
    for key in wanted:
        _judge(rows, given, key, verdict)
    return {key for key in wanted if verdict[key]}


def _judge(rows: Rows, given: Mapping[int, Mapping[str, str]], key: Key, verdict: dict[Key, bool]) -> None:
    """Note of a label, and of those it came by, whether they are stale: each is judged once."""
    trail: list[Key] = []
    above: Key | None = key
    while above is not None and above not in verdict:
        verdict[above] = False  # also where a way comes back to itself
        trail.append(above)
        above = _parent(rows, above)
    stale = above is not None and verdict[above]
    for one in reversed(trail):
        stale = verdict[one] = stale or _contradicted(rows[one], one[1], given)


def _contradicted(row: Mapping[str, Any], who: str, given: Mapping[int, Mapping[str, str]]) -> bool:
    def says_otherwise(event: int | None, silence: bool) -> bool:
        said = given.get(event, {}) if event is not None else {}
        counts = {said[who]} if who in said else set(said.values())
        return row["label"] not in counts if counts else silence

    # Nobody need have labelled a donor; an origin without a label is one whose label was taken away.
    return says_otherwise(row["origin"], row["origin"] is not None) or says_otherwise(row["donor"], False)


def _removed(rows: Rows, keys: Collection[Key], title: str) -> Changeset:
    return Changeset(title, tuple(Change("labels", key, dict(rows[key]), None) for key in sorted(keys)))


def _events(keys: Iterable[Key]) -> list[int]:
    return sorted({event for event, _ in keys})


def _counted(n: int) -> str:
    return f"{n:,} label{'s' * (n != 1)} that"
