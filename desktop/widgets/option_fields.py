"""Fields that ask for an option, one for each type of `core.options`; what was typed stays as it was typed, right or wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QListWidget, QListWidgetItem

from core.options import Option
from desktop.services.guard import guarded
from desktop.widgets.elided import ElidedComboBox

ROWS = 5  # of a list of ticks that are seen at once
Role = Qt.ItemDataRole


class NumberField(QAbstractSpinBox):
    """A number in any notation, ``2e-3`` and the user's own included; arrows change its second digit, or a whole number by 1."""

    changed = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self._option, self._whole = option, option.type == "whole number"
        self._locale = QLocale()
        self._locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().setPlaceholderText(self.tr(option.unset))
        self.lineEdit().textChanged.connect(lambda _text: self.changed.emit())
        self.set_value(option.default)

    def value(self) -> Any:
        """Return the number, None where nothing stands, and a text that is no number as it is."""
        text = self.lineEdit().text().strip()
        if not text:
            return None
        own, good = self._locale.toDouble(text)
        value = own if good else self._option.read(text)
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def set_value(self, value: Any) -> None:
        """Show a value."""
        if isinstance(value, float):
            text = self._locale.toString(value, "g", QLocale.FloatingPointPrecisionOption.FloatingPointShortest.value)
        else:
            text = "" if value is None else str(value)
        self.lineEdit().setText(text)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position  # what is wrong is said beside the field, not refused

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled

    @guarded
    def stepBy(self, steps: int) -> None:
        value = self.value()
        if not isinstance(value, (int, float)):
            value = self._option.default if self._option.default is not None else max(self._option.low, 0)
        step = 1 if self._whole else 10.0 ** (math.floor(math.log10(abs(value) or 0.1)) - 1)
        wanted = min(max(value + steps * step, self._option.low), self._option.high)
        wanted = wanted if self._whole else float(f"{wanted:.10g}")
        if self._option.rule.fits(wanted):
            self.set_value(int(wanted) if self._whole else wanted)

    @guarded
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the form, unless the field is in use."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class TickField(QCheckBox):
    """Yes or no."""

    changed = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.toggled.connect(lambda _on: self.changed.emit())
        self.set_value(option.default)

    def value(self) -> bool:
        """Return whether it is so."""
        return self.isChecked()

    def set_value(self, value: Any) -> None:
        """Show a value."""
        self.setChecked(bool(value))


class ChoiceField(ElidedComboBox):
    """One of a list; of runs, those that `offer` was given."""

    changed = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        none = {None: option.unset} if option.unset else {}
        answers = {True: self.tr("yes"), False: self.tr("no")} if option.type == "yes or no" else option.choices
        self.offer(none | dict(answers) if option.type != "run" else none)
        self.currentIndexChanged.connect(lambda _row: self.changed.emit())
        self.set_value(option.default)

    def offer(self, choices: Mapping[Any, str], why_none: str = "") -> None:
        """Offer choices, title by value; with none, the field is off and shows why."""
        chosen = self.value()
        self.blockSignals(True)
        self.clear()
        for value, title in choices.items():
            self.addItem(self.tr(title), value)
        self.setEnabled(bool(choices))
        if not choices:
            self.addItem(why_none, None)
        self.setToolTip(why_none)
        self.set_value(chosen)
        self.blockSignals(False)

    def value(self) -> Any:
        """Return the value that is chosen."""
        return self.currentData()

    def set_value(self, value: Any) -> None:
        """Choose a value; the first, if it is not there."""
        rows = [row for row in range(self.count()) if self.itemData(row) == value]
        self.setCurrentIndex(rows[0] if rows else 0)

    @guarded
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the form, unless the field is in use."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class SomeField(QListWidget):
    """Some of a list, each with a tick."""

    changed = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self._open = bool(option.unset)
        self.setProperty("role", "ticks")
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.itemChanged.connect(lambda _item: self.changed.emit())
        self.offer(option.choices)

    def offer(self, choices: Mapping[Any, str], why_none: str = "") -> None:
        """Offer choices, title by value, none of them ticked."""
        self.blockSignals(True)
        self.clear()
        for value, title in choices.items():
            item = QListWidgetItem(title)
            item.setData(Role.UserRole, value)
            item.setToolTip(title)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.addItem(item)
        self.setCurrentRow(0)
        self.setEnabled(bool(choices))
        self.setToolTip(why_none)
        shown = min(max(len(choices), 1), ROWS)
        self.setFixedHeight(shown * max(self.sizeHintForRow(0), self.fontMetrics().height() + 8) + 6)
        self.blockSignals(False)

    def value(self) -> list[Any] | None:
        """Return what is ticked; None for nothing, if nothing has a meaning."""
        items = (self.item(row) for row in range(self.count()))
        ticked = [item.data(Role.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]
        return ticked or (None if self._open else [])

    def set_value(self, value: Any) -> None:
        """Tick these and no others."""
        wanted = value or ()
        for row in range(self.count()):
            item = self.item(row)
            on = item.data(Role.UserRole) in wanted
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


Field = NumberField | TickField | ChoiceField | SomeField


def _yes_or_no(option: Option) -> Field:
    return ChoiceField(option) if option.unset else TickField(option)


FIELDS: dict[str, Callable[[Option], Field]] = {
    "whole number": NumberField,
    "number": NumberField,
    "yes or no": _yes_or_no,
    "one of a list": ChoiceField,
    "some of a list": SomeField,
    "run": ChoiceField,
}
