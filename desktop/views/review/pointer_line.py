"""The line under the pictures: what is under the pointer, else how the page is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale

from core.signals import Recording, gate_of
from desktop.views.review.pictures.beyond import beyond_text
from desktop.views.review.spectral import called, with_probe
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.parts import clock, decimals_for, number, unit_of

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class PointerLine(ElidedLabel):
    """Time, time of day and value under the pointer."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__()
        self._room = room
        self.setProperty("role", "muted")
        self.setContentsMargins(10, 2, 10, 4)
        self.setAccessibleName(self.tr("Under the pointer"))

    def refresh(self) -> None:
        """Say it anew."""
        room = self._room
        t, recording = room.pointing.cursor_s, room.recording
        if t is None or recording is None or room.traces.drawn_page is None:
            self.setText(self._drawn())
            return
        parts = [clock(t, 3)]
        if recording.start_time is not None:
            at = QDateTime(recording.start_time).addMSecs(round(1000 * t))
            parts.append(QLocale().toString(at, "yyyy-MM-dd HH:mm:ss"))
        hz, value = room.pointing.cursor_hz, room.traces.value_at(t, room.channel_name)
        if hz is not None:
            parts += self._of_spectrogram(recording, t, hz)
        elif value is not None:
            unit = unit_of(recording.channels[room.picture_channel])
            parts.append(f"{room.channel_name} {number(value, 3 if abs(value) < 10 else 1)} {unit}")
        self.setText(" · ".join(parts))

    def _of_spectrogram(self, recording: Recording, t: float, hz: float) -> list[str]:
        """Say which frequency or velocity is under the pointer, and its level."""
        room = self._room
        axis, name = room.spectrogram.frequency, called(room.channel_name, gate_of(recording, room.picture_channel))
        said = f"{number(hz, 1 if abs(hz) < 100 else 0)} Hz"
        if axis.velocity:
            said = with_probe(f"{number(hz * axis.factor, 1)} cm/s", room.spectral.look)
        level = room.spectrogram.level_at(t, hz)
        return [f"{name} {said}", *([] if level is None else [f"{number(level, 1)} dB"])]

    def _drawn(self) -> str:
        drawn = self._room.traces.drawn_page
        if drawn is None:
            return ""
        if not drawn.page.lines:
            return self.tr("No channel is shown: tick one, or choose All")
        if (drawn.page.start_s, drawn.page.length_s) != (self._room.start_s, self._room.length_s):
            return self.tr("This page has not been read")
        said = self.tr("Every sample is drawn")
        if drawn.page.samples_per_px > 2:
            said = self.tr("Smallest and largest of {} samples in each pixel: no extreme is left out")
        beyond = beyond_text(drawn.cut)
        if beyond:
            return self._squares() + self.tr("{}: − makes traces smaller").format(beyond)
        return self._squares() + said.format(number(drawn.page.samples_per_px))

    def _squares(self) -> str:
        """Say what a small square of the paper stands for on the chosen channel, which may be none of an ECG."""
        traces, speed = self._room.traces, self._room.appearance.paper_speed
        row = next((row for row in traces.rows if row.name == traces.chosen), None)
        if traces.paper_px is None or row is None:
            return ""
        tall = traces.paper_px / row.px_per_unit
        said = self.tr("Small square: {} ms × {} {} ({}) · ")
        return said.format(number(1000 / speed), number(tall, decimals_for(tall, 2)), row.unit, row.name)
