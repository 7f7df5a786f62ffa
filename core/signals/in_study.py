"""Recordings of a study: added by reference with a content hash, opened, and found again when moved."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import HitscopeError, InputError, MissingFileError, StudyError
from core.jobs import NullReporter, Reporter
from core.signals.readers import files_of, formerly_hashed, open_recording
from core.signals.recording import Recording
from core.study import Changeset, RecordingEntry, Study, add_recording, combine, edit_recording

BLOCK = 1 << 20
TELLS = 100  # times that hashing says how far it is: the window shows each, and a disk gives a block a millisecond
PARTS = ("array", "item", "group")  # reader options that choose one of several recordings in a file
# Stamps of files, by path and hash, that this process has hashed: where a study is read-only, they cannot be noted there.
_known_good: dict[tuple[str, str], list[list[int]]] = {}


def content_hash(path: str | Path, report: Reporter | None = None) -> str:
    """Return the SHA-256 over the contents of all files of a recording, streamed; names and places do not count.

    Annotations that stand in files of their own are not part of it: they may change, and the recording stays.

    Raises
    ------
    InputError
        If the recording is not whole, or a file cannot be read.
    JobCancelled
        If asked to stop.
    """
    return content_hashes(path, report)[0]


def content_hashes(path: str | Path, report: Reporter | None = None) -> tuple[str, ...]:
    """Return `content_hash`, and after it the hashes that older versions knew the same content by, in one pass.

    Raises
    ------
    InputError, JobCancelled
        As `content_hash`.
    """
    report = report or NullReporter()
    files, more = files_of(path), formerly_hashed(path)
    digest, found = hashlib.sha256(), []
    try:
        done, total = 0, max(sum(file.stat().st_size for file in (*files, *more)), 1)
        for number, file in enumerate((*files, *more), start=1):
            with file.open("rb") as stream:
                while chunk := stream.read(BLOCK):
                    report.check()
                    digest.update(chunk)
                    if (done + len(chunk)) * TELLS // total > done * TELLS // total:
                        report.progress(done + len(chunk), total, file.name)
                    done += len(chunk)
            if number >= len(files):
                found.append(digest.hexdigest())
    except OSError as error:
        raise InputError(
            f"could not be read ({error.strerror})", subject=path, remedy="Check the disk it is on, then try again"
        ) from error
    return tuple(found)


def file_stamp(path: str | Path) -> list[list[int]]:
    """Return ``[size in bytes, time of change in ns]`` of each file of a recording: what changes if its content does.

    Raises
    ------
    InputError
        If the recording is not whole, or a file cannot be seen.
    """
    try:
        seen = [file.stat() for file in files_of(path)]
    except OSError as error:
        raise InputError(
            f"its files cannot be seen ({error.strerror})", subject=path, remedy="Check the disk, then try again"
        ) from error
    return [[s.st_size, s.st_mtime_ns] for s in seen]


def add_to_study(
    study: Study,
    path: str | Path,
    *,
    subject: str | None = None,
    session: str | None = None,
    report: Reporter | None = None,
    **options: Any,
) -> int:
    """Add a recording by reference and return its id.

    One that is there already, the same part of the same content, keeps its id; what is newly said of it (`subject`,
    `session`, `options`, where it now lies) is taken up.

    Raises
    ------
    InputError
        If it cannot be read, holds no signal, or `options` would change what the channels of a recording with events
        mean; the study is unchanged.
    """
    recording = open_recording(path, **options)
    if max((c.n_samples for c in recording.channels), default=0) < 2:
        n = len(recording.annotations)
        what = f"no signal, only {n} annotations" if n else "no signal but a sample or none"
        remedy = "Add the recording that it belongs to" if n else "Record or export it again"
        raise InputError(f"it holds {what}", subject=recording.path, remedy=remedy)
    stamp = file_stamp(path)  # before the hash: what is written meanwhile shows when it is opened
    hashes = content_hashes(path, report)
    where = str(recording.path.resolve())
    for known in study.recordings():
        if known.sha256 in hashes and all(known.options.get(p) == recording.options.get(p) for p in PARTS):
            changes = _newly_said(study, known, recording, where, {"subject": subject, "session": session})
            if known.sha256 != hashes[0]:
                changes["sha256"] = hashes[0]
            if changes:
                study.apply(edit_recording(study, known.id, **changes))
            if where == study.recording(known.id).path:
                study.set_stamp(known.id, stamp)
            return known.id
    changeset = add_recording(
        study,
        path=where,
        sha256=hashes[0],
        format=recording.format,
        name=recording.path.stem,
        subject=subject or recording.subject,
        session=session,
        duration_s=recording.duration,
        simulated=recording.simulated,
        options=dict(recording.options),
        note=recording.note,
    )
    number = int(study.apply(changeset).keys("recordings")[0][0])
    study.set_stamp(number, stamp)
    return number


def _newly_said(
    study: Study, known: RecordingEntry, recording: Recording, where: str, said: dict[str, str | None]
) -> dict[str, Any]:
    """Return the columns to change of a recording that is added a second time."""
    changes: dict[str, Any] = {name: value for name, value in said.items() if value and value != getattr(known, name)}
    if known.missing:
        changes["path"] = where
    options = {**known.options, **recording.options}
    if options != known.options:
        if len(study.events(known.id)):
            raise InputError(
                f"it is in the study already, read with {known.options or 'no options'}, and has events",
                subject=recording.path,
                kept="Its events and labels are kept",
                remedy="Remove its events first (Shift+Del in Review, or hitscope study remove)",
            )
        changes["options"] = options
    return changes


def open_from_study(study: Study, recording_id: int, report: Reporter | None = None) -> Recording:
    """Open a recording of a study.

    If size or time of change of a file are not those noted when its content was last known, it is read whole, once, and
    compared by its hash; `report` hears of that.

    Raises
    ------
    InputError
        If its file is gone (relink it), cannot be read, or no longer holds what was added.
    JobCancelled
        If asked to stop.
    """
    entry = study.recording(recording_id)
    if entry.missing:
        raise MissingFileError(
            "the file of this recording is no longer there",
            subject=entry.path,
            kept="Its events and labels are kept",
            remedy="Relink it: choose the folder it was moved to",
        )
    recording = open_recording(entry.path, **entry.options)
    if not _same_length(recording, entry):
        raise InputError(
            f"the file has changed since it was added: it lasts {recording.duration:g} s, not {entry.duration_s:g} s",
            subject=entry.path,
            kept="Its events and labels are kept",
            remedy="Put the original back, or add the new file as a recording of its own under another name",
        )
    _check_content(study, entry, report)
    return recording


def _check_content(study: Study, entry: RecordingEntry, report: Reporter | None) -> None:
    stamp = file_stamp(entry.path)
    if stamp == entry.stamp:
        return
    sha256 = entry.sha256
    if stamp != _known_good.get((entry.path, sha256)):
        hashes = content_hashes(entry.path, report)
        if sha256 not in hashes:
            raise InputError(
                "the file's content has changed since it was added",
                subject=entry.path,
                kept="Its events and labels are kept, and nothing was read from it",
                remedy="Put the original back, or add the file as it is now as a new recording",
            )
        sha256 = hashes[0]
    _known_good[entry.path, entry.sha256] = stamp
    if not study.readonly:
        with suppress(StudyError):  # not noted, it is only hashed again
            if sha256 != entry.sha256:  # of an older version, which counted annotations that may change from now on
                edit = edit_recording(study, entry.id, sha256=sha256)
                study.apply(replace(edit, title=f"know {entry.name} by its signals alone, without its annotations"))
            study.set_stamp(entry.id, stamp)


def _same_length(recording: Recording, entry: RecordingEntry) -> bool:
    return math.isclose(recording.duration, entry.duration_s, rel_tol=1e-9)


def relink(study: Study, folder: str | Path, report: Reporter | None = None) -> Changeset:
    """Return the changeset that gives missing recordings the path of a file in `folder` with the same content.

    O(files below `folder`) for names and, of the formats that are missing, headers; only files of the right length
    are read whole.

    Raises
    ------
    InputError
        If none is found; the study is unchanged.
    JobCancelled
        If asked to stop.
    """
    missing: dict[str, list[RecordingEntry]] = {}
    for recording in study.recordings():
        if recording.missing:
            missing.setdefault(recording.sha256, []).append(recording)
    found = []
    for path in _candidates(folder, missing):
        try:
            hashes = content_hashes(path, report)
        except InputError:
            continue  # on a damaged disk, the others may still be found
        entries = [entry for sha256 in hashes for entry in missing.pop(sha256, [])]
        found += [edit_recording(study, entry.id, path=str(path.resolve())) for entry in entries]
    if not found:
        raise InputError(
            "no missing recording was found here",
            subject=folder,
            kept="The study is unchanged",
            remedy="Choose the folder the recordings were moved to",
        )
    return combine(f"relink {len(found)} recordings", *found)


def _candidates(folder: str | Path, missing: dict[str, list[RecordingEntry]]) -> Iterator[Path]:
    """Yield the recordings below a folder that are as long as one of the missing; `missing` may shrink meanwhile."""
    extensions = {Path(r.path).suffix.lower() for entries in missing.values() for r in entries}
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root) / name
            if path.suffix.lower() in extensions and any(_may_be(path, e[0]) for e in list(missing.values())):
                yield path


def _may_be(path: Path, entry: RecordingEntry) -> bool:
    try:
        recording = open_recording(path, **entry.options)
    except HitscopeError:
        return False  # some other file that only looks like a recording
    return recording.format == entry.format and _same_length(recording, entry)
