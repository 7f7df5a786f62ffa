"""What is shown of a recording: as stored, or through a montage and filters; never what is stored."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.errors import HitscopeError
from core.signals import MONTAGES, Filters, Montage, Recording, apply_filters, apply_montage, make_montage

RECORDED = "recorded"


class Derived(QObject):
    """The montage and the filters in use; `changed` tells that what is shown must be made anew.

    `montage` is a key of `MONTAGES`, which is made for each recording with its own bad channels, or one that the study
    keeps. One that does not fit a recording is left out there, and the toolbar says so.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.montage: str | Montage = RECORDED
        self.filters = Filters()

    def use_montage(self, montage: str | Montage) -> None:
        """Show another montage."""
        if montage != self.montage:
            self.montage = montage
            self.changed.emit()

    def use_filters(self, filters: Filters) -> None:
        """Show through other filters."""
        if filters != self.filters:
            self.filters = filters
            self.changed.emit()

    @property
    def name(self) -> str:
        """What the montage is called."""
        return self.montage.name if isinstance(self.montage, Montage) else self.tr(MONTAGES[self.montage].title)

    def of(self, stored: Recording, bad: frozenset[str]) -> tuple[Recording, str]:
        """Return what is shown of a recording, and what the toolbar says of it at all times."""
        shown, said = stored, self.name
        try:
            chosen = self.montage
            made = chosen if isinstance(chosen, Montage) else make_montage(chosen, stored, sorted(bad))
            shown = apply_montage(stored, made, sorted(bad))
        except HitscopeError as error:
            said = self.tr("as recorded ({} does not fit: {})").format(self.name, error.what)
        try:
            return apply_filters(shown, self.filters), f"{said} · {self.filters.sentence()}"
        except HitscopeError as error:
            return shown, self.tr("{} · no filter ({})").format(said, error.what)

    def kept(self) -> dict[str, Any]:
        """Return what the study remembers, as JSON."""
        montage = self.montage.to_json() if isinstance(self.montage, Montage) else self.montage
        return {"montage": montage, "filters": self.filters.to_json()}

    def start(self, kept: dict[str, Any]) -> None:
        """Take up what was remembered; what cannot be understood is left out."""
        self.montage, self.filters = RECORDED, Filters()
        with suppress(HitscopeError):
            montage = kept.get("montage", RECORDED)
            self.montage = montage if montage in list(MONTAGES) else Montage.from_json(montage)
            self.filters = Filters.from_json(kept.get("filters", {}))
