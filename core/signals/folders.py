"""Recordings below a folder, each once, with whose they are as far as names and headers say it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import HitscopeError, InputError
from core.jobs import NullReporter, Reporter
from core.signals.annotation_files import csv
from core.signals.in_study import add_to_study
from core.signals.path_names import bids_entities, compile_pattern
from core.signals.readers import FORMATS, files_of, open_recording, reader_of
from core.signals.readers.mapping import MappingNeeded
from core.study import Study

LISTED = frozenset(extension for reader in FORMATS for extension in reader.LISTED)
TABLES = (".csv", ".txt", ".tsv")
# Tables and texts that come with recordings, those of BIDS among them.
BESIDES = re.compile(
    r"(readme|licen[cs]e|changes|changelog|participants(_.*)?|(.*_)?(events|channels|electrodes|scans|sessions|samples))",
    re.IGNORECASE,
)
# Folders of a BIDS data set that hold no recordings as they were made (BIDS specification, Common principles).
BIDS_ROOT, BIDS_OTHERS = "dataset_description.json", ("code", "derivatives", "stimuli")
STUDY = "study.sqlite"  # a study's own arrays are no recordings


@dataclass(frozen=True)
class Found:
    """A recording that was found, to be shown, corrected and added.

    Attributes
    ----------
    path : Path
        Of the recording; of a folder where that may not be read.
    format : str
        Name of the reader; empty where it cannot be read, and `warnings` say why.
    subject, session : str or None
    why : str
        What said so: ``BIDS name``, ``pattern``, ``header`` or, where nothing did, nothing.
    duration_s : float
    events : tuple of Path
        Annotation files that belong to it.
    warnings : tuple of str
        Also, of a file of arrays, that somebody must say what they mean: options of its reader.
    stated : str or None
        The subject that its header states.
    """

    path: Path
    format: str
    subject: str | None = None
    session: str | None = None
    why: str = ""
    duration_s: float = 0.0
    events: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    stated: str | None = None

    @property
    def readable(self) -> bool:
        """Whether it can be added."""
        return bool(self.format)


@dataclass(frozen=True)
class Added:
    """What `add_folder` did: the recording's id of each that was added, and what was refused."""

    ids: dict[Path, int]
    refused: tuple[HitscopeError, ...]


def find_recordings(
    folder: str | Path, pattern: str | None = None, report: Reporter | None = None
) -> tuple[Found, ...]:
    """Return the recordings below a folder in order of their paths; nothing is changed.

    Subject and session are those of a BIDS name (``sub-01_ses-02_task-rest_eeg.edf``, or folders ``sub-01/ses-02``),
    else what `pattern` says, else the subject of the header. A recording of several files is found once; annotation
    files and hidden ones are no recordings. Links are followed, no place is visited twice.

    Parameters
    ----------
    folder : str or Path
    pattern : str, optional
        Where paths say so, such as ``{subject}_{session}*`` or ``{subject}/{session}/*``: see `compile_pattern`.

    Raises
    ------
    InputError
        If there is no such folder, or the pattern is none. What cannot be read becomes a warning.
    JobCancelled
        If asked to stop.
    """
    report = report or NullReporter()
    root = Path(folder).expanduser()
    if not root.is_dir():
        what = "this is no folder" if root.exists() else "there is no such folder"
        raise InputError(what, subject=root, remedy="Choose the folder with the recordings")
    naming = _naming(root, pattern)
    refused: list[Found] = []
    paths = [path for path in _walk(root, set(), refused, report) if path.suffix.lower() in LISTED]
    whole = _without_parts(paths)
    found = list(refused)
    for done, path in enumerate(whole):
        report.check()
        report.progress(done, len(whole), path.name)
        one = _examined(path)
        if one is not None:
            found.append(naming(one))
    return tuple(sorted(found, key=lambda f: f.path.parts))


def _walk(folder: Path, seen: set[tuple[int, int]], refused: list[Found], report: Reporter) -> Iterator[Path]:
    """Yield the files below a folder in order of their names; folders that may not be read are added to `refused`."""
    report.check()
    try:
        here = folder.stat()
        if (here.st_dev, here.st_ino) in seen:
            return
        seen.add((here.st_dev, here.st_ino))
        with os.scandir(folder) as entries:
            listed = sorted(entry.name for entry in entries)
    except OSError as error:
        refused.append(Found(folder, "", warnings=(f"the folder may not be read ({error.strerror})",)))
        return
    if STUDY in listed:
        return
    for name in listed:
        path = folder / name
        if name.startswith(".") or name == "__MACOSX":
            continue
        if not os.path.isdir(path):  # also where it may not be looked at
            if os.path.isfile(path) or path.is_symlink():  # a pipe would be waited for
                yield path
        elif BIDS_ROOT not in listed or name not in BIDS_OTHERS:
            yield from _walk(path, seen, refused, report)


def _without_parts(paths: Sequence[Path]) -> list[Path]:
    """Return the paths less those that are parts of another recording, such as segments, or the same file again."""
    parts: set[Path] = set()
    heads: dict[Path, Path] = {}
    for path in paths:
        real = path.resolve()
        if real in heads or real in parts:
            continue
        heads[real] = path
        try:
            files = [file.resolve() for file in files_of(path)]
        except HitscopeError:
            continue  # opening it says why it cannot be read
        if files and files[0] != real and files[0] in heads:
            parts.add(real)
        parts.update(file for file in files if file != real)
    return [path for real, path in heads.items() if real not in parts]


def name_again(found: Iterable[Found], folder: str | Path, pattern: str | None = None) -> tuple[Found, ...]:
    """Return what `find_recordings` found in a folder with the subjects and sessions that another pattern gives; no file is read.

    Raises
    ------
    InputError
        If the pattern is none.
    """
    naming = _naming(Path(folder).expanduser(), pattern)
    plain = (
        replace(one, subject=None, session=None, why="", warnings=tuple(w for w in one.warnings if w != _differs(one)))
        for one in found
    )
    return tuple(naming(one) for one in plain)


def _examined(path: Path) -> Found | None:
    """Return what is known of a recording; None if the file holds annotations only."""
    try:
        if path.suffix.lower() in TABLES and (BESIDES.fullmatch(path.stem) or csv.holds_annotations(path)):
            return None
        recording = open_recording(path)
    except MappingNeeded as needed:
        return Found(path, reader_of(path).FORMAT, events=_events_beside(path), warnings=(needed.what,))
    except HitscopeError as error:
        return Found(path, "", warnings=(error.what,))
    except OSError as error:
        return Found(path, "", warnings=(f"it may not be read ({error.strerror})",))
    if not any(channel.n_samples for channel in recording.channels):
        return None
    return Found(
        path,
        recording.format,
        duration_s=recording.duration,
        events=_events_beside(path),
        stated=recording.subject or None,
    )


def _naming(root: Path, pattern: str | None) -> Callable[[Found], Found]:
    """Return what gives a recording below `root` its subject and session: by its path, a pattern, then its header."""
    by_pattern = compile_pattern(pattern) if pattern else None
    top = Path(root.resolve().name)

    def named(found: Found) -> Found:
        if found.path == root or not found.path.is_relative_to(root):
            return found
        below = found.path.relative_to(root)
        said, why = bids_entities(top / below), "BIDS name"
        if not said and by_pattern is not None:
            said, why = by_pattern(below), "pattern"
        if said:
            found = replace(found, subject=said.get("subject"), session=said.get("session"), why=why)
        return _with_header(found)

    return named


def _with_header(found: Found) -> Found:
    """Return it with the subject of the header, where its path says none; or with a warning if the two differ."""
    if not found.stated:
        return found
    if found.subject is None:
        return replace(found, subject=found.stated, why=" and ".join(filter(None, (found.why, "header"))))
    if found.stated.casefold() != found.subject.casefold():
        return replace(found, warnings=(*found.warnings, _differs(found)))
    return found


def _differs(found: Found) -> str:
    return f"its header says subject {found.stated}"


def _events_beside(path: Path) -> tuple[Path, ...]:
    """Return the BIDS events of a recording: its name with ``events`` for the last part, such as ``eeg``."""
    names = (f"{path.stem.rpartition('_')[0]}_events.tsv", f"{path.stem}_events.tsv")
    return tuple(path.with_name(name) for name in dict.fromkeys(names) if path.with_name(name).is_file())


def add_folder(study: Study, found: Iterable[Found], report: Reporter | None = None, **options: Any) -> Added:
    """Add recordings that were found, with their subjects and sessions; one that is refused does not stop the others.

    Those that cannot be read are left out. `options` are those of the readers.

    Raises
    ------
    JobCancelled
        If asked to stop; those added by then are kept.
    """
    report = report or NullReporter()
    wanted = [one for one in found if one.readable]
    ids: dict[Path, int] = {}
    refused: list[HitscopeError] = []
    for done, one in enumerate(wanted):
        report.check()
        report.progress(done, len(wanted), one.path.name)
        try:
            ids[one.path] = add_to_study(
                study, one.path, subject=one.subject, session=one.session, report=_OnlyStops(report), **options
            )
        except InputError as error:
            refused.append(error)
    report.progress(len(wanted), len(wanted))
    return Added(ids, tuple(refused))


class _OnlyStops(NullReporter):
    """Passes on that the user asked to stop; the progress is that of the folder."""

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def check(self) -> None:
        """Ask the folder's."""
        self._report.check()
