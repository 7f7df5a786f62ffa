"""The inspector: what is known of the selected event, in every room."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from core.signals import frequencies, log_spectrogram
from core.study import HistoryEntry
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import badge, clock, label, number
from desktop.widgets.plots import image_levels, pen, plot

SURROUNDINGS_S = 0.4


class Inspector(QScrollArea):
    """Trace and spectrogram of the selected event, its attributes, its label and who gave it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Inspector"))
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(10, 10, 10, 10)
        self.title, self.where = label(self.tr("No event selected"), "title", wrap=True), label("", "muted", wrap=True)
        self.simulated = badge(self.tr("simulated"))
        self.trace = plot(self.tr("Trace of the selected event"), self.tr("Time from its start (s)"))
        self.picture = plot(self.tr("Spectrogram of the selected event"), self.tr("Time (s)"), self.tr("Hz"))
        self._curve = pg.PlotCurveItem(pen=pen("trace"), connect="finite")
        self._span = pg.LinearRegionItem((0, 0), movable=False, brush=pg.mkBrush(120, 160, 255, 50))
        self.trace.addItem(self._span)
        self.trace.addItem(self._curve)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setLookupTable(theme.cividis())
        self.picture.addItem(self._image)
        self.facts, self.history = label("", wrap=True), label("", "muted", wrap=True)
        self.history_title = label(self.tr("History"), "title")
        for canvas in (self.trace, self.picture):
            canvas.setFixedHeight(150)
        for widget in (self.title, self.simulated, self.where, self.trace, self.picture, self.facts):
            layout.addWidget(widget)
        layout.addWidget(self.history_title)
        layout.addWidget(self.history)
        layout.addStretch(1)
        self.setWidget(content)
        session.selection.changed.connect(lambda _ids, _origin: self.refresh())
        session.labels_changed.connect(lambda _ids: self.refresh())
        session.study_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the first selected event."""
        ids, events = self._session.selection.ids, self._session.events
        rows = np.flatnonzero(events.id == ids[0]) if ids else []
        there = len(rows) > 0
        for widget in (self.trace, self.picture, self.facts, self.history, self.history_title, self.where):
            widget.setVisible(there)
        if not there:
            self.simulated.hide()
            self.title.setText(self.tr("No event selected"))
            return
        event = events.take(rows[:1])
        entry = next((r for r in self._session.recordings if r.id == event.recording[0]), None)
        more = self.tr(" and {} more").format(number(len(ids) - 1)) if len(ids) > 1 else ""
        self.title.setText(self.tr("Event {}").format(event.id[0]) + more)
        self.simulated.setVisible(bool(entry and entry.simulated))
        name = entry.name if entry else "?"
        length = number(1000 * event.duration_s[0])
        self.where.setText(self.tr("{} at {}, {} ms, {}").format(name, clock(event.start_s[0]), length, event.kind[0]))
        self.facts.setText(self._facts(event))
        self._session.tasks.submit("inspector", self._read, int(ids[0]), done=self._show)

    def _facts(self, event: Any) -> str:
        lines = []
        text = event.label[0]
        if text:
            shape = theme.class_shape(self._session.position_of(text))
            lines.append(f"<b>{shape} {text}</b> ({event.label_source[0]})")
            if np.isfinite(event.label_confidence[0]):
                lines.append(self.tr("confidence (local quality) {}").format(number(event.label_confidence[0], 2)))
            if event.label_origin[0] >= 0:
                lines.append(self.tr("propagated from event {}").format(event.label_origin[0]))
        else:
            lines.append(self.tr("not labelled"))
        units = {"hbr_db": "dB", "peak_hz": "Hz", "onset_s": "s", "peak_s": "s"}
        for name, value in event.attributes[0].items():
            shown = number(value, 2) if isinstance(value, float) else str(value)
            lines.append(f"{name.rsplit('_', 1)[0] if name in units else name}: {shown} {units.get(name, '')}")
        return "<br>".join(lines)

    def _read(self, event_id: int) -> dict[str, Any]:
        """Read what surrounds an event (in a task)."""
        study = self._session.study
        assert study is not None
        event = study.events(ids=[event_id])
        recording = self._session.recording(int(event.recording[0]))
        names = [c.name for c in recording.channels]
        channel = names.index(event.channel[0]) if event.channel[0] in names else 0
        start, length = float(event.start_s[0]), float(event.duration_s[0])
        left = max(0.0, start - SURROUNDINGS_S)
        samples = recording.read_seconds(channel, left, start + length + SURROUNDINGS_S)
        fs, unit = recording.channels[channel].fs, recording.channels[channel].unit
        gate = next((g for g, pair in enumerate(recording.gates) if channel in pair), None)
        signal: Any = samples
        if gate is not None:
            first = round(left * fs)
            signal = recording.read_iq(gate, first, first + len(samples))
        nfft = 1 << max(4, int(np.log2(fs * (0.02 if gate is not None else 0.15))))
        db = None
        if len(signal) >= nfft:
            hop = max(1, len(signal) // 250)
            db = log_spectrogram(np.nan_to_num(signal), fs, nfft, hop).db
        return {
            "t": left + np.arange(len(samples)) / fs - start, "y": samples, "length": length, "unit": unit, "db": db,
            "freqs": frequencies(nfft, fs, two_sided=gate is not None), "history": study.history(8, event_id),
            "channel": names[channel],
        }  # fmt: skip

    def _show(self, got: dict[str, Any]) -> None:
        t = got["t"]
        self._curve.setData(t, got["y"])
        self._span.setRegion((0, got["length"]))
        self.trace.setLabel("left", f"{got['channel']} ({got['unit']})", color=theme.token("muted"))
        if len(t):
            self.trace.setXRange(t[0], t[-1], padding=0)
            finite = got["y"][np.isfinite(got["y"])]
            if len(finite):
                self.trace.setYRange(float(finite.min()), float(finite.max()))
        self.picture.setVisible(got["db"] is not None)
        if got["db"] is not None:
            db, f = got["db"], got["freqs"]
            low, high = image_levels(db)
            scaled = np.clip(np.nan_to_num((db - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
            self._image.setImage(np.ascontiguousarray(scaled), levels=(0, 255))
            self._image.setRect(pg.QtCore.QRectF(t[0], f[0], t[-1] - t[0], f[-1] - f[0]))
            self.picture.setXRange(t[0], t[-1], padding=0)
            self.picture.setYRange(f[0], f[-1], padding=0)
        self.history.setText("\n".join(_line(entry) for entry in got["history"]))


def _line(entry: HistoryEntry) -> str:
    return f"{entry.at[:16].replace('T', ' ')}  {entry.annotator}: {entry.title}"
