"""Recordings of a study: added by reference with a content hash, opened, and found again when moved."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.signals.readers import READERS, files_of, open_recording
from core.signals.recording import Recording
from core.study import Changeset, Study, add_recording, combine, edit_recording


def content_hash(path: str | Path) -> str:
    """Return the SHA-256 over the contents of all files of a recording, streamed; names and places do not count."""
    digest = hashlib.sha256()
    for file in files_of(path):
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def add_to_study(study: Study, path: str | Path, *, subject: str | None = None, **options: Any) -> int:
    """Add a recording by reference and return its id; one that is there already keeps its id.

    Raises
    ------
    InputError
        If it cannot be read; the study is unchanged.
    """
    recording = open_recording(path, **options)
    sha256 = content_hash(path)
    for known in study.recordings():
        if known.sha256 == sha256:
            return known.id
    changeset = add_recording(
        study,
        path=str(recording.path.resolve()),
        sha256=sha256,
        format=recording.format,
        name=recording.path.stem,
        subject=subject or recording.subject,
        duration_s=recording.duration,
        simulated=recording.simulated,
        options=dict(recording.options),
        note=recording.note,
    )
    return int(study.apply(changeset).keys("recordings")[0][0])


def open_from_study(study: Study, recording_id: int) -> Recording:
    """Open a recording of a study.

    Raises
    ------
    InputError
        If its file is gone (relink it) or cannot be read.
    """
    entry = study.recording(recording_id)
    if entry.missing:
        raise InputError(
            "the file of this recording is no longer there",
            subject=entry.path,
            kept="Its events and labels are kept",
            remedy="Relink it: choose the folder it was moved to",
        )
    return open_recording(entry.path, **entry.options)


def relink(study: Study, folder: str | Path) -> Changeset:
    """Return the changeset that gives missing recordings the path of a file in `folder` with the same content.

    O(files below `folder`) for their names and sizes; contents are hashed only for the formats of what is missing.
    """
    missing = {r.sha256: r for r in study.recordings() if r.missing}
    extensions = {Path(r.path).suffix.lower() for r in missing.values()} & set(READERS)
    found = []
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root) / name
            if not missing or path.suffix.lower() not in extensions:
                continue
            try:
                entry = missing.pop(content_hash(path), None)
            except (InputError, ValueError, OSError):
                continue  # some other file that only looks like a recording
            if entry is not None:
                found.append(edit_recording(study, entry.id, path=str(path.resolve())))
    if not found:
        raise InputError(
            "no missing recording was found here",
            subject=folder,
            kept="The study is unchanged",
            remedy="Choose the folder the recordings were moved to",
        )
    return combine(f"relink {len(found)} recordings", *found)
