"""A list whose entries can be taken out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget

from desktop.services.guard import guarded

KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class RemovableList(QListWidget):
    """`removed` (row) asks to take one out: Del."""

    removed = Signal(int)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in KEYS:
            event.accept()  # else Del is that of the window, which removes the selected events
        return super().event(event)

    @guarded
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in KEYS:
            self.removed.emit(self.currentRow())
        else:
            super().keyPressEvent(event)
