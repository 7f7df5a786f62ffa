"""WFDB annotation files (``.atr`` and others beside a header): one symbol each, at a whole sample."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.signals.annotation_files.details import MARKER, completed, details_of
from core.signals.annotation_files.mit import LONGEST_AUX, NOTE, Mark, decode_marks, encode_marks
from core.signals.annotation_files.moments import as_seen, order_in_file
from core.signals.readers.encoding import encoding_of
from core.signals.recording import Annotation, Recording

FS = 1000.0  # Hz, of a file whose recording is not known
RESOLUTION = re.compile(r"## time resolution: (\d+(?:\.\d*)?(?:e[+-]?\d+)?)")
DEFINITION = re.compile(r"(\d+) (\S+)")
CONTINUED = b"hitscope+"
UNPRINTABLE = re.compile(r"[^ -~]")


@cache
def symbols() -> dict[int, str]:
    """Return the symbol of each code."""
    from wfdb.io.annotation import ann_labels

    return {label.label_store: label.symbol for label in ann_labels if label.label_store}


def read(path: Path, fs_of_record: float | None = None) -> list[Annotation]:
    """Return the annotations: `text` is the symbol; ``aux``, ``subtype``, ``chan`` and ``num`` are attributes.

    Parameters
    ----------
    path : Path
    fs_of_record : float, optional
        Hz, for a file that states none; by default the header beside it is read for it.

    Raises
    ------
    InputError
        If neither the file nor a header beside it says how many samples a second has.
    ValueError
        If the file is damaged.
    """
    marks, known, fs = _without_definitions(list(decode_marks(path.read_bytes())))
    if fs is None:
        fs = _fs_of_header(path) if fs_of_record is None else fs_of_record
    if not 0 < fs < float("inf"):
        raise ValueError(f"it states {fs:g} samples a second")
    return [
        _complete(Annotation(mark.sample / fs, 0.0, known.get(mark.code, f"[{mark.code}]"), _attributes(mark)))
        for mark in _joined(marks)
    ]


def _without_definitions(marks: list[Mark]) -> tuple[list[Mark], dict[int, str], float | None]:
    """Return the marks but those at the start that define what is in the file; the symbols; the sampling rate, Hz."""
    known, fs, defining, n = dict(symbols()), None, False, 0
    for mark in marks:
        text = mark.aux.decode("latin-1").rstrip("\0")
        if mark.sample or mark.code != NOTE or not (defining or text.startswith("## ")):
            break
        n += 1
        if resolution := RESOLUTION.match(text):
            fs = float(resolution[1])
        elif text.startswith("## "):
            defining = text == "## annotation type definitions"
        elif defined := DEFINITION.match(text):
            known[int(defined[1])] = defined[2]
    return marks[n:], known, fs


def _fs_of_header(path: Path) -> float:
    import wfdb

    if path.with_suffix(".hea").is_file():
        return float(wfdb.rdheader(str(path.with_suffix(""))).fs)
    raise InputError(
        "it does not say how many samples a second has, and its header is missing",
        subject=path,
        kept="Nothing was taken from the file",
        remedy=f"Put the header of its record beside it, as {path.with_suffix('.hea').name}",
    )


def _joined(marks: list[Mark]) -> Iterator[Mark]:
    """Yield marks; texts too long for one come together again."""
    held: list[Mark] = []
    for mark in marks:
        if held and mark.code == NOTE and mark.aux.startswith(CONTINUED):
            last = held[-1]
            aux = last.aux + mark.aux.removeprefix(CONTINUED)
            held[-1] = Mark(last.sample, last.code, aux, last.subtype, last.chan, last.num)
        else:
            held.append(mark)
    yield from held


def _attributes(mark: Mark) -> dict[str, Any]:
    """Return what a mark says beyond symbol and time."""
    aux = mark.aux.decode(encoding_of(mark.aux)).rstrip("\0")
    said = {"aux": aux, "subtype": mark.subtype, "chan": mark.chan, "num": mark.num}
    return {name: value for name, value in said.items() if value}


def _complete(plain: Annotation) -> Annotation:
    """Return an annotation with the details that stand in its text."""
    visible, marker, details = str(plain.attributes.get("aux", "")).partition(MARKER)
    if not marker:
        return plain
    attributes = {**plain.attributes, "aux": visible}
    if not visible:
        del attributes["aux"]
    read = Annotation(plain.onset_s, plain.duration_s, plain.text, attributes)
    return completed(read, marker + details, within_s=float("inf"))  # its times are rounded: an edit cannot be told


def encode(events: Sequence[Annotation], recording: Recording | None, plain: bool = False) -> bytes:
    """Return the bytes of a file at the sampling rate of its recording.

    A text that is a symbol becomes one; any other becomes a note. What is not at a whole sample has its exact time, and
    whatever else symbols cannot say, as JSON behind the note; if `plain`, its comment instead.

    Raises
    ------
    InputError
        If an event begins before the recording, for which the format has no number.
    """
    fs = max(recording.fs) if recording is not None and recording.channels else FS
    codes = {symbol: code for code, symbol in symbols().items()}
    placed: list[tuple[int, Annotation]] = []
    for event in events:
        if event.onset_s < 0:
            raise InputError(
                f"an event begins {-event.onset_s:g} s before the recording, which WFDB annotations cannot say",
                kept="Nothing was written",
                remedy="Move or leave out the event, or write EDF+, BIDS or CSV",
            )
        # Programs that use the wfdb library drop a note at sample 0.
        sample = max(round(as_seen(event).onset_s * fs), int(event.text not in codes or event.text == symbols()[NOTE]))
        if placed and order_in_file(placed[-1][1]) == order_in_file(event):
            sample = max(sample, placed[-1][0])  # so that they are read in this order again
        placed.append((sample, event))
    marks = [Mark(0, NOTE, f"## time resolution: {int(fs) if fs == int(fs) else fs!r}".encode())]
    for sample, event in sorted(placed, key=lambda pair: pair[0]):
        code = codes.get(event.text, NOTE)
        if plain:
            marks.append(_mark_of(event, sample, code, recording, str(event.attributes.get("comment", ""))))
        else:
            marks += _marks_of(event, sample, code, fs, recording)
    return encode_marks(marks)


def _marks_of(event: Annotation, sample: int, code: int, fs: float, recording: Recording | None) -> list[Mark]:
    """Return the mark of an event and, where its text is too long for one, those that go on with it."""
    mark = _mark_of(event, sample, code, recording)
    plain = Annotation(sample / fs, 0.0, symbols()[code], _attributes(mark))
    aux_bytes = mark.aux + details_of(event, plain).encode()
    first, rest = aux_bytes[:LONGEST_AUX], aux_bytes[LONGEST_AUX:]
    step = LONGEST_AUX - len(CONTINUED)
    chunks = [rest[at : at + step] for at in range(0, len(rest), step)]
    more = [Mark(sample, NOTE, CONTINUED + chunk, 0, mark.chan, mark.num) for chunk in chunks]
    return [replace(mark, aux=first), *more]


def _mark_of(
    event: Annotation, sample: int, code: int, recording: Recording | None, comment: str | None = None
) -> Mark:
    """Return the mark of an event without what only Hitscope reads; with a comment, its text is cut to what one can hold."""
    said = event.attributes
    # What stands for the text where there is no symbol for it.
    aux = said.get("aux", "") if code != NOTE or event.text == '"' else event.text
    aux = aux if isinstance(aux, str) else ""
    if comment is not None:
        aux = ": ".join(each for each in (aux, comment) if each)[: LONGEST_AUX - 1]
    visible = UNPRINTABLE.sub("?", aux).replace(MARKER, " " * len(MARKER))
    if visible.startswith((CONTINUED.decode(), "## ")):
        visible = f" {visible}"
    subtype, num = (_whole(said.get(name), -128, 127) for name in ("subtype", "num"))
    return Mark(sample, code, visible.encode(), subtype, _channel_number(said, recording), num)


def _whole(value: Any, least: int, most: int) -> int:
    return value if type(value) is int and least <= value <= most else 0


def _channel_number(said: Any, recording: Recording | None) -> int:
    """Return the number that the file gives the channel of an event; 0 where it is not known."""
    names = [channel.name for channel in recording.channels] if recording is not None else []
    if said.get("channel") in names:
        return _whole(names.index(said["channel"]), 0, 255)
    return _whole(said.get("chan"), 0, 255)
