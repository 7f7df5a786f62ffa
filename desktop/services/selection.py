"""One bus of event ids that trace, table and map share."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal


class SelectionBus(QObject):
    """The selected events; `changed(ids, origin)` tells who selected, so that nobody answers themselves.

    Attributes
    ----------
    ids : tuple of int
        The one that was chosen last first.
    array : (N,) int64 array
        The same for who computes with them; read-only.
    origin : object
        Who selected them.
    """

    changed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ids: tuple[int, ...] = ()
        self.array: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self.origin: object = None

    def set(self, ids: Iterable[int], origin: object = None) -> None:
        """Select events; the same selection again changes nothing."""
        chosen = np.array(ids if isinstance(ids, np.ndarray) else list(ids), np.int64)
        if not np.array_equal(chosen, self.array):
            chosen.flags.writeable = False
            self.ids, self.array, self.origin = tuple(chosen.tolist()), chosen, origin
            self.changed.emit(self.ids, origin)
