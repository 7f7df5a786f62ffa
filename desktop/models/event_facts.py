"""What is said of an event beside its columns: its comment, who or what made it, its length as people write it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.events import EVENT_MAKERS
from core.study import BY_HAND, EventTable
from desktop.widgets.parts import number

Rows = npt.NDArray[np.intp]
KNOWN = 1 << 16  # texts that are kept parsed: the same ones are asked for with every edit
LONG_S = 1.0  # longer events are told in seconds
FILE = "file:"


@lru_cache(KNOWN)
def comment_of(attributes_json: str) -> str:
    """Return the comment on an event."""
    if '"comment"' not in attributes_json:
        return ""
    return str(json.loads(attributes_json).get("comment", ""))


@lru_cache(KNOWN)
def drawn_by(attributes_json: str) -> str:
    """Return who drew an event; empty if nobody is named."""
    return str(json.loads(attributes_json).get("by", ""))


def layer_of(maker: str, attributes_json: str) -> str:
    """Return the layer an event is in: its detector or file, or for marks the annotator who drew it."""
    if maker != BY_HAND:
        return maker
    by = drawn_by(attributes_json)
    return f"{BY_HAND}: {by}" if by else BY_HAND


def layers_of(events: EventTable, rows: Rows) -> list[str]:
    """Return the layer of each of these rows. O(rows)."""
    return [
        layer_of(m, a) for m, a in zip(events.maker[rows].tolist(), events.attributes_json[rows].tolist(), strict=True)
    ]


def maker_name(layer: str) -> str:
    """Return a layer in one word: its detector, the name of its file, or its annotator."""
    return layer.removeprefix(f"{BY_HAND}: ").removeprefix(FILE)


def coded(values: Iterable[Hashable]) -> tuple[npt.NDArray[np.intp], list[Any]]:
    """Return the place of each value among the different ones, and those in the order they come. O(n)."""
    values = list(values)
    known = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return np.fromiter(map(known.__getitem__, values), np.intp, len(values)), list(known)


def movable(maker: str) -> bool:
    """Return whether an event may be moved by hand: what detectors found stays where they found it."""
    return maker not in EVENT_MAKERS or maker == "annotations"


def length_text(seconds: float) -> str:
    """Return a length with its unit: ``0.5 ms``, ``120 ms``, ``4.00 s``."""
    if seconds >= LONG_S:
        return f"{number(seconds, 2 if seconds < 10 else 1)} s"
    ms = 1000 * seconds
    return f"{number(ms, 0 if ms >= 10 or ms < 0.05 else 1)} ms"
