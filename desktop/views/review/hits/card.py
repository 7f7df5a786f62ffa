"""The card of a HITS candidate: where it is in the queue and in the recording, and what was measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout

from core.events import Candidates, number_of
from desktop.models.hits_model import told
from desktop.services import theme
from desktop.widgets.parts import NOTHING, clock, label, line, number, percent

# Below the three that decide first: unit and decimals of each, by its attribute.
FEATURES = {
    "direction": ("", 2), "ratio_db": ("dB", 1), "peak_hz": ("Hz", 0), "velocity_cm_s": ("cm/s", 0), "bandwidth_hz": ("Hz", 0),
    "time_in_cycle_s": ("s", 2), "kurtosis": ("", 1), "gate_delay_ms": ("ms", 1), "quality": ("", 2),
}  # fmt: skip
COLUMNS = 2


class HitsCard(QFrame):
    """One candidate, large."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(self.tr("Candidate"))
        self.place, self.where = label("", "figure"), line("", "muted")
        self.verdict, self.reason = label("", "title"), label("", "muted", wrap=True)
        self.reason.setMinimumHeight(
            2 * self.reason.fontMetrics().lineSpacing() + 2
        )  # two lines, so that nothing moves
        self.reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hbr, self.duration, self.chance = label("", "figure"), label("", "figure"), label("", "figure")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setProperty("role", "thin")
        self.bar.setAccessibleName(self.tr("Probability of an embolus"))
        keep = self.bar.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(keep)
        self.source = line("", "muted")
        self.values: dict[str, QLabel] = {}
        column, head, large, grid = QVBoxLayout(self), QHBoxLayout(), QGridLayout(), QGridLayout()
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(6)
        head.addWidget(self.place)
        head.addStretch(1)
        head.addWidget(self.verdict)
        large.setHorizontalSpacing(12)
        for n, (title, value) in enumerate(
            ((self.tr("HBR"), self.hbr), (self.tr("Duration"), self.duration), (self.tr("P(embolus)"), self.chance))
        ):
            large.addWidget(label(title, "muted"), 0, n)
            large.addWidget(value, 1, n)
            large.setColumnStretch(n, 1)
            value.setAccessibleName(title)
        for n, (name, texts) in enumerate(self._titles().items()):
            self._add(grid, n, name, *texts)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        for n in range(COLUMNS):
            grid.setColumnStretch(2 * n + 1, 1)
        for layout in (head, self.where, large, self.bar, self.source, grid, self.reason):
            column.addLayout(layout) if not isinstance(layout, (QLabel, QProgressBar)) else column.addWidget(layout)

    def _titles(self) -> dict[str, tuple[str, str]]:
        """Return what each feature is called, and what it tells."""
        tr = self.tr
        return {
            "direction": (
                tr("Direction"),
                tr("Power towards the probe (+1) or away from it (−1); near 0 it goes both ways"),
            ),
            "ratio_db": (
                tr("Stands out"),
                tr(
                    "How far it stands out of the blood in time and frequency at once: its energy over the blood's density"
                ),
            ),
            "peak_hz": (tr("Peak"), tr("Its strongest Doppler shift")),
            "velocity_cm_s": (
                tr("Velocity"),
                tr("That of its strongest Doppler shift, along the beam: not corrected for the angle"),
            ),
            "bandwidth_hz": (tr("Bandwidth"), tr("Width of its spectrum at a quarter of the peak")),
            "time_in_cycle_s": (tr("In cycle"), tr("Time since the last steep rise of the flow")),
            "kurtosis": (
                tr("Kurtosis"),
                tr("Spectral kurtosis at its frequency over the second around; 0 for blood alone"),
            ),
            "gate_delay_ms": (tr("Gate delay"), tr("How much later it shows in the other gate")),
            "quality": (
                tr("Quality"),
                tr("Of the second around: 1 is whole, not clipped, and blood well above the noise; 0 is useless"),
            ),
        }

    def _add(self, grid: QGridLayout, n: int, name: str, title: str, tip: str) -> None:
        """Add a feature to the grid, two in a line."""
        heading, value = label(title, "muted"), label(NOTHING)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setAccessibleName(title)
        for widget in (heading, value):
            widget.setToolTip(tip)
        row, at = divmod(n, COLUMNS)
        grid.addWidget(heading, row, 2 * at)
        grid.addWidget(value, row, 2 * at + 1)
        self.values[name] = value

    def show_candidate(self, found: Candidates, row: int, place: int) -> None:
        """Show a candidate of the queue."""
        said = found.attributes[row]
        self.place.setText(self.tr("{} of {}").format(number(place + 1), number(len(found))))
        self.where.setText(
            self.tr("at {} on {}").format(clock(found.start_s[row], 2), found.channel[row] or self.tr("the recording"))
        )
        self.hbr.setText(told(found.hbr_db[row], 1, "dB"))
        self.duration.setText(told(1000 * found.duration_s[row], 0, "ms"))
        chance = float(found.probability[row])
        self.chance.setText(percent(chance))
        own = found.maker[row] == "hits" and np.isfinite(chance)
        self.source.setText(self.tr("Probability: calibrated on simulated recordings") if own else "")
        self.bar.setVisible(bool(np.isfinite(chance)))
        self.bar.setValue(round(100 * chance) if np.isfinite(chance) else 0)
        for name, value in self.values.items():
            value.setText(self._text(name, said))
        self.reason.setText(self._reason(said))

    def show_verdict(self, verdict: str, position: int) -> None:
        """Show what the present annotator said of it."""
        shape = f'<span style="color:{theme.class_colour(position)}">{theme.class_shape(position)}</span>'
        self.verdict.setText(f"{shape} {escape(verdict)}" if verdict else self.tr("undecided"))

    def _text(self, name: str, said: Mapping[str, Any]) -> str:
        unit, decimals = FEATURES[name]
        value = number_of(said, name)
        if name == "direction" and name in said and said[name] is None:
            return self.tr("unknown (mono)")
        text = told(value, decimals, unit)
        if name != "direction" or not np.isfinite(value):
            return text
        way = self.tr("towards") if value > 0 else self.tr("away")
        return f"{'+' if value > 0 else ''}{text} {way}"

    def _reason(self, said: Mapping[str, Any]) -> str:
        """Return what the detector suggests, and why."""
        suggestion, reason = str(said.get("suggestion") or ""), str(said.get("reason") or "")
        if not suggestion and not reason:
            return self.tr("The detector gave no reason.")
        if not suggestion:
            return self.tr("Detector: {}").format(reason)
        return self.tr("Detector says {}").format(": ".join(filter(None, (suggestion, reason))))
