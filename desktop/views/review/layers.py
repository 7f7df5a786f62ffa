"""Layers: each detector, file and annotator whose events a recording has can be hidden; nothing else happens to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.study import EventTable
from desktop.models.event_facts import Rows, layers_of


@dataclass(frozen=True)
class Layer:
    """A layer of a recording: how many events it has, and how many of each label (``""``: none)."""

    name: str
    count: int
    labels: tuple[tuple[str, int], ...]


class Layers(QObject):
    """Layers that are hidden: they are not drawn and not listed."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hidden: frozenset[str] = frozenset()

    def hide(self, layers: Iterable[str]) -> None:
        """Hide these layers and no others."""
        hidden = frozenset(layers)
        if hidden != self.hidden:
            self.hidden = hidden
            self.changed.emit()

    def show(self, layer: str, on: bool) -> None:
        """Show or hide a layer."""
        self.hide(self.hidden - {layer} if on else self.hidden | {layer})

    def start(self, hidden: Iterable[Any]) -> None:
        """Take up what was remembered."""
        self.hidden = frozenset(str(layer) for layer in hidden)

    def visible(self, events: EventTable, rows: Rows) -> Rows:
        """Return those of the rows that are in layers that are shown."""
        if not self.hidden:
            return rows
        return rows[np.fromiter((layer not in self.hidden for layer in layers_of(events, rows)), bool, len(rows))]


def layers_in(events: EventTable, rows: Rows) -> list[Layer]:
    """Return the layers that rows are in, in order of their names. O(rows)."""
    found: dict[str, Counter[str]] = {}
    for (layer, text), n in Counter(zip(layers_of(events, rows), events.label[rows].tolist(), strict=True)).items():
        found.setdefault(layer, Counter())[text] = n
    return [Layer(name, labels.total(), tuple(labels.most_common())) for name, labels in sorted(found.items())]
