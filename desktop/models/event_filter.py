"""The filter of the event table: words that must all fit; a pure function of text and events."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from core.study import EventTable
from desktop.models.event_facts import Rows, comment_of, layers_of, maker_name

Flags = npt.NDArray[np.bool_]
Test = Callable[[EventTable, Rows], Flags]

WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
LENGTH = re.compile(r"(<=|>=|<|>)(\d+(?:[.,]\d+)?)(ms|s|min)?")
TIME = re.compile(r"(?:(\d+):)?(\d+):(\d\d)(?:[.,](\d+))?")
UNITS_S = {"ms": 1e-3, "s": 1.0, "min": 60.0}
COMPARED = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


def comments(events: EventTable, rows: Rows) -> list[str]:
    """Return the comment of each row."""
    return [comment_of(text) for text in events.attributes_json[rows].tolist()]


FIELDS: dict[str, Callable[[EventTable, Rows], list[str]]] = {
    "label": lambda events, rows: events.label[rows].tolist(),
    "kind": lambda events, rows: events.kind[rows].tolist(),
    "channel": lambda events, rows: events.channel[rows].tolist(),
    "by": lambda events, rows: [maker_name(layer) for layer in layers_of(events, rows)],
    "source": lambda events, rows: events.label_source[rows].tolist(),
    "comment": comments,
}
STATES: dict[str, Test] = {
    "labelled": lambda events, rows: events.label[rows] != "",
    "unlabelled": lambda events, rows: events.label[rows] == "",
    "commented": lambda events, rows: np.array([bool(said) for said in comments(events, rows)], bool),
}


def matching(text: str, events: EventTable, rows: Rows) -> Rows:
    """Return those of the rows that fit all words of a filter. O(rows · words).

    A word is looked for in all columns; ``label:V`` in one, as a whole where an event has just that, else as a part;
    ``unlabelled``, ``labelled``, ``commented``; ``>100ms`` compares the length, ``12:30`` the time; quotes keep words together.
    """
    for word in WORD.findall(text):
        rows = rows[_test(word)(events, rows)] if len(rows) else rows
    return rows


def _test(word: str) -> Test:
    """Return what a word asks of events."""
    plain = word.replace('"', "").casefold()
    field, colon, value = plain.partition(":")
    if plain in STATES:
        return STATES[plain]
    if compared := LENGTH.fullmatch(plain):
        sign, amount, unit = compared.groups()
        seconds = float(amount.replace(",", ".")) * UNITS_S[unit or "ms"]
        return lambda events, rows: COMPARED[sign](np.round(events.duration_s[rows], 9), seconds)
    if colon and field in FIELDS:
        exact = field != "comment"
        return lambda events, rows: _flags(FIELDS[field](events, rows), value, exact=exact)
    if at := TIME.fullmatch(plain):
        start, width = _span(*at.groups())
        return lambda events, rows: np.floor(np.round((events.start_s[rows] - start) / width, 6)) == 0
    return lambda events, rows: np.logical_or.reduce([_flags(of(events, rows), plain) for of in FIELDS.values()])


def _span(hours: str | None, minutes: str, seconds: str, rest: str | None) -> tuple[float, float]:
    """Return what a time as it was written spans: where it begins and how long that is, s."""
    start = 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds)
    width = 10.0 ** -len(rest) if rest else 1.0
    return start + (int(rest) * width if rest else 0.0), width


def _flags(values: Sequence[str], wanted: str, *, exact: bool = False) -> Flags:
    """Return which values contain a word, or are it if one is."""
    folded = {value: value.casefold() for value in set(values)}
    whole = exact and bool(wanted) and wanted in folded.values()
    fits = {value: text == wanted if whole else wanted in text for value, text in folded.items()}
    return np.fromiter((fits[value] for value in values), bool, len(values))
