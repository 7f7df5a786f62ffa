"""What a file format cannot say of an annotation, as a piece of JSON that stands beside what it can say.

Each format writes an annotation in its own terms first, for other programs. Where reading that back would not give
the same annotation, only the parts that differ are added: who edits the file elsewhere edits what is read.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from core.checks import TABLE, TEXT, finite, list_of
from core.errors import InputError
from core.signals.annotation_files.moments import CLOSE_S, MOMENTS, as_seen
from core.signals.recording import Annotation

MARKER = '{"hitscope":'
PARTS = ("onset_s", "duration_s", "text")
RULES = {
    "onset_s": finite(),
    "duration_s": finite(least=0),
    "text": TEXT,
    "attributes": TABLE,
    "absent": list_of("names", TEXT),
}


def details_of(wanted: Annotation, plain: Annotation) -> str:
    """Return what turns `plain`, which other programs read, into `wanted`: ASCII; empty if they are equal."""
    said: dict[str, Any] = {p: getattr(wanted, p) for p in PARTS if getattr(wanted, p) != getattr(plain, p)}
    more = {k: v for k, v in wanted.attributes.items() if k not in plain.attributes or plain.attributes[k] != v}
    if more:
        said["attributes"] = more
    if absent := [key for key in plain.attributes if key not in wanted.attributes]:
        said["absent"] = absent
    return json.dumps({"hitscope": said}, separators=(",", ":")) if said else ""


def completed(plain: Annotation, details: str, within_s: float = CLOSE_S) -> Annotation:
    """Return the annotation that `details_of` was made from; one whose time was edited elsewhere since is where it was put.

    Parameters
    ----------
    plain : Annotation
        What other programs read.
    details : str
    within_s : float
        How far its time may be off without an edit.

    Raises
    ------
    ValueError
        If `details` are not what `details_of` gives.
    """
    if not details:
        return plain
    said = _checked(json.loads(details))
    attributes = {k: v for k, v in plain.attributes.items() if k not in said.get("absent", ())}
    attributes |= said.get("attributes", {})
    done = replace(plain, attributes=attributes, **{part: said[part] for part in PARTS if part in said})
    return _as_edited(done, plain, within_s)


def _as_edited(done: Annotation, plain: Annotation, within_s: float) -> Annotation:
    """Return an annotation moved or lengthened as the file says, where that is not what was written."""
    written = as_seen(done)
    if abs(plain.duration_s - written.duration_s) > within_s:
        return replace(done, onset_s=plain.onset_s, duration_s=plain.duration_s)
    later = plain.onset_s - written.onset_s
    if abs(later) <= within_s:
        return done
    moments = {name: done.attributes[name] + later for name in MOMENTS if done.attributes.get(name) == written.onset_s}
    return replace(done, onset_s=done.onset_s + later, attributes={**done.attributes, **moments})


def _checked(read: Any) -> dict[str, Any]:
    said = read.get("hitscope") if isinstance(read, dict) else None
    if not isinstance(said, dict) or any(k not in RULES or not RULES[k].fits(v) for k, v in said.items()):
        raise ValueError("its details are not those that Hitscope writes")
    return said


def storable(number: int, annotation: Annotation) -> Annotation:
    """Return an annotation as it can be written: finite times, attributes as JSON has them.

    Raises
    ------
    InputError
        If it cannot; `number` says which one it is.
    """
    onset, duration = float(annotation.onset_s), float(annotation.duration_s)
    if not (abs(onset) < float("inf") and 0 <= duration < float("inf")):
        raise InputError(
            f"annotation {number} starts at {onset:g} s and lasts {duration:g} s",
            kept="Nothing was written",
            remedy="Give it a start, and a duration of 0 s or more",
        )
    try:
        attributes = json.loads(json.dumps(dict(annotation.attributes)))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the attributes of annotation {number} cannot be written ({error})",
            kept="Nothing was written",
            remedy="Use text, numbers, lists and tables",
        ) from error
    return Annotation(onset, duration, str(annotation.text), attributes)
