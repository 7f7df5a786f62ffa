"""A list whose entries can be taken out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget

from desktop.services.guard import guarded


class RemovableList(QListWidget):
    """`removed` (row) asks to take one out: Del."""

    removed = Signal(int)

    @guarded
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.currentRow())
        else:
            super().keyPressEvent(event)
