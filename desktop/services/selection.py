"""One bus of event ids that trace, table and map share."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal


class SelectionBus(QObject):
    """The selected events; `changed(ids, origin)` tells who selected, so that nobody answers themselves."""

    changed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ids: tuple[int, ...] = ()

    def set(self, ids: Iterable[int], origin: object = None) -> None:
        """Select events; the same selection again changes nothing."""
        chosen = tuple(int(i) for i in ids)
        if chosen != self.ids:
            self.ids = chosen
            self.changed.emit(chosen, origin)
