"""The table of what a folder holds: ticked rows are added, subject and session can be corrected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from core.signals import Found, find_recordings, name_again
from desktop.services import theme
from desktop.services.tasks import TaskReporter
from desktop.widgets.parts import clock

Index = QModelIndex | QPersistentModelIndex
NAME, FORMAT, LENGTH, SUBJECT, SESSION, WHY, NOTES = range(7)
FIELDS = {SUBJECT: "subject", SESSION: "session"}


@dataclass(frozen=True)
class Held:
    """What folders hold: what was found in each, and the paths of what the study has already."""

    by_folder: tuple[tuple[str, tuple[Found, ...]], ...]
    known: frozenset[Path]

    @property
    def found(self) -> tuple[Found, ...]:
        """All of it."""
        return tuple(one for _, several in self.by_folder for one in several)

    def named(self, pattern: str | None) -> Held:
        """Return it with subjects and sessions by another pattern."""
        return replace(self, by_folder=tuple((f, name_again(several, f, pattern)) for f, several in self.by_folder))


def look_into(folders: Sequence[str], in_study: Collection[str], report: TaskReporter) -> Held:
    """Return what folders hold, and which of it lies in the study."""
    by_folder = tuple((folder, find_recordings(folder, None, report)) for folder in folders)
    held = Held(by_folder, frozenset())
    return replace(held, known=frozenset(f.path for f in held.found if str(f.path.resolve()) in in_study))


class FoundModel(QAbstractTableModel):
    """Rows of recordings that were found. What was corrected by hand stays when the pattern changes."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Found] = []
        self._known: frozenset[Path] = frozenset()
        self._roots: list[Path] = []
        self._ticked: set[Path] = set()
        self._by_hand: dict[tuple[Path, str], str | None] = {}
        self._titles = (
            self.tr("Recording"), self.tr("Format"), self.tr("Length"), self.tr("Subject"), self.tr("Session"),
            self.tr("Guessed from"), self.tr("Notes"),
        )  # fmt: skip

    def show(self, held: Held) -> None:
        """Show what was found; what is new, can be read and is not in the study yet is ticked."""
        self.beginResetModel()
        before = {one.path for one in self.found}
        self._known, self._roots = held.known, [Path(folder) for folder, _ in held.by_folder]
        self._ticked |= {f.path for f in held.found if f.readable and f.path not in before and f.path not in held.known}
        self.found = [
            replace(
                one, **{field: self._by_hand.get((one.path, field), getattr(one, field)) for field in FIELDS.values()}
            )
            for one in held.found
        ]
        self.endResetModel()
        self.changed.emit()

    @property
    def ticked(self) -> list[Found]:
        """What is to be added."""
        return [one for one in self.found if one.path in self._ticked]

    def tick(self, rows: Iterable[int], on: bool) -> None:
        """Tick rows, or not; what cannot be read is left out."""
        paths = {self.found[row].path for row in rows if self.found[row].readable}
        self._ticked = self._ticked | paths if on else self._ticked - paths
        self._told()

    def is_ticked(self, row: int) -> bool:
        """Whether a row is ticked."""
        return self.found[row].path in self._ticked

    def say(self, rows: Iterable[int], column: int, text: str) -> None:
        """Give rows a subject or a session; an empty one takes it away."""
        field, value = FIELDS[column], text.strip() or None
        for row in rows:
            self.found[row] = replace(self.found[row], why=self.tr("by hand"), **{field: value})
            self._by_hand[self.found[row].path, field] = value
        self._told()

    def _told(self) -> None:
        if self.found:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.found) - 1, NOTES))
        self.changed.emit()

    # What the table asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.found)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        one, flags = self.found[index.row()], super().flags(index)
        if not one.readable:
            return flags
        if index.column() == NAME:
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in FIELDS else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one, column = self.found[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._text(one, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(one.path) if column == NAME else self._text(one, column)
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME and one.readable:
            return Qt.CheckState.Checked if one.path in self._ticked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ForegroundRole and (column == NOTES or not one.readable):
            return QColor(
                theme.token("muted" if one.readable and not one.warnings else "warn" if one.readable else "bad")
            )
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role == Qt.ItemDataRole.CheckStateRole:
            self.tick([index.row()], Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole and index.column() in FIELDS:
            if str(value).strip() != (getattr(self.found[index.row()], FIELDS[index.column()]) or ""):
                self.say([index.row()], index.column(), str(value))
            return True
        return False

    def _text(self, one: Found, column: int) -> str:
        if column == NAME:
            root = next((root for root in self._roots if one.path.is_relative_to(root)), None)
            return one.path.name if root is None or one.path == root else str(one.path.relative_to(root))
        if column == LENGTH:
            return clock(one.duration_s, 0) if one.duration_s else ""
        if column == NOTES:
            notes = [self.tr("in the study already")] * (one.path in self._known)
            notes += [self.tr("you are asked when it is added")] * (one.readable and not one.duration_s)
            return "; ".join(
                [*notes, *one.warnings, *(self.tr("events in {}").format(path.name) for path in one.events)]
            )
        return {FORMAT: one.format or "—", SUBJECT: one.subject, SESSION: one.session, WHY: one.why}[column] or ""
