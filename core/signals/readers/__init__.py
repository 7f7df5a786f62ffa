"""Readers of recording formats. To add one, write a file like `wav.py` and add its line to `READERS`.

A reader is a module with ``FORMAT`` (name), ``EXTENSIONS``, ``open_file(path, **options) -> Recording`` and
``files(path) -> list[Path]``, all the files that a recording is made of.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from core.errors import HitscopeError, InputError
from core.signals.recording import Recording

# Extension: module. Loaded when such a file is opened.
READERS: dict[str, str] = {
    ".hea": "core.signals.readers.wfdb",
    ".dat": "core.signals.readers.wfdb",
    ".edf": "core.signals.readers.edf",
    ".bdf": "core.signals.readers.edf",
    ".wav": "core.signals.readers.wav",
}


def reader_of(path: str | Path) -> ModuleType:
    """Return the reader for a file, by its extension.

    Raises
    ------
    InputError
        If no reader knows it.
    """
    extension = Path(path).suffix.lower()
    if extension not in READERS:
        raise InputError(
            f"recordings of type {extension or 'without extension'} cannot be read",
            subject=path,
            remedy=f"Known types: {', '.join(sorted(READERS))}",
        )
    return import_module(READERS[extension])


def find(path: str | Path) -> Path:
    """Return the path of a recording; a WFDB record may be named without its ``.hea``.

    Raises
    ------
    InputError
        If there is no such file.
    """
    path = Path(path).expanduser()
    if not path.suffix and path.with_suffix(".hea").is_file():
        path = path.with_suffix(".hea")
    if not path.is_file():
        what = "is a folder, not a recording" if path.is_dir() else "there is no such file"
        raise InputError(what, subject=path, remedy="Check the path; if it was moved, relink it")
    return path


def open_recording(path: str | Path, **options: Any) -> Recording:
    """Open a recording without reading its samples.

    Parameters
    ----------
    path : str or Path
        WFDB (``.hea``, ``.dat`` or the bare record name), EDF/EDF+/BDF, WAV.
    **options
        Of the reader: `layout` for WAV (one of ``mono stereo forward_reverse iq``), `allow_truncated` for EDF.

    Raises
    ------
    InputError
        If the file is missing, damaged, of an unknown type, or an option is wrong. It is never changed.
    """
    path = find(path)
    reader = reader_of(path)
    try:
        recording: Recording = reader.open_file(path, **options)
    except HitscopeError:
        raise
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        OSError,
        EOFError,
        AssertionError,
        OverflowError,
    ) as error:
        detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise InputError(
            f"this file cannot be read as {reader.FORMAT} ({detail})",
            subject=path,
            kept="The file was not changed",
            remedy="Check that it is complete, and copy or export it again",
        ) from error
    if not recording.channels and not recording.annotations:
        raise InputError("the recording is empty", subject=path, remedy="Export it again from where it came")
    return recording


def files_of(path: str | Path) -> list[Path]:
    """Return all the files that the recording at `path` is made of."""
    path = find(path)
    files: list[Path] = reader_of(path).files(path)
    return files
