"""Annotation files and the events of a study: imported as one undoable step, exported so that they come back equal."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import HitscopeError, InputError
from core.events.places import already_there, channel_of, numbers_channels
from core.events.symbols import BEAT_SYMBOLS
from core.signals import (
    Annotation,
    Recording,
    annotation_format_by_name,
    annotation_format_of,
    annotations_of_events,
    open_from_study,
    open_recording,
    read_annotations,
    refuse_own_files,
    write_annotations,
)
from core.study import Changeset, EventTable, NewEvent, Study, combine, label_events, new_events

NOBODY = "imported ("  # and the name of a file: the annotator of labels that name none
PASSED_ON = ("propagated", "simulated")  # what was no person's label does not become one on its way through a file
# Ids are of one study. In a file, the events that gave propagated labels say theirs, so that an import finds them again.
ID, DONOR, ORIGIN, SOFT = "hitscope_id", "label_donor", "label_origin", "label_soft"


@dataclass(frozen=True)
class Label:
    """A label as a file gives it; `donor` and `origin` are what the file calls these events."""

    key: str
    annotator: str
    source: str
    confidence: float | None
    donor: int | None = None
    origin: int | None = None
    soft: dict[str, float] | None = None


@dataclass(frozen=True)
class Read:
    """An annotation as an event, with its label; `number` is what the file calls it, where others refer to it."""

    event: NewEvent
    label: Label | None
    number: int | None = None


def import_annotations(study: Study, recording_id: int, path: str | Path, format: str | None = None) -> Changeset:
    """Return the changeset that adds the annotations of a file to a recording of a study; nothing is written.

    Their maker is ``file:`` and the file's name. A file that `export_annotations` wrote gives the same events again. Of
    others, the text is the label; of WFDB files only that of beats is. An annotation that names no channel is of the
    recording as a whole, and its event has the channel ``""``; a name that the recording does not know stays, since it may be
    a derivation. An event is there already if one of this recording begins and lasts the same, on the same channel (the
    whole recording and its first channel are the same here) and of the same kind: then only labels are added, of annotators
    who have given it none. The title says what was there, what was left out, and where an EDF+ file states
    another start than the recording: times count from the start of each.

    Parameters
    ----------
    study : Study
    recording_id : int
    path : str or Path
    format : str, optional
        Key of `core.signals.ANNOTATION_FORMATS`; by default the extension says it.

    Raises
    ------
    InputError
        If file or recording cannot be read, or no annotation lies within the recording.
    """
    path = Path(path)
    entry = study.recording(recording_id)
    recording = open_from_study(study, recording_id)
    marks = read_annotations(path, format)
    within = [a for a in marks if a.onset_s <= recording.duration and a.onset_s + a.duration_s >= 0]
    if marks and not within:
        raise InputError(
            f"none of its {len(marks):,} annotations lies within {entry.name} ({recording.duration:g} s)",
            subject=path,
            kept="The study is unchanged",
            remedy="Choose the recording that it belongs to",
        )
    symbols = (format or annotation_format_of(path)) == "wfdb"
    numbered = symbols and numbers_channels(marks)
    read = [_event_of(a, entry.id, recording, path, symbols, numbered) for a in within]
    fallback = "simulated" if entry.simulated else "imported"
    notes = [f"{len(marks) - len(within):,} outside the recording were left out"] * (len(within) < len(marks))
    first = recording.channels[0].name if recording.channels else ""
    there = already_there([one.event for one in read], study.events(entry.id), first)
    return _changeset(study, read, there, path, [*notes, *_other_clock(path, recording)], fallback)


def _other_clock(path: Path, recording: Recording) -> list[str]:
    """Return a note if the file states another start than the recording: its times count from its own."""
    with suppress(HitscopeError):
        start = open_recording(path).start_time if annotation_format_of(path) == "edf" else None
        if start and recording.start_time and abs((start - recording.start_time).total_seconds()) >= 1:
            return [
                f"note that it starts at {start:%Y-%m-%d %H:%M:%S}, the recording at {recording.start_time:%Y-%m-%d %H:%M:%S}"
            ]
    return []


def _event_of(
    a: Annotation, recording_id: int, recording: Recording, path: Path, symbols: bool, numbered: bool
) -> Read:
    """Return the event that an annotation is, and its label."""
    said = dict(a.attributes)
    ours = "maker" in said and "kind" in said
    beat = symbols and a.text in BEAT_SYMBOLS
    kind = str(said.pop("kind", "beat" if beat else "annotation"))
    text_is_label = not ours and (beat or not symbols)
    label = str(said.pop("label", a.text if text_is_label else "")).strip()
    if a.text and a.text not in (label, kind):
        said["symbol" if symbols else "text"] = a.text
    who, source = said.pop("annotator", ""), said.pop("label_source", "")
    confidence = said.pop("label_confidence", None)
    # Of a file of somebody else's, columns of these names mean something else.
    number, donor, origin = (_number(said.pop(name, None)) if ours else None for name in (ID, DONOR, ORIGIN))
    soft = said.pop(SOFT, None) if ours else None
    if who and not label:
        said.setdefault("by", str(who))  # of a mark without a label, who made it
    channel = channel_of(said, recording, numbered=numbered and not ours)  # of ours, all that have a channel name it
    said.pop("channel", None)
    event = NewEvent(recording_id, channel, a.onset_s, a.duration_s, kind, f"file:{path.name}", said)
    sure = float(confidence) if isinstance(confidence, int | float) else None
    shares = _shares(soft, path, a.onset_s)
    given = Label(label, str(who).strip(), str(source), sure, donor, origin, shares) if label else None
    return Read(event, given, number)


def _number(said: Any) -> int | None:
    return said if isinstance(said, int) else None


def _shares(said: Any, path: Path, onset_s: float) -> dict[str, float] | None:
    """Return the shares of a label by class, or say which are none."""
    if said is None:
        return None
    numbers = isinstance(said, dict) and all(isinstance(s, int | float) and 0 <= s <= 1 for s in said.values())
    if not numbers or abs(sum(said.values()) - 1) > 1e-6:
        raise InputError(
            f"the label at {onset_s:g} s has the shares {said!r}, which are no distribution over classes",
            subject=path,
            kept="The study is unchanged",
            remedy=f"Give shares from 0 to 1 with the sum 1, or take {SOFT} out",
        )
    return {str(key): float(share) for key, share in said.items()}


def _without_inferred(a: Annotation) -> Annotation:
    """Return an annotation less what `_event_of` infers again of EDF+: what came from a file goes back in its own words."""
    said = dict(a.attributes)
    inferred = {"kind": "annotation", "label": a.text, "label_source": "imported"}
    if (
        any(said.pop(name, None) != value for name, value in inferred.items())
        or not str(said.pop("annotator", "")).startswith(NOBODY)
        or not said.keys().isdisjoint(("label_confidence", ID, DONOR, ORIGIN, SOFT))
    ):
        return a
    said.pop("maker", None)
    if said.get("symbol") == a.text:
        del said["symbol"]
    if said.get("onset_s") == a.onset_s and "instant" not in said:
        del said["onset_s"]
    return replace(a, attributes=said)


def _changeset(
    study: Study,
    read: Sequence[Read],
    there: Sequence[int | None],
    path: Path,
    notes: Sequence[str],
    fallback: str,
) -> Changeset:
    """Return what adds those events that are not there, and those labels that nobody has given."""
    fresh = [one.event for one, identity in zip(read, there, strict=True) if identity is None]
    said = [f"import {len(fresh):,} events from {path.name}"]
    said += [f"{len(read) - len(fresh):,} were there already"] * (len(fresh) < len(read))
    title = "; ".join([*said, *notes])
    added = new_events(study, fresh, title) if fresh else Changeset(title, ())
    ids = iter(key[0] for key in added.keys("events"))
    of = [next(ids) if identity is None else identity for identity in there]
    known: dict[int | None, int] = {
        one.number: identity for identity, one in zip(of, read, strict=True) if one.number is not None
    }
    labels = [
        (identity, replace(one.label, donor=known.get(one.label.donor), origin=known.get(one.label.origin)))
        for identity, one in zip(of, read, strict=True)
        if one.label is not None
    ]
    return combine(title, added, *_labels(study, labels, fallback, f"{fallback} ({path.name})"))


def _labels(study: Study, labels: Sequence[tuple[int, Label]], source: str, annotator: str) -> list[Changeset]:
    """Return what gives labels, but those of annotators who have given the event one; one changeset for each source.

    Nor is a label given that names nobody where the event has the same one from another file.
    """
    given = study.label_rows([identity for identity, _ in labels])
    nobodys = {(event, row["label"]) for (event, who), row in given.items() if who.startswith(NOBODY)}
    several: defaultdict[tuple[str, str], list[tuple[int, Label]]] = defaultdict(list)
    for identity, label in labels:
        who = label.annotator or annotator
        if (identity, who) not in given and (label.annotator or (identity, label.key) not in nobodys):
            several[who, label.source if label.source in PASSED_ON else source].append((identity, label))
    return [
        label_events(
            study,
            [identity for identity, _ in members],
            [label.key for _, label in members],
            source=how,
            confidence=[np.nan if label.confidence is None else label.confidence for _, label in members],
            annotator=who,
            origins=[-1 if label.origin is None else label.origin for _, label in members],
            donors=[-1 if label.donor is None else label.donor for _, label in members],
            soft=[label.soft for _, label in members],
        )
        for (who, how), members in several.items()
    ]


def export_annotations(
    study: Study,
    recording_id: int,
    path: str | Path,
    format: str | None = None,
    ids: Iterable[int] | None = None,
    *,
    replace: bool = False,
    plain: bool = False,
) -> int:
    """Write events of a recording to an annotation file and return how many there are.

    Imported into a study with the same recording, they are equal. Of the labels, the one that each event shows goes along,
    with its shares by class and, of a propagated one, the events that it came from as far as they are written, too.

    Parameters
    ----------
    study : Study
    recording_id : int
    path : str or Path
    format : str, optional
        Key of `core.signals.ANNOTATION_FORMATS`; by default the extension says it.
    ids : iterable of int, optional
        Only these events.
    replace : bool
        Whether a file that is there may be replaced; never a file of a recording of the study.
    plain : bool
        Write only what other programs read: times, labels and comments. Imported, the events are then not equal.

    Raises
    ------
    InputError
        If there are no such events, a file is there, or it cannot be written.
    """
    entry = study.recording(recording_id)
    refuse_own_files(path, [(known.name, known.path) for known in study.recordings()])
    events = study.events(recording_id)
    if ids is not None:
        events = events.take(np.isin(events.id, np.fromiter(ids, np.int64)))
    if not len(events):
        raise InputError(
            f"there are no events of {entry.name} to export", subject=study.folder, remedy="Choose others, or make some"
        )
    recording = None if entry.missing else open_from_study(study, recording_id)
    events = events.take(np.argsort(events.start_s, kind="stable"))  # the order of its annotations
    marks = _with_lineage(annotations_of_events(events, _annotators(study, events)), events)
    key = format or annotation_format_by_name(path)
    if key == "edf" and not entry.simulated:  # there, what only Hitscope reads is an annotation more
        marks = tuple(_without_inferred(a) for a in marks)
    write_annotations(path, marks, key, recording=recording, replace=replace, plain=plain)
    return len(marks)


def _with_lineage(marks: Sequence[Annotation], events: EventTable) -> tuple[Annotation, ...]:
    """Return the annotations of events, saying of labels what else is known, and of events referred to which they are."""
    here = set(events.id.tolist())
    refers = {DONOR: events.label_donor.tolist(), ORIGIN: events.label_origin.tolist()}
    named = here & {event for column in refers.values() for event in column}
    done = []
    for row, (mark, event, soft) in enumerate(zip(marks, events.id.tolist(), events.label_soft, strict=True)):
        more: dict[str, Any] = {name: column[row] for name, column in refers.items() if column[row] in here}
        more |= {ID: event} if event in named else {}
        more |= {SOFT: json.loads(soft)} if soft else {}
        done.append(replace(mark, attributes={**mark.attributes, **more}) if more else mark)
    return tuple(done)


def _annotators(study: Study, events: EventTable) -> dict[int, str]:
    """Return whose label each event shows."""
    shown = dict(zip(events.id.tolist(), zip(events.label, events.label_source, strict=True), strict=True))
    whose: dict[int, str] = {}
    for (event, annotator), row in study.label_rows(shown).items():
        if (row["label"], row["source"]) == shown[event] and whose.get(event) != study.annotator:
            whose[event] = annotator
    return whose
