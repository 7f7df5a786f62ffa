"""Boxes of choices and filters of files, filled from the registries of `core`: what is registered there is offered here."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QComboBox

from core.registry import Entry
from core.signals import FORMATS, READABLE


def offer(box: QComboBox, entries: Mapping[str, Entry]) -> None:
    """Offer the entries of a registry, the key as data; what was chosen stays chosen if it is still there."""
    chosen = box.currentData()
    box.clear()
    for row, (key, entry) in enumerate(entries.items()):
        box.addItem(box.tr(entry.title), key)
        box.setItemData(row, box.tr(entry.help), Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(max(0, box.findData(chosen)))


def recording_filters() -> str:
    """Return the filters of a dialog that asks for recordings: all that can be read, then each format."""
    translate = QCoreApplication.translate
    formats = [(reader.TITLE, [f"*{extension}" for extension in reader.LISTED]) for reader in FORMATS]
    filters = [(translate("choices", "Recordings"), list(READABLE)), *formats]
    return ";;".join(f"{translate('choices', title)} ({' '.join(patterns)})" for title, patterns in filters)
