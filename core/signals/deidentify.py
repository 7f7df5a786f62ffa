"""A copy of a recording without what tells who the person is: the same samples, byte for byte, in the same format."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from core.errors import InputError
from core.jobs import NullReporter, Reporter, refuse_taken, replacing
from core.signals.deidentified import audio, edf, wfdb
from core.signals.deidentified.copying import Changes, Write
from core.signals.readers import find, open_recording, reader_of
from core.signals.recording import Recording


class Plan(Protocol):
    """How a format is copied: a module of `core.signals.deidentified`."""

    def plan(self, recording: Recording, target: Path, keep_time: bool) -> dict[Path, Write]:
        """Return how each file is written."""

    def changes(self, recording: Recording, keep_time: bool) -> Changes:
        """Return what is left out and what stays."""


PLANS: dict[str, Plan] = {"edf": edf, "wfdb": wfdb, "wav": audio}


def deidentified_formats() -> tuple[str, ...]:
    """Return the formats of which a copy without names can be written: values of `Recording.format`."""
    return tuple(PLANS)


def changes_of(recording: Recording, *, keep_time: bool = True) -> Changes:
    """Return what `write_deidentified` removes from a recording, and what stays that should be looked at.

    Raises
    ------
    InputError
        If its format cannot be copied so.
    """
    _check(recording.format, recording.path)
    return PLANS[recording.format].changes(recording, keep_time)


def write_deidentified(
    path: str | Path, target: str | Path, *, keep_time: bool = True, report: Reporter | None = None
) -> tuple[Path, ...]:
    """Write a copy of a recording without what its format has fields for to say who the person is.

    EDF and BDF: patient and recording fields become ``X``, the date 01.01.85; in annotations, names and codes of those
    fields become ``X``. WFDB: comments and date are left out, files get the new record's name, and names in the notes of
    its reference annotations become ``X``; annotations of other annotators are not copied. WAV and FLAC: of the comment,
    the layout of the channels and ``simulated`` stay. Names of channels stay, and so does what a signal itself shows.

    Parameters
    ----------
    path, target : str or Path
        The recording, and the file to write, of the same type (WFDB: its header).
    keep_time : bool
        Whether the time of day of the start stays (EDF, BDF, WFDB).
    report : Reporter, optional

    Returns
    -------
    tuple of Path
        What was written, the file to open first.

    Raises
    ------
    InputError
        If the recording cannot be read whole, its format cannot be copied so, or a file of that name is there.
    JobCancelled
        If asked to stop; nothing is left behind.
    """
    path = find(path)
    _check(reader_of(path).FORMAT, path)
    recording = open_recording(path)
    files = PLANS[recording.format].plan(recording, _target(recording, Path(target).expanduser()), keep_time)
    refuse_taken(*files, remedy="Choose another name, or move it away")
    with ExitStack() as stack:  # renamed in reverse order, when all are whole: the file to open comes last
        for file, write in files.items():
            write(stack.enter_context(replacing(file)), report or NullReporter())
    return tuple(files)


def _check(format_: str, path: Path) -> None:
    if format_ not in PLANS:
        raise InputError(
            f"recordings of format {format_} cannot be written without names",
            subject=path,
            kept="The file was not changed",
            remedy=f"Formats that can: {', '.join(PLANS)}. Convert it to one of them first",
        )


def _target(recording: Recording, target: Path) -> Path:
    """Return the file to write: of the type of the recording's own."""
    suffix = recording.path.suffix
    if target.is_dir() or not target.name:
        raise InputError("is a folder", subject=target, remedy=f"Give the name of the new file, such as p01{suffix}")
    if not target.suffix:
        return target.with_name(target.name + suffix)
    if suffix and target.suffix.lower() != suffix.lower():
        raise InputError(
            f"the copy would be of type {suffix}, as the recording is",
            subject=target,
            remedy=f"End the name of the copy with {suffix}",
        )
    return target
