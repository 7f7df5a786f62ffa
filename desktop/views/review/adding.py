"""What is known of files before they come into the study, and what became of each; nothing here knows of windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import HitscopeError, JobCancelled, TruncatedError
from core.events import import_annotations
from core.jobs import NullReporter, Reporter
from core.signals import ChannelLayout, MappingNeeded, Recording, add_to_study, layouts_of, open_recording
from core.study import Changeset, Study, combine


@dataclass(frozen=True)
class Wanted:
    """A file that somebody wants in the study, with what they said of it.

    Attributes
    ----------
    path : str
    options : mapping
        Of its reader.
    said : mapping
        Subject and session, as far as they are known.
    events : tuple of Path
        Annotation files to import once it is there.
    """

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, str | None] = field(default_factory=dict)
    events: tuple[Path, ...] = ()

    def read_with(self, **options: Any) -> Wanted:
        """Return it with more options of its reader."""
        return replace(self, options={**self.options, **options})


@dataclass(frozen=True)
class Added:
    """What became of files.

    Attributes
    ----------
    ids : mapping of str to int
        By path, the recording's id of each file that is in the study now.
    there : tuple of str
        Paths of those that were there before.
    errors : mapping of str to HitscopeError
        By path, why files were left out.
    """

    ids: Mapping[str, int]
    there: tuple[str, ...]
    errors: Mapping[str, HitscopeError]

    @property
    def cut(self) -> list[str]:
        """The files that end early: what is whole of them can be read if somebody wants it."""
        return [path for path, error in self.errors.items() if isinstance(error, TruncatedError)]

    def error(self) -> HitscopeError | None:
        """Return one error that names every file that was left out, and why; None if all were added."""
        if len(self.errors) <= 1:
            return next(iter(self.errors.values()), None)
        lines = [str(e) if Path(path).name in str(e) else f"{path}: {e}" for path, e in self.errors.items()]
        n = len(self.errors) + len(self.ids)
        return HitscopeError("\n".join([f"{len(self.errors)} of {n} files were not added:", *lines]))


@dataclass(frozen=True)
class LayoutQuestion:
    """Files whose channels' meaning must be asked for, and what it can be."""

    wanted: tuple[Wanted, ...]
    layouts: Mapping[str, ChannelLayout]


@dataclass(frozen=True)
class MappingQuestion:
    """Files of one shape that do not say what their arrays mean."""

    wanted: tuple[Wanted, ...]
    needed: MappingNeeded


@dataclass(frozen=True)
class Inspected:
    """What a look at files told.

    Attributes
    ----------
    questions : tuple
        What must be asked before they can be added.
    first : Recording or None
        The first that can be shown at once.
    annotations : tuple of Wanted
        Files without any samples: they hold what somebody said of another recording.
    """

    questions: tuple[LayoutQuestion | MappingQuestion, ...]
    first: Recording | None
    annotations: tuple[Wanted, ...] = ()


def layouts_to_choose(recording: Recording) -> Mapping[str, ChannelLayout]:
    """Return what the channels of a recording may be taken for; empty where there is nothing to choose."""
    return layouts_of(recording) if len(recording.channels) > 1 else {}


def inspect(wanted: Sequence[Wanted], report: Reporter | None = None) -> Inspected:
    """Look at files; those of one answer are asked for together.

    Asked is what the channels of audio are, and what arrays mean. What is wrong with a file, adding it says.
    """
    asked: dict[tuple[Any, ...], list[Wanted]] = {}
    about: dict[tuple[Any, ...], Callable[[tuple[Wanted, ...]], LayoutQuestion | MappingQuestion]] = {}
    first: Recording | None = None
    annotations: list[Wanted] = []
    for one in wanted:
        (report or NullReporter()).check()
        try:
            recording = open_recording(one.path, **one.options)
        except MappingNeeded as needed:
            key = (Path(one.path).suffix.lower(), needed.missing, shape_of(needed))
            asked.setdefault(key, []).append(one)
            about.setdefault(key, lambda files, needed=needed: MappingQuestion(files, needed))
            continue
        except HitscopeError:
            continue
        if not any(channel.n_samples for channel in recording.channels):
            annotations.append(one)
            continue
        choices = layouts_to_choose(recording)
        if choices and "layout" not in one.options and {channel.kind for channel in recording.channels} == {"audio"}:
            asked.setdefault(tuple(choices), []).append(one)
            about.setdefault(tuple(choices), lambda files, choices=choices: LayoutQuestion(files, choices))
        elif first is None and recording.channels:
            first = recording
    return Inspected(tuple(about[key](tuple(files)) for key, files in asked.items()), first, tuple(annotations))


def shape_of(needed: MappingNeeded) -> tuple[tuple[str, int, str], ...]:
    """Return what files of one shape share: names, numbers of axes and types of their arrays; lengths may differ."""
    return tuple((c.name, len(c.shape), c.dtype) for c in needed.candidates)


def add_all(study: Study, wanted: Sequence[Wanted], report: Reporter) -> Added:
    """Add recordings one by one; a file that cannot be read keeps none of the others out."""
    before = {entry.id for entry in study.recordings()}
    ids: dict[str, int] = {}
    errors: dict[str, HitscopeError] = {}
    for done, one in enumerate(wanted):
        report.check()
        report.progress(done, len(wanted), one.path)
        try:
            part = _Part(report, done, len(wanted))
            said = {name: value for name, value in one.said.items() if value}
            ids[one.path] = add_to_study(study, one.path, report=part, **said, **one.options)
        except JobCancelled:
            raise
        except HitscopeError as error:
            errors[one.path] = error
    return Added(ids, tuple(path for path, number in ids.items() if number in before), errors)


class _Part(NullReporter):
    """Tells the progress within one file as that of all."""

    def __init__(self, report: Reporter, done: int, of: int) -> None:
        self._report, self._done, self._of = report, done, of

    def progress(self, done: float, total: float, message: str = "") -> None:
        self._report.progress(self._done + (done / total if total else 1.0), self._of, message)

    def check(self) -> None:
        self._report.check()


@dataclass(frozen=True)
class Imported:
    """What annotation files bring: one changeset, what each does, and the errors of those that were refused."""

    changeset: Changeset
    said: tuple[str, ...]
    refused: tuple[HitscopeError, ...]
    n_files: int

    def error(self) -> HitscopeError | None:
        """Return one error that names every file that was refused; None if there is none."""
        if self.n_files == 1 or not self.refused:
            return next(iter(self.refused), None)
        head = f"{len(self.refused)} of {self.n_files} annotation files were not imported:"
        return HitscopeError("\n".join([head, *map(str, self.refused)]))


def import_all(study: Study, files: Sequence[tuple[int, Path]]) -> Imported:
    """Return what annotation files bring to recordings, given by id; one that is damaged stops none of the others."""
    parts: list[Changeset] = []
    refused: list[HitscopeError] = []
    for recording_id, path in files:
        try:
            parts.append(import_annotations(study, recording_id, path))
        except HitscopeError as error:
            refused.append(error)
    n = sum(len(part.keys("events")) for part in parts)
    title = parts[0].title if len(parts) == 1 else f"import {n:,} events from {len(parts)} files"
    return Imported(combine(title, *parts), tuple(part.title for part in parts), tuple(refused), len(files))
