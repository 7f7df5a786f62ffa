"""Boxes of choices, filled from the registries of `core`: what is registered there is offered here."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from core.registry import Entry


def offer(box: QComboBox, entries: Mapping[str, Entry]) -> None:
    """Offer the entries of a registry, the key as data; what was chosen stays chosen if it is still there."""
    chosen = box.currentData()
    box.clear()
    for row, (key, entry) in enumerate(entries.items()):
        box.addItem(box.tr(entry.title), key)
        box.setItemData(row, box.tr(entry.help), Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(max(0, box.findData(chosen)))
