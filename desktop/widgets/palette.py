"""The command palette and the list of keys: both read the action registry."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.actions.registry import Action


def matches(text: str, title: str) -> bool:
    """Whether the letters of `text` occur in `title` in this order."""
    rest = iter(title.lower())
    return all(letter in rest for letter in text.lower() if letter != " ")


class CommandPalette(QDialog):
    """Type a few letters of what you want to do."""

    def __init__(self, actions: list[Action], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Commands"))
        self.resize(520, 420)
        self._actions = [action for action in actions if action.when()]
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("What do you want to do?"))
        self.search.setAccessibleName(self.tr("Search commands"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Commands found"))
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._run)
        self.list.itemActivated.connect(lambda _item: self._run())
        self._find("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + step) % max(self.list.count(), 1))
        else:
            super().keyPressEvent(event)

    def _find(self, text: str) -> None:
        self.list.clear()
        for action in self._actions:
            if matches(text, f"{action.menu} {action.title}"):
                item = QListWidgetItem(
                    f"{action.menu}: {action.title}" + (f"    {action.shortcut}" if action.shortcut else "")
                )
                item.setData(Qt.ItemDataRole.UserRole, action.id)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _run(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        chosen = item.data(Qt.ItemDataRole.UserRole)
        self.accept()
        next(action for action in self._actions if action.id == chosen).run()


class KeyHelp(QDialog):
    """The keys of this room, and what the mouse does in it."""

    def __init__(self, actions: list[Action], gestures: list[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and mouse"))
        self.resize(560, 620)
        rows = [(gesture, does, self.tr("Mouse")) for gesture, does in gestures]
        rows += [(action.shortcut, action.title, action.menu) for action in actions if action.shortcut]
        table = QTableWidget(len(rows), 3)
        table.setAccessibleName(self.tr("Keys and mouse in this room"))
        table.setHorizontalHeaderLabels([self.tr("Key"), self.tr("Does"), self.tr("Menu")])
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                table.setItem(row, column, QTableWidgetItem(text))
        table.resizeColumnsToContents()
        table.horizontalHeader().setStretchLastSection(True)
        QVBoxLayout(self).addWidget(table)
