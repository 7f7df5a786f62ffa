"""What is shown of a recording: as stored, or through a montage and filters; never what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.errors import HitscopeError
from core.signals import MONTAGES, Filters, Montage, Recording, apply_filters, apply_montage, find_channel, make_montage

RECORDED = "recorded"
Electrodes = Mapping[str, tuple[str, ...]]  # the recorded channels that a derivation is about, by its name


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

    def of(self, stored: Recording, bad: frozenset[str]) -> tuple[Recording, str, Electrodes]:
        """Return what is shown of a recording, what the toolbar says of it at all times, and what its channels are made of."""
        shown, said, electrodes = stored, self.name, {}
        try:
            chosen = self.montage
            made = chosen if isinstance(chosen, Montage) else make_montage(chosen, stored, sorted(bad))
            shown, electrodes = apply_montage(stored, made, sorted(bad)), electrodes_of(made, stored)
            if bad and not isinstance(chosen, Montage) and made != make_montage(chosen, stored):
                said = self.tr("{} without {}").format(said, ", ".join(sorted(bad)))
        except HitscopeError as error:
            said = self.tr("as recorded ({} does not fit: {})").format(self.name, error.what)
        try:
            return apply_filters(shown, self.filters), f"{said} · {self.filters.sentence()}", electrodes
        except HitscopeError as error:
            return shown, self.tr("{} · no filter ({})").format(said, error.what), electrodes

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


def electrodes_of(montage: Montage, stored: Recording) -> Electrodes:
    """Return the recorded channels of each derivation that make it what it is: both of ``Fp1-F7``, not an average reference."""
    found = {}
    for derivation in montage.derivations:
        least = max(abs(weight) for _, weight in derivation.weights) / 2
        numbers = [find_channel(stored, name) for name, weight in derivation.weights if abs(weight) >= least]
        found[derivation.name] = tuple(stored.channels[n].name for n in numbers if n is not None)
    return found
