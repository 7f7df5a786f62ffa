"""Widgets whose text may be longer than their place: it ends in "…", and all of it is one hover away.

None of them asks for more width than a few letters, so that a long name never widens the window.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QStyle, QStyleOptionButton, QStyleOptionComboBox, QWidget

from desktop.services.guard import guarded

LEAST_LETTERS = 6
BUTTON_PADDING = 18  # px, both sides of what the style sheet gives buttons of the role `line`


def fitted(widget: QWidget, text: str, width: int) -> str:
    """Return a text as far as it fits; where it was cut, all of it becomes the tooltip, else what the property `tip` says."""
    shown = widget.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
    whole = text if shown != text else widget.property("tip") or ""
    if whole != widget.toolTip():
        widget.setToolTip(whole)
    return shown


class _Narrow:
    """What asks for a few letters at least, not for its whole text."""

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), LEAST_LETTERS * self.fontMetrics().averageCharWidth()), hint.height())


class ElidedLabel(_Narrow, QLabel):
    """One line of text."""

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        area = self.contentsRect()
        shown, painter = fitted(self, self.text(), area.width()), QPainter(self)
        role = self.foregroundRole()
        self.style().drawItemText(painter, area, int(self.alignment()), self.palette(), self.isEnabled(), shown, role)


class ElidedButton(_Narrow, QPushButton):
    """A line of the status bar that does something."""

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = fitted(self, self.text(), self.width() - BUTTON_PADDING)
        self.style().drawControl(QStyle.ControlElement.CE_PushButton, option, QPainter(self), self)


class ElidedComboBox(QComboBox):
    """A choice; its list is as wide as it must be."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        style, option, painter = self.style(), QStyleOptionComboBox(), QPainter(self)
        self.initStyleOption(option)
        place = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = fitted(self, self.currentText(), place.width() - 4)
        style.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option, painter, self)
        style.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option, painter, self)

    def showPopup(self) -> None:
        wide = max((self.fontMetrics().horizontalAdvance(self.itemText(n)) for n in range(self.count())), default=0)
        self.view().setMinimumWidth(max(self.width(), wide + 40))
        super().showPopup()
