"""List items of a title, a muted line below it and badges."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.services import theme

NOTE, BADGES = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
LINE, PAD = 17, 6


def two_line_item(title: str, note: str, badges: tuple[str, ...] = (), tip: str = "") -> QListWidgetItem:
    """Return an item for a list with `TwoLineDelegate`; a screen reader hears all of it."""
    item = QListWidgetItem(title)
    item.setData(NOTE, note)
    item.setData(BADGES, badges)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join((title, *badges, note)))
    item.setToolTip(tip)
    return item


class TwoLineDelegate(QStyledItemDelegate):
    """Paints them."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, 2 * LINE + 2 * PAD)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(option.rect, QColor(theme.token("chosen" if chosen else "surface")))
        area = option.rect.adjusted(8, PAD, -8, -PAD)
        right = area.right()
        for text in reversed(index.data(BADGES) or ()):
            right = self._badge(painter, text, right, area.top() + LINE) - 4
        title = QRect(area.left(), area.top(), area.width(), LINE)
        note = QRect(area.left(), area.top() + LINE, right - area.left(), LINE)
        self._line(painter, title, index.data(), "on-chosen" if chosen else "text", bold=True)
        self._line(painter, note, index.data(NOTE) or "", "on-chosen" if chosen else "muted")
        painter.restore()

    @staticmethod
    def _line(painter: QPainter, rect: QRect, text: str, key: str, *, bold: bool = False) -> None:
        font = QFont(painter.font())
        font.setPixelSize(12)
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(QColor(theme.token(key)))
        # Names of recordings often differ at their ends only.
        mode = Qt.TextElideMode.ElideMiddle if bold else Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(text, mode, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    @staticmethod
    def _badge(painter: QPainter, text: str, right: int, top: int) -> int:
        """Paint a badge that ends at `right`; return where it begins."""
        font = QFont(painter.font())
        font.setPixelSize(11)
        font.setBold(True)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 10
        rect = QRect(right - width, top, width, LINE - 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.token("warn")))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(rect, 3, 3)
        painter.setPen(QColor(theme.token("surface")))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        return rect.left()
