"""Files of annotations. To add a format, write a module like `csv.py` and add its entry to `ANNOTATION_FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import HitscopeError, InputError
from core.jobs import refuse_taken, write_bytes_atomically
from core.registry import Entry, chosen
from core.signals.annotation_files import bids, csv, edf, wfdb
from core.signals.annotation_files.details import storable
from core.signals.annotation_files.from_events import annotations_of_events
from core.signals.annotation_files.moments import order_in_file, order_when_read
from core.signals.annotation_files.targets import refuse_signals
from core.signals.own_files import refuse_own_files
from core.signals.readers import READERS, find, open_recording, reader_of
from core.signals.readers.damage import damaged
from core.signals.recording import Annotation, Recording
from core.study import EventTable


@dataclass(frozen=True)
class AnnotationFormat(Entry):
    """A format of annotation files.

    Attributes
    ----------
    extensions : tuple of str
        Lower case, with the dot; the first is what a new file gets.
    read : callable
        ``read(path) -> list[Annotation]``; what goes wrong may raise any exception.
    encode : callable
        ``encode(annotations, recording or None, plain) -> bytes``; if plain, without what only Hitscope reads.
    sidecar : callable or None
        ``sidecar() -> bytes`` of a ``.json`` beside the file.
    texts_only : bool
        Whether it has no columns: what only Hitscope reads stands among its texts, where other programs show it.
    """

    extensions: tuple[str, ...]
    read: Callable[[Path], list[Annotation]]
    encode: Callable[[Sequence[Annotation], Recording | None, bool], bytes]
    sidecar: Callable[[], bytes] | None = None
    texts_only: bool = False


ANNOTATION_FORMATS: dict[str, AnnotationFormat] = {
    "edf": AnnotationFormat(
        "EDF+ annotations",
        "Read by EDFbrowser, MNE and most EEG programs",
        (".edf", ".bdf", ".rec"),
        edf.read,
        edf.encode,
        texts_only=True,
    ),
    "wfdb": AnnotationFormat(
        "WFDB annotations (.atr)",
        "Read by PhysioNet's tools; times in whole samples",
        (".atr", ".qrs", ".ecg", ".ari"),
        wfdb.read,
        wfdb.encode,
        texts_only=True,
    ),
    "bids": AnnotationFormat(
        "BIDS events.tsv",
        "A table, with a .json that describes its columns",
        (".tsv",),
        bids.read,
        bids.encode,
        bids.sidecar,
    ),
    "csv": AnnotationFormat("CSV", "A table that spreadsheets open", (".csv", ".txt"), csv.read, csv.encode),
}


def read_annotations(path: str | Path, format: str | None = None) -> tuple[Annotation, ...]:
    """Read the annotations of a file, in order of their onsets.

    Parameters
    ----------
    path : str or Path
        An annotation file, or a recording that carries annotations. Any file beside a WFDB header of its name is taken
        for WFDB annotations, whatever its extension.
    format : str, optional
        Key of `ANNOTATION_FORMATS`; by default the extension says it.

    Returns
    -------
    tuple of Annotation
        Onsets in seconds from the start that the file states. Attributes may be ``channel``, ``comment``, ``label``,
        ``annotator``, ``kind``, those of WFDB (``aux``, ``subtype``, ``chan``, ``num``) and any other column.

    Raises
    ------
    InputError
        If the file is missing, of an unknown type or damaged; of a table, with the number of the row.
    """
    path = find(path)
    key = format or _key_of(path)
    try:
        if key is None:
            return tuple(open_recording(path).annotations)
        found = chosen(ANNOTATION_FORMATS, key, "format of annotations", "formats").read(path)
    except HitscopeError:
        raise
    except Exception as error:  # of any library, on any damage
        detail = str(error) or type(error).__name__
        raise damaged(path, f"its annotations cannot be read as {key} ({detail})") from error
    return tuple(sorted(found, key=order_when_read))


def write_annotations(
    path: str | Path,
    events: Sequence[Annotation] | EventTable,
    format: str | None = None,
    *,
    recording: Recording | None = None,
    replace: bool = False,
    plain: bool = False,
) -> None:
    """Write annotations to a file, from which `read_annotations` reads them again, equal, in order of their onsets.

    For other programs, an event that was made round a moment (attribute ``onset_s`` or ``peak_s``) is an instant there.

    Parameters
    ----------
    path : str or Path
    events : sequence of Annotation, or EventTable
        Attributes are values that JSON has.
    format : str, optional
        Key of `ANNOTATION_FORMATS`; by default the extension says it.
    recording : Recording, optional
        The one they belong to: gives the date of an EDF+ file, and sampling rate and channel numbers of a WFDB file,
        which else counts milliseconds.
    replace : bool
        Whether a file that is there may be replaced; never one that holds a signal, or belongs to `recording`.
    plain : bool
        Write only what other programs read: times, labels and comments. Then it does not read back equal.

    Raises
    ------
    InputError
        If the format is unknown, a file is there, an event cannot be written, or the folder cannot be written to; a file
        that was there is as it was.
    """
    path = Path(path).expanduser()
    chosen_format = chosen(
        ANNOTATION_FORMATS, format or annotation_format_by_name(path), "format of annotations", "formats"
    )
    marks = annotations_of_events(events) if isinstance(events, EventTable) else events
    marks = [storable(number, mark) for number, mark in enumerate(marks, start=1)]
    contents = {path: chosen_format.encode(sorted(marks, key=order_in_file), recording, plain)}
    if chosen_format.sidecar is not None:
        contents[path.with_suffix(".json")] = chosen_format.sidecar()
    for file in contents:
        if recording is not None:
            refuse_own_files(file, [(recording.path.stem, recording.path)])
        if not replace:
            refuse_taken(file)
        refuse_signals(file)
    for file, data in contents.items():
        write_bytes_atomically(file, data)


def _by_extension(path: Path) -> str | None:
    suffix = path.suffix.lower()
    return next((key for key, known in ANNOTATION_FORMATS.items() if suffix in known.extensions), None)


def annotation_format_by_name(path: str | Path) -> str:
    """Return the key in `ANNOTATION_FORMATS` that the extension of a file says, which need not be there.

    Raises
    ------
    InputError
        If it says none.
    """
    path = Path(path)
    key = _by_extension(path)
    if key is None:
        raise InputError(
            f"{path.suffix or 'a name without extension'} does not say which format of annotations is meant",
            subject=path,
            remedy=f"Say the format: {', '.join(ANNOTATION_FORMATS)}",
        )
    return key


def annotation_format_of(path: str | Path) -> str:
    """Return the key in `ANNOTATION_FORMATS` of an annotation file, or the format of a recording that carries some.

    Raises
    ------
    InputError
        If there is no such file, or it is of an unknown type.
    """
    path = find(path)
    return _key_of(path) or reader_of(path).FORMAT


def _key_of(path: Path) -> str | None:
    """Return the format of an existing file; None for a recording that carries its annotations in a way of its own."""
    key = _by_extension(path)
    if key is not None:
        return key
    if path.suffix.lower() in READERS:
        return None
    return "wfdb" if path.with_suffix(".hea").is_file() else annotation_format_by_name(path)
