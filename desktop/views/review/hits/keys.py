"""The keys of the queue: they hold while it is open, and what they mean else is reached by the menus meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence

from core.study import UNSURE

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

VERDICT_KEYS = {"embolus": "A", "artefact": "X", "gaseous": "G", "solid": "S", UNSURE: "U"}
KEYS = {
    **{f"review.hits_{verdict}": key for verdict, key in VERDICT_KEYS.items()},
    "review.hits_back": "Backspace",
    "review.hits_play": "Space",
    "review.hits_next": "N",
    "review.hits_previous": "P",
}


class QueueKeys(QObject):
    """Lends keys of the room to the queue, and gives them back."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room = room
        self._lent: dict[str, QKeySequence] = {}  # whose keys they are

    def hold(self, on: bool) -> None:
        """Let the keys mean the queue, or what they meant before."""
        actions = {action.objectName(): action for action in self._room.actions()}
        if on:
            wanted = {QKeySequence(key) for key in KEYS.values()}
            for name, action in actions.items():
                if name not in KEYS and action.shortcut() in wanted:
                    self._lent.setdefault(name, action.shortcut())
                    action.setShortcut(QKeySequence())
        for name in KEYS.keys() & actions.keys():
            actions[name].setShortcut(QKeySequence(KEYS[name]) if on else QKeySequence())
            actions[name].setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            actions[name].setEnabled(on)
        if not on:
            for name in self._lent.keys() & actions.keys():
                actions[name].setShortcut(self._lent[name])
            self._lent.clear()
