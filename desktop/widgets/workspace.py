"""What every room is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QByteArray, Signal, SignalInstance
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout, QWidget

from desktop.actions.registry import Action
from desktop.services.guard import guarded
from desktop.services.session import Session


class Workspace(QWidget):
    """A room of the window.

    Subclasses set `id`, build their widgets in ``__init__``, and refresh in `activate` and on the session's signals; a
    hidden room catches up when it is shown.
    """

    id = ""
    go = Signal(str)  # asks for another room
    hand_over = Signal(str, str)  # asks for another room with a run, by its id

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.gestures: list[tuple[str, str]] = []  # what the mouse does, for the help
        self._pages = QStackedLayout(self)
        self._empty: QWidget | None = None
        self._splitters: dict[str, QSplitter] = {}
        self._behind: dict[Callable[[], object], None] = {}  # what to refresh when shown, in order

    def set_content(self, content: QWidget) -> None:
        """Set the room's widget."""
        self._pages.insertWidget(0, content)
        self._pages.setCurrentIndex(0)

    def show_empty(self, empty: QWidget | None) -> None:
        """Show what the room needs before it can be used, or, with None, the room."""
        if self._empty is not None:
            self._pages.removeWidget(self._empty)
            self._empty.deleteLater()
            self._empty = None
        if empty is not None:
            self._empty = empty
            self._pages.addWidget(empty)
            self._pages.setCurrentWidget(empty)
        else:
            self._pages.setCurrentIndex(0)

    def follow(self, signal: SignalInstance, refresh: Callable[[], object]) -> None:
        """Refresh on a signal; a hidden room does it once, when it is shown again."""

        def told(*_arguments: object) -> None:
            if self.isVisible():
                refresh()
            else:
                self._behind[refresh] = None

        signal.connect(told)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        behind, self._behind = self._behind, {}
        for refresh in behind:
            refresh()

    def actions_of_room(self) -> list[Action]:
        """Return the room's actions; their shortcuts work while it is shown."""
        return []

    def label_here(self, key: str) -> bool:
        """The key of a class was pressed; return whether the room made an event of it, else the selected ones get it."""
        return False

    def activate(self) -> None:
        """The room was entered."""

    def take(self, run_id: str) -> None:
        """Another room hands a run over, to go on with it here."""

    def remember(self) -> dict[str, Any]:
        """Return what of this study is open here, as JSON; the study remembers it."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Open what `state` says, as far as it is still there."""

    def remember_splitters(self, **splitters: QSplitter) -> None:
        """Give panels the sizes they had; the user's settings remember them by name."""
        self._splitters = splitters
        for name, splitter in splitters.items():
            stored = self.session.settings.value(f"{self.id}/{name}")
            if isinstance(stored, QByteArray):
                splitter.restoreState(stored)

    def keep_layout(self) -> None:
        """Write the sizes of the panels to the user's settings."""
        for name, splitter in self._splitters.items():
            self.session.settings.setValue(f"{self.id}/{name}", splitter.saveState())

    @property
    def ready(self) -> bool:
        """Whether nothing is being computed for what is shown."""
        return not self.session.tasks.busy
