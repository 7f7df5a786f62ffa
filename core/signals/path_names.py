"""Whose recording it is, by its path: BIDS names, and patterns of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from core.errors import InputError

Names = Callable[[Path], dict[str, str]]
FIELDS = ("subject", "session")
ENTITY = r"(?:^|_){}-([a-zA-Z0-9]+)(?=[_.]|$)"
PART = re.compile(r"\{(\w*)\}|(\*\*/)|(\*)|(\?)|(.)", re.DOTALL)


def bids_entities(path: Path) -> dict[str, str]:
    """Return the subject and session that a BIDS path names, in the file's name or, failing that, in a folder's."""
    said = {}
    for field, entity in (("subject", "sub"), ("session", "ses")):
        for text in (path.name, *(part.name for part in path.parents)):
            if match := re.search(ENTITY.format(entity), text):
                said[field] = match[1]
                break
    return said if "subject" in said else {}


def compile_pattern(pattern: str) -> Names:
    """Return what finds the fields of a pattern in a path below the folder; it finds none where the pattern does not fit.

    A pattern has the fields ``{subject}`` and ``{session}``, and ``*``, ``?`` and ``**/`` as in file names. One with a
    ``/`` is compared with the whole path, any other with the name; both without extension. A field goes on to the
    character that follows it; before ``*`` or another field, to ``_``.

    Raises
    ------
    InputError
        If the pattern has no field, a field twice, or one that there is not.
    """
    parts = [match.groups() for match in PART.finditer(pattern)]
    fields = [field for field, *_ in parts if field is not None]
    if not fields or len(set(fields)) < len(fields) or not set(fields) <= set(FIELDS):
        raise InputError(
            f"{pattern!r} does not say where subject and session stand",
            remedy="Write {subject} and {session} where they stand, each once, such as {subject}_{session}*",
        )
    written = []
    for number, (field, deep, star, mark, char) in enumerate(parts):
        if field is not None:
            following = parts[number + 1] if number + 1 < len(parts) else (None,) * 5
            stop = following[4] or ("_" if following[2] or following[0] else "")
            written.append(f"(?P<{field}>[^/{re.escape(stop)}]+)")
        else:
            written.append("(?:[^/]+/)*" if deep else "[^/]*" if star else "[^/]" if mark else re.escape(char))
    expression = re.compile("".join(written))
    with_folders = "/" in pattern

    def find(below: Path) -> dict[str, str]:
        text = below.with_suffix("").as_posix() if with_folders else below.stem
        match = expression.fullmatch(text)
        return match.groupdict() if match else {}

    return find
