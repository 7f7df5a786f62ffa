"""Layers: each detector, file and annotator whose events a recording has can be hidden; nothing else happens to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from core.study import EventTable
from desktop.models.event_facts import Rows, coded, layers_of

Coded = tuple[npt.NDArray[np.intp], list[str]]  # places among different values, and those


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
        self._seen: tuple[npt.NDArray[Any], ...] | None = None
        self._coded: Coded = (np.empty(0, np.intp), [])

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

    def of(self, events: EventTable, rows: Rows) -> Coded:
        """Return the layer of each of these rows, as places among the layers' names. O(rows)."""
        seen = (rows, events.maker[rows], events.attributes_json[rows])
        # Most edits are of labels: then nobody has to read again who drew what.
        if self._seen is None or not all(np.array_equal(a, b) for a, b in zip(seen, self._seen, strict=True)):
            self._seen, self._coded = seen, coded(layers_of(events, rows))
        return self._coded

    def visible(self, events: EventTable, rows: Rows) -> Rows:
        """Return those of the rows that are in layers that are shown."""
        codes, names = self.of(events, rows)
        return rows[np.array([name not in self.hidden for name in names], bool)[codes]] if self.hidden else rows

    def found(self, events: EventTable, rows: Rows, labelled: Coded) -> list[Layer]:
        """Return the layers that rows are in, in order of their names; `labelled` are the rows' labels. O(rows)."""
        (codes, names), (texts, labels) = self.of(events, rows), labelled
        counts = np.bincount(codes * len(labels) + texts, minlength=len(names) * len(labels))
        counts = counts.reshape(len(names), len(labels))
        return [
            Layer(name, int(n.sum()), tuple((labels[k], int(n[k])) for k in np.argsort(-n, kind="stable") if n[k]))
            for name, n in sorted(zip(names, counts, strict=True), key=lambda pair: pair[0])
        ]
