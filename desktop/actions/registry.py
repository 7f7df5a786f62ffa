"""Actions as data: menus, the command palette and the shortcut help all read the same list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget


@dataclass(frozen=True)
class Action:
    """Something the user can do.

    Attributes
    ----------
    id : str
        ``room.verb``.
    title : str
        Short and active, translated.
    run : callable
    menu : str
        Title of its menu.
    shortcut : str
        As Qt writes it; ``""`` for none.
    when : callable
        Whether it can be done now.
    listed : callable
        Whether menus, palette and help name it now; its shortcut answers in any case.
    group : str
        Title of its submenu; ``""`` for none.
    """

    id: str
    title: str
    run: Callable[[], object]
    menu: str
    shortcut: str = ""
    when: Callable[[], bool] = lambda: True
    listed: Callable[[], bool] = lambda: True
    group: str = ""


class ActionRegistry:
    """The actions of the window and of the room that is shown."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._actions: dict[str, tuple[Action, QAction]] = {}

    def add(self, actions: Iterable[Action], scope: QWidget | None = None) -> None:
        """Add actions; with a `scope`, their shortcuts work only where that widget is shown.

        Raises
        ------
        ValueError
            If an id is taken: a mistake of ours.
        """
        for action in actions:
            if action.id in self._actions:
                raise ValueError(f"action {action.id} is there already")
            owner = scope or self._window
            made = QAction(action.title, owner)
            made.setObjectName(action.id)
            if action.shortcut:
                made.setShortcut(QKeySequence(action.shortcut))
                made.setShortcutContext(
                    Qt.ShortcutContext.WidgetWithChildrenShortcut if scope else Qt.ShortcutContext.WindowShortcut
                )
                made.setToolTip(f"{action.title} ({action.shortcut})")
            made.triggered.connect(lambda _checked=False, a=action: a.run() if a.when() else None)
            owner.addAction(made)
            self._actions[action.id] = (action, made)

    def rename(self, id: str, title: str) -> None:
        """Give an action another title, in the menus as in the palette and the help."""
        action, made = self._actions[id]
        self._actions[id] = (replace(action, title=title), made)
        made.setText(title)
        made.setToolTip(f"{title} ({action.shortcut})" if action.shortcut else title)

    def all(self) -> list[Action]:
        """Return the actions in the order they were added, with the keys that they have now."""
        return [_with_key(action, made) for action, made in self._actions.values()]

    def qt(self, id: str) -> QAction:
        """Return the Qt action of an id, for a button."""
        return self._actions[id][1]

    def fill(self, bar: QMenuBar, actions: Iterable[Action]) -> None:
        """Write the menus anew, of these actions."""
        bar.clear()
        menus: dict[tuple[str, ...], QMenu] = {}
        for action in actions:
            place: tuple[str, ...] = ()
            for title in filter(None, (action.menu, action.group)):
                above, place = menus.get(place, bar), (*place, title)
                if place not in menus:
                    menus[place] = above.addMenu(title)
                    menus[place].aboutToShow.connect(self._enable)
            menus[place].addAction(self.qt(action.id))

    def _enable(self) -> None:
        for action, made in self._actions.values():
            made.setEnabled(True if action.shortcut else action.when())


def _with_key(action: Action, made: QAction) -> Action:
    """Return an action with the key it has now: a room may lend keys for a while."""
    same = QKeySequence(action.shortcut) == made.shortcut()
    return action if same else replace(action, shortcut=made.shortcut().toString())
