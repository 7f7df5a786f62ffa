"""Finding events in a recording of a study: what a maker finds, less what is there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from core.errors import InputError
from core.events.made import Made, MadeEvent
from core.events.makers import EVENT_MAKERS
from core.events.options import check_options
from core.events.places import already_there
from core.registry import chosen
from core.signals import Recording, open_from_study
from core.study import (
    Changeset,
    EventTable,
    NewEvent,
    RecordingEntry,
    Search,
    Study,
    combine,
    label_events,
    new_events,
    note_search,
)


@dataclass(frozen=True)
class Found:
    """What a maker found.

    Attributes
    ----------
    changeset : Changeset
        Adds what is new, and what the maker said of the recording; without changes if nothing is.
    n_found, n_known : int
        Events found, and how many of them were in the study already.
    n_beside : int
        How many of the new ones lie over events of the same kind that somebody else found: perhaps the same ones.
    n_left_out : int
        How many more the maker finds with the options `EventMaker.unless`, with which it leaves none out.
    left_out : str
        That in words; empty if there are none.
    notes : tuple of str
        What the maker has to say of the recording.
    """

    changeset: Changeset
    n_found: int
    n_known: int
    n_beside: int
    n_left_out: int = 0
    left_out: str = ""
    notes: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return it in words."""
        known = f", {self.n_known:,} were there already" if self.n_known else ""
        beside = f", {self.n_beside:,} lie over events that were found otherwise" if self.n_beside else ""
        left_out = f", {self.left_out}" * bool(self.left_out)
        return f"{self.n_found:,} found{known}{beside}{left_out}" + "".join(f"; {note}" for note in self.notes)


def run_maker(maker: str, recording: Recording | Callable[[], Recording], options: Mapping[str, Any]) -> Made:
    """Return what a maker finds in a recording; the one place where makers are called with options of the user.

    Parameters
    ----------
    recording : Recording, or a function that opens it
        Opened when the options are known to be good.

    Raises
    ------
    InputError
        If the maker does not exist, refuses the recording, or an option is unknown, of another type or out of its range;
        the message names the option.
    """
    entry = chosen(EVENT_MAKERS, maker, "event maker", "makers")
    check_options(maker, options, entry.options)
    opened = recording if isinstance(recording, Recording) else recording()
    if not opened.duration:  # no channels, or none with a sample
        raise InputError("it holds no signal", subject=opened.path, remedy="Choose the recording that it belongs to")
    return entry(opened, **options)


def find_events(
    study: Study,
    recording_id: int,
    maker: str,
    options: Mapping[str, Any] | None = None,
    *,
    with_labels: bool = True,
) -> Found:
    """Find events in a recording of a study; nothing is written.

    An event is there already if one of this recording, channel and maker begins and lasts the same (of annotations, on any
    channel): finding twice adds nothing the second time, and labels given meanwhile stay. One that was moved or removed
    meanwhile is found again.

    Parameters
    ----------
    options : mapping, optional
        Of the maker.
    with_labels : bool
        Take the labels that the maker knows of new events, as imported ones, or as simulated ones.

    Raises
    ------
    InputError
        If the maker does not exist, refuses the recording, or does not know an option.
    """
    entry, options = study.recording(recording_id), options or {}
    opened = cache(lambda: open_from_study(study, recording_id))
    made = run_maker(maker, opened, options)
    how = EVENT_MAKERS[maker]
    n_left_out = len(how(opened(), **{**options, **how.unless})) - len(made) if how.leaves_out else 0
    left_out = f"{n_left_out:,} {how.leaves_out} were left out" if n_left_out else ""
    there = study.events(recording_id)
    # Their kind may have been changed by hand, and of annotations the channel, which was the first one of all at one time.
    further = (lambda place: place[1:3],) if maker == "annotations" else (lambda place: place[:3],)
    known = already_there(made, there.take(there.maker == maker), opened().channels[0].name, further)
    fresh = [e for e, identity in zip(made, known, strict=True) if identity is None]
    n_known = len(made) - len(fresh)
    notes = [f"{n_known:,} were there already"] * (n_known > 0) + [left_out] * (n_left_out > 0)
    title = f"{maker}: {len(fresh):,} events of {entry.name}" + f" ({'; '.join(notes)})" * bool(notes)
    added = _added(study, entry, maker, fresh, title, with_labels)
    if made.searched is not None:
        said = made.searched
        search = Search(entry.id, maker, said.channel, dict(said.settings), dict(said.seconds), list(made.notes))
        added = combine(title, added, note_search(study, search))
    n_beside = _beside(fresh, there)  # of another maker, or of this one with other options
    return Found(added, len(made), n_known, n_beside, n_left_out, left_out, made.notes)


def _beside(fresh: Sequence[MadeEvent], there: EventTable) -> int:
    """Return how many events overlap one of the same kind in a table. O(n log n)."""
    n = 0
    for kind in {e.kind for e in fresh}:
        others = there.take(there.kind == kind)
        order = np.argsort(others.start_s)
        starts, ends = others.start_s[order], np.maximum.accumulate((others.start_s + others.duration_s)[order])
        mine = [e for e in fresh if e.kind == kind]
        before = np.searchsorted(starts, [e.start_s + e.duration_s for e in mine])
        n += sum(k > 0 and bool(ends[k - 1] > e.start_s) for e, k in zip(mine, before.tolist(), strict=True))
    return n


def _added(
    study: Study, entry: RecordingEntry, maker: str, fresh: Sequence[MadeEvent], title: str, with_labels: bool
) -> Changeset:
    if not fresh:
        return Changeset(title, ())
    rows = [NewEvent(entry.id, e.channel, e.start_s, e.duration_s, e.kind, maker, e.attributes) for e in fresh]
    added = new_events(study, rows, title)
    known = [(key[0], e.label) for key, e in zip(added.keys("events"), fresh, strict=True) if e.label and with_labels]
    if not known:
        return added
    source = "simulated" if entry.simulated else "imported"
    ids, labels = zip(*known, strict=True)
    who = f"{source} ({entry.name})"
    return combine(title, added, label_events(study, ids, labels, source=source, annotator=who))


def make_events(study: Study, recording_id: int, maker: str, *, with_labels: bool = True, **options: Any) -> Changeset:
    """Return the changeset that adds what a maker finds and the study has not yet; see `find_events`."""
    return find_events(study, recording_id, maker, options, with_labels=with_labels).changeset
