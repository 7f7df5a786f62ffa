"""A panel that gives way: in a narrow window it starts closed, so that the room has room; what the user says of it holds."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSettings
from PySide6.QtWidgets import QDockWidget, QMainWindow

ROOMY_PX = 1500  # windows that are narrower start without the panel


class GivesWay(QObject):
    """Decides when the window is first shown whether a panel is open, and remembers whether the user wants it."""

    def __init__(self, window: QMainWindow, dock: QDockWidget, settings: QSettings) -> None:
        super().__init__(window)
        self._dock, self._settings, self._decided = dock, settings, False
        self._key = f"wanted/{dock.objectName()}"
        dock.visibilityChanged.connect(lambda _on: self._note())
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and not self._decided and isinstance(watched, QMainWindow):
            wanted = self._settings.value(self._key)
            self._dock.setVisible(watched.width() >= ROOMY_PX if wanted is None else str(wanted).lower() == "true")
            self._decided = True
        return False

    def _note(self) -> None:
        if self._decided:
            self._settings.setValue(self._key, not self._dock.isHidden())
