"""What is shown of a recording: as stored, or through a montage and filters; never what is stored."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from core.errors import HitscopeError
from core.signals import Filters, Montage, Recording, apply_filters, apply_montage


class Derived(QObject):
    """The montage and the filters in use; `changed` tells that what is shown must be made anew."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.montage: Montage | None = None
        self.filters = Filters()

    def use_montage(self, montage: Montage | None) -> None:
        """Show another montage; None shows the channels as recorded."""
        if montage != self.montage:
            self.montage = montage
            self.changed.emit()

    def use_filters(self, filters: Filters) -> None:
        """Show through other filters."""
        if filters != self.filters:
            self.filters = filters
            self.changed.emit()

    def of(self, stored: Recording, bad: frozenset[str]) -> Recording:
        """Return what is shown of a recording.

        Raises
        ------
        InputError
            If a montage or filter does not fit it.
        """
        shown = stored if self.montage is None else apply_montage(stored, self.montage, bad)
        return apply_filters(shown, self.filters)

    def sentence(self) -> str:
        """Return what stands in the toolbar at all times, such as ``Common average · EEG 0.5–40 Hz, notch 50``."""
        montage = self.tr("as recorded") if self.montage is None else self.montage.name
        return f"{montage} · {self.filters.sentence()}"

    def kept(self) -> dict[str, Any]:
        """Return what the study remembers, as JSON."""
        montage = None if self.montage is None else self.montage.to_json()
        return {"montage": montage, "filters": self.filters.to_json()}

    def start(self, kept: dict[str, Any]) -> None:
        """Take up what was remembered; what cannot be understood is left out."""
        try:
            montage = kept.get("montage")
            self.montage = None if montage is None else Montage.from_json(montage)
            self.filters = Filters.from_json(kept.get("filters") or {})
        except HitscopeError:
            self.montage, self.filters = None, Filters()
