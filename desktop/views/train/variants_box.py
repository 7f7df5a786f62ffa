"""Asks what is compared on the same folds: recipes that were kept as variants, and the recipe as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidgetItem, QVBoxLayout, QWidget

from core.errors import HitscopeError
from core.training import TrainingSpec
from desktop.views.train.removable import RemovableList
from desktop.views.train.words import variant_name
from desktop.widgets.parts import button, label

Fields = dict[str, Any]
ROLE = Qt.ItemDataRole.UserRole


def same(one: Fields, other: Fields) -> bool:
    """Return whether two variants are trained alike, however much of what is usual they say."""
    try:
        return one == other or TrainingSpec.from_json(one) == TrainingSpec.from_json(other)
    except HitscopeError:
        return False


class VariantsBox(QWidget):
    """`changed` when others are compared; `kept` asks for the recipe as it stands; `used` (fields) wants one as the recipe."""

    changed = Signal()
    kept = Signal()
    used = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.list, self.text = RemovableList(), label("", "muted", wrap=True)
        self.list.setAccessibleName(self.tr("Variants that are compared; F2 names one, Del takes it out"))
        self.list.setToolTip(self.tr("The first is what the others are compared with. F2 names one, Del takes it out."))
        self.list.setFixedHeight(76)
        self.list.itemChanged.connect(lambda _item: self._changed())
        self.list.currentRowChanged.connect(lambda _row: self._dress())
        self.list.removed.connect(self.remove)
        self.keep = button(
            self.tr("Add as a variant"),
            self.kept.emit,
            tip=self.tr("Keep the recipe as it stands; then change it, and both are trained on the same folds"),
        )
        self.use = button(
            self.tr("Use"), lambda: self.used.emit(self._current()), tip=self.tr("Fill the recipe with this variant")
        )
        self.out = button(
            self.tr("Take out"), lambda: self.remove(self.list.currentRow()), tip=self.tr("It is not compared (Del)")
        )
        for widget in (self.keep, self.use, self.out):
            row.addWidget(widget)
        for part in (self.text, self.list):
            column.addWidget(part)
        column.addLayout(row)
        self._dress()

    def add(self, fields: Fields) -> None:
        """Keep a variant, unless it is there already."""
        if self.name_of(fields) is None:
            self._append(variant_name(fields, dict(self._rows())), fields)
            self._changed()

    def remove(self, row: int) -> None:
        """Take one out."""
        if 0 <= row < self.list.count():
            self.list.takeItem(row)
            self._changed()

    def name_of(self, fields: Fields) -> str | None:
        """Return what a variant is called that is there already."""
        return next((name for name, kept in self._rows() if same(kept, fields)), None)

    def value(self, fields: Fields) -> dict[str, Fields]:
        """Return the variants that were kept, and `fields`, the recipe as it stands, unless it is one of them."""
        kept = dict(self._rows())
        return kept if self.name_of(fields) is not None else {**kept, variant_name(fields, kept): fields}

    def set_value(self, variants: Mapping[str, Fields]) -> None:
        """Keep these; one alone is the recipe as it stands."""
        self.list.blockSignals(True)
        self.list.clear()
        for name, fields in variants.items() if len(variants) > 1 else ():
            self._append(name, fields)
        self.list.blockSignals(False)
        self._changed()

    def problems(self) -> dict[str, str]:
        """Return what is wrong with the names; what else can be is said by the specification."""
        names = self._names()
        twice = next((name for name in names if names.count(name) > 1), None)
        return {} if twice is None else {"variants": self.tr("two are called “{}”: name one (F2)").format(twice)}

    def say(self, problems: Mapping[str, str]) -> None:
        """The sentence above Start says it."""

    def title_of(self, _name: str) -> str:
        """Return what the list is called."""
        return self.tr("Variants")

    def tell(self, fields: Fields) -> None:
        """Say what is compared if the recipe stands as `fields`."""
        name = self.name_of(fields)
        if not self.list.count():
            text = self.tr("One recipe, nothing to compare. To compare, add it as a variant and change the recipe.")
        elif name is None:
            text = self.tr("Compared on the same folds: these, and the recipe as it stands, “{}”.").format(
                list(self.value(fields))[-1]
            )
        else:
            text = self.tr("Compared on the same folds. The recipe stands as “{}”: change it for another.").format(name)
        self.text.setText(text)
        self.keep.setEnabled(name is None)

    def _append(self, name: str, fields: Fields) -> None:
        item = QListWidgetItem(name)
        item.setData(ROLE, fields)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.list.addItem(item)

    def _rows(self) -> list[tuple[str, Fields]]:
        items = (self.list.item(row) for row in range(self.list.count()))
        return [(item.text().strip(), item.data(ROLE)) for item in items]

    def _names(self) -> list[str]:
        return [name for name, _ in self._rows()]

    def _current(self) -> Fields:
        return dict(self._rows()[self.list.currentRow()][1])

    def _changed(self) -> None:
        self._dress()
        self.changed.emit()

    def _dress(self) -> None:
        self.list.setVisible(self.list.count() > 0)
        for widget in (self.use, self.out):
            widget.setVisible(self.list.count() > 0)
            widget.setEnabled(self.list.currentRow() >= 0)
