"""How the traces look: which channels, their order and scales, stacked or laid over each other, on paper or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.signals import Channel
from desktop.views.review.pictures.rows import Look

DEFAULT_CHANNELS = 32
LEAST_GAIN, MOST_GAIN = 0.01, 100.0
# Sensitivities as the field states them: µV/mm for EEG, EOG and EMG; for ECG mm/mV, kept here as µV/mm too.
MICROVOLTS_PER_MM = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500)
MM_PER_MILLIVOLT = (2.5, 5, 10, 20, 40)
PAPER_SPEEDS = (12.5, 25.0, 50.0, 100.0)  # mm/s


class Appearance(QObject):
    """The look of the recording that is shown; `changed` tells that its page must be drawn anew."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.look = Look()
        self.order: tuple[int, ...] = ()
        self.group = DEFAULT_CHANNELS  # how many channels are shown at once
        self.absolute = False
        self.paper_speed = 25.0
        self._kinds: dict[str, str] = {}  # of the channels, by name

    def start(self, channels: Sequence[Channel], bad: Sequence[str], kept: dict[str, Any]) -> None:
        """Take up a recording: as it was left (`kept`), as far as its channels are still there, else its first channels."""
        names = [c.name for c in channels]
        self._kinds = {c.name: c.kind for c in channels}
        order = [names.index(name) for name in kept.get("order", []) if name in names]
        self.order = (*order, *(n for n in range(len(names)) if n not in order))
        shown = [names.index(name) for name in kept.get("shown", []) if name in names]
        self.look = Look(
            channels=tuple(n for n in self.order if n in shown) or self.order[:DEFAULT_CHANNELS],
            gain=float(np.clip(kept.get("gain", 1.0), LEAST_GAIN, MOST_GAIN)),
            factors={name: float(f) for name, f in kept.get("factors", {}).items() if name in names},
            sensitivity={kind: float(s) for kind, s in kept.get("sensitivity", {}).items()},
            overlaid=bool(kept.get("overlaid", False)),
            paper=bool(kept.get("paper", False)),
            bad=frozenset(bad),
        )
        self.paper_speed = float(kept.get("paper_speed", self.paper_speed))
        self.group = len(self.look.channels)
        if self.order and self.order[-1] in self.look.channels:  # the last group may be smaller than the others
            self.group = max(self.group, min(int(kept.get("group", 1)), len(names)))

    def kept(self, channels: Sequence[Channel]) -> dict[str, Any]:
        """Return what the study remembers of the look, as JSON."""
        look = self.look
        return {
            "order": [channels[n].name for n in self.order],
            "group": self.group,
            "shown": [channels[n].name for n in look.channels],
            "gain": look.gain,
            "factors": dict(look.factors),
            "sensitivity": dict(look.sensitivity),
            "overlaid": look.overlaid,
            "paper": look.paper,
            "paper_speed": self.paper_speed,
        }

    def change(self, **fields: Any) -> None:
        """Change fields of the look."""
        look = replace(self.look, **fields)
        if look != self.look:
            self.look = look
            self.changed.emit()

    def show_channels(self, channels: Sequence[int]) -> None:
        """Show these channels, in the order of all, and from now on groups of as many."""
        self.group = max(1, len(channels))
        self.change(channels=tuple(n for n in self.order if n in set(channels)))

    def reorder(self, order: Sequence[int]) -> None:
        """Put all channels into another order."""
        self.order = tuple(order)
        self.change(channels=tuple(n for n in self.order if n in set(self.look.channels)))

    def amplify(self, factor: float) -> None:
        """Draw all traces larger or smaller."""
        self.change(gain=float(np.clip(self.look.gain * factor, LEAST_GAIN, MOST_GAIN)))

    def amplify_channel(self, name: str, factor: float) -> None:
        """Draw one channel larger or smaller than the others of its kind."""
        now = float(np.clip(self.look.factors.get(name, 1.0) * factor, LEAST_GAIN, MOST_GAIN))
        self.change(factors={**self.look.factors, name: now})

    def set_sensitivity(self, kind: str, microvolts_per_mm: float | None) -> None:
        """Draw a kind of channel at a fixed scale; None fits it to its rows."""
        others = {k: s for k, s in self.look.sensitivity.items() if k != kind}
        given = {} if microvolts_per_mm is None else {kind: microvolts_per_mm}
        self.change(sensitivity=others | given, gain=1.0, factors=self._factors_without(kind))

    def put_on_paper(self, speed: float) -> None:
        """Draw on ECG paper of a speed (mm/s), and ECG at 10 mm/mV where nothing else was chosen."""
        self.paper_speed = speed
        sensitivity = {"ecg": 100.0, **self.look.sensitivity}
        self.change(paper=True, sensitivity=sensitivity, gain=1.0, factors=self._factors_without("ecg"))

    def _factors_without(self, kind: str) -> dict[str, float]:
        """Return the channels' own scales without those of a kind: one that was chosen holds for all of it."""
        return {name: factor for name, factor in self.look.factors.items() if self._kinds.get(name) != kind}

    def toggle_overlaid(self) -> None:
        """Lay traces over each other, or stack them."""
        self.change(overlaid=not self.look.overlaid)

    def reset(self) -> None:
        """Fit all traces to their rows again."""
        self.change(gain=1.0, factors={}, sensitivity={})
