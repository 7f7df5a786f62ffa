"""The pictures alone: what stands beside them is hidden, and comes back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QDockWidget, QWidget
from shiboken6 import isValid

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class Focus(QObject):
    """Hides the panels of the room and of the window; another room has them back."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room = room
        self._hidden: list[QWidget] = []
        room.installEventFilter(self)

    def toggle(self) -> None:
        """Show the pictures alone, or with the panels again."""
        if self._hidden:
            self.leave()
            return
        room = self._room
        beside = (room.left, room.tabs, *room.window().findChildren(QDockWidget))
        self._hidden = [widget for widget in beside if widget.isVisible()]
        for widget in self._hidden:
            widget.hide()
        room.traces.setFocus()  # keys work where the focus is

    def leave(self) -> None:
        """Show what was hidden."""
        hidden, self._hidden = self._hidden, []
        for widget in filter(isValid, hidden):
            widget.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide and not event.spontaneous():  # not when the window is only made small
            self.leave()
        return False
