"""Readers of recording formats. To add one, write a module like `audio.py` and add it to `FORMATS`."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from core.checks import YES_OR_NO, check_each
from core.errors import HitscopeError, InputError
from core.signals.readers import audio, csv, dicom, dwl, edf, hdf5, matlab, numpy, vendors, wfdb
from core.signals.readers.arrays import guess_in
from core.signals.readers.damage import damaged
from core.signals.readers.layouts import ChannelLayout
from core.signals.readers.mapping import ArrayMapping, Candidate, Contents
from core.signals.recording import Recording

SNIFFED_BYTES = 4096


class Reader(Protocol):
    """What a reader module offers.

    Attributes
    ----------
    FORMAT : str
        Name of the format.
    TITLE : str
        What a person calls files of it.
    EXTENSIONS : tuple of str
        Lower case, with the dot.
    LISTED : tuple of str
        Those of them that a file dialog shows: one for each recording.
    LAYOUTS : dict of str to ChannelLayout
        What the channels may be, by the value of the option `layout`; empty where files say it themselves.
    open_file : callable
        ``open_file(path, **options) -> Recording``, without reading samples; what goes wrong may raise any exception.
    """

    FORMAT: str
    TITLE: str
    EXTENSIONS: tuple[str, ...]
    LISTED: tuple[str, ...]
    LAYOUTS: dict[str, ChannelLayout]
    open_file: Callable[..., Recording]

    def sniff(self, head: bytes) -> bool:
        """Return whether a file that begins with these bytes is of this format, whatever its name."""

    def files(self, path: Path) -> list[Path]:
        """Return all files that the recording is made of, always in the same order."""


@runtime_checkable
class ArrayReader(Protocol):
    """What readers offer besides whose files hold arrays that somebody must explain."""

    def contents(self, path: Path, allow_truncated: bool = False) -> Contents:
        """Return the arrays, numbers and texts in a file, without reading the arrays."""


@runtime_checkable
class ChangedReader(Protocol):
    """What readers offer besides that once counted more files as the recording."""

    def formerly_hashed(self, path: Path) -> list[Path]:
        """Return the files that followed those of `Reader.files`."""


FORMATS: tuple[Reader, ...] = (wfdb, edf, audio, dwl, hdf5, numpy, matlab, dicom, vendors, csv)
READERS: dict[str, Reader] = {extension: reader for reader in FORMATS for extension in reader.EXTENSIONS}
READABLE: tuple[str, ...] = tuple(f"*{extension}" for reader in FORMATS for extension in reader.LISTED)


def reader_of(path: Path) -> Reader:
    """Return the reader for a file: by its extension, else by its first bytes.

    Raises
    ------
    InputError
        If no reader knows it.
    """
    if path.suffix.lower() in READERS:
        return READERS[path.suffix.lower()]
    with path.open("rb") as stream:
        head = stream.read(SNIFFED_BYTES)
    for reader in FORMATS:
        if reader.sniff(head):
            return reader
    raise InputError(
        f"recordings of type {path.suffix or 'without extension'} cannot be read",
        subject=path,
        remedy=f"Known types: {', '.join(sorted(READERS))}",
    )


def layouts_of(recording: Recording) -> dict[str, ChannelLayout]:
    """Return what the channels of a recording can be said to be; empty where its file says it.

    The keys are values of the option `layout` of `open_recording`.
    """
    (reader,) = (reader for reader in FORMATS if recording.format == reader.FORMAT)
    return {key: layout for key, layout in reader.LAYOUTS.items() if layout.fits(len(recording.channels))}


def find(path: str | Path) -> Path:
    """Return the path of a recording; a WFDB record may be named without its ``.hea``.

    Raises
    ------
    InputError
        If there is no such file, or it may not be read.
    """
    path = Path(path).expanduser()
    header = path.with_name(f"{path.name}.hea") if path.name else path
    try:
        if not path.is_file() and header.is_file():
            return header
        if path.is_file():
            path.open("rb").close()
            return path
        what = "is a folder, not a recording" if path.is_dir() else "there is no such file"
    except OSError as error:
        raise InputError(
            f"it may not be read ({error.strerror})", subject=path, remedy="Ask for the right to read it, or copy it"
        ) from error
    raise InputError(what, subject=path, remedy="Check the path; if it was moved, relink it")


def open_recording(path: str | Path, **options: Any) -> Recording:
    """Open a recording without reading its samples.

    Parameters
    ----------
    path : str or Path
        Of any type in `READERS`; WFDB also by the bare name of the record.
    **options
        Of the reader. Most: `allow_truncated`, to use what is whole of a file that ends early. Audio: `layout`, one of
        ``mono stereo forward_reverse iq``. WFDB: `annotator`, the extension of the annotation file, ``atr``. DICOM:
        `group`. HDF5, NumPy, MATLAB and text tables: what the arrays mean, as in `ArrayMapping`.

    Raises
    ------
    MappingNeeded
        If the file does not say what its arrays mean, and no option does; it carries candidates and a guess.
    InputError
        If the file is missing, damaged, of an unknown type, or an option is wrong. It is never changed.
    """
    path = find(path)
    reader = reader_of(path)
    known = list(signature(reader.open_file).parameters)[1:]
    if unknown := ", ".join(sorted(set(options) - set(known))):
        raise InputError(
            f"{reader.FORMAT} recordings have no option {unknown}",
            subject=path,
            remedy=f"Known options: {', '.join(known)}",
        )
    switches = [name for name, p in signature(reader.open_file).parameters.items() if p.annotation in (bool, "bool")]
    check_each(dict.fromkeys(switches, YES_OR_NO), {name: options[name] for name in switches if name in options})
    try:
        recording = reader.open_file(path, **options)
    except HitscopeError:
        raise
    except Exception as error:  # of any library, on any damage: the user hears which file and what to do
        raise _not_readable(path, reader, error) from error
    if not any(channel.n_samples for channel in recording.channels) and not recording.annotations:
        raise InputError("the recording is empty", subject=path, remedy="Export it again from where it came")
    return recording


def array_contents(path: str | Path) -> Contents:
    """Return the arrays, numbers and texts in a file that does not say what they mean; the arrays are not read.

    Raises
    ------
    InputError
        As `open_recording`; also if files of this type say themselves what they hold.
    """
    path = find(path)
    reader = reader_of(path)
    if not isinstance(reader, ArrayReader):
        raise InputError("files of this type say what they hold", subject=path, remedy="Open it as it is")
    try:
        return reader.contents(path)
    except HitscopeError:
        raise
    except Exception as error:
        raise _not_readable(path, reader, error) from error


def guess_mapping(path: str | Path) -> tuple[tuple[Candidate, ...], ArrayMapping | None]:
    """Return the arrays in a file that may be its signal, and what the likeliest means, if that is clear.

    Raises
    ------
    InputError
        As `array_contents`; also if there is none.
    """
    path = find(path)
    return guess_in(path, array_contents(path))


def files_of(path: str | Path) -> list[Path]:
    """Return all the files that the recording at `path` is made of.

    Raises
    ------
    InputError
        As `open_recording`.
    """
    path = find(path)
    reader = reader_of(path)
    try:
        return reader.files(path)
    except HitscopeError:
        raise
    except Exception as error:
        raise _not_readable(path, reader, error) from error


def formerly_hashed(path: str | Path) -> list[Path]:
    """Return the files that, after those of `files_of`, were part of its hash in older studies.

    Raises
    ------
    InputError
        As `open_recording`.
    """
    path = find(path)
    reader = reader_of(path)
    return reader.formerly_hashed(path) if isinstance(reader, ChangedReader) else []


def _not_readable(path: Path, reader: Reader, error: Exception) -> InputError:
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return damaged(path, f"this file cannot be read as {reader.FORMAT} ({detail})")
