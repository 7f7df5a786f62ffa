"""The inspector: what is known of the selected event, in every room."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from core.events import settings_text
from core.signals import frequencies, log_spectrogram
from core.study import EventTable, HistoryEntry
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import NOTHING, badge, clock, label, local_time, number, percent, unit_of
from desktop.widgets.plots import image_levels, pen, plot
from desktop.widgets.representation_preview import RepresentationPreview

SURROUNDINGS_S = 0.4
HISTORY = 8
# How attributes of the detectors are called, and their unit and decimals; others are shown as they are.
ATTRIBUTES: dict[str, tuple[str, str, int]] = {
    "hbr_db": ("HBR", "dB", 1),
    "ratio_db": ("stands out", "dB", 1),
    "direction": ("direction index", "", 2),
    "peak_hz": ("peak frequency", "Hz", 0),
    "velocity_cm_s": ("velocity", "cm/s", 0),
    "bandwidth_hz": ("bandwidth", "Hz", 0),
    "kurtosis": ("spectral kurtosis", "", 1),
    "time_in_cycle_s": ("in cycle", "s", 2),
    "gate_delay_ms": ("gate delay", "ms", 1),
    "quality": ("quality of the signal", "", 2),
    "onset_s": ("annotated at", "s", 3),
    "peak_s": ("R peak at", "s", 3),
}


@dataclass(frozen=True)
class Surroundings:
    """What surrounds an event: times from its start (s), samples, and the spectrogram (dB) with its frequencies (Hz)."""

    event: int
    t: np.ndarray
    y: np.ndarray
    length_s: float
    axis: str
    db: np.ndarray | None
    freqs_hz: np.ndarray
    two_sided: bool


def read_surroundings(session: Session, event: EventTable) -> Surroundings:
    """Read an event with 0.4 s on both sides (in a task)."""
    recording = session.recording(int(event.recording[0]))
    names = [c.name for c in recording.channels]
    channel = names.index(event.channel[0]) if event.channel[0] in names else 0
    start, length = float(event.start_s[0]), float(event.duration_s[0])
    left = max(0.0, start - SURROUNDINGS_S)
    y = recording.read_seconds(channel, left, start + length + SURROUNDINGS_S)
    fs, unit = recording.channels[channel].fs, unit_of(recording.channels[channel])
    gate = next((g for g, pair in enumerate(recording.gates) if channel in pair), None)
    first = round(left * fs)
    signal: Any = y if gate is None else recording.read_iq(gate, first, first + len(y))
    nfft = 1 << max(4, int(np.log2(fs * (0.15 if gate is None else 0.02))))
    db = None
    if len(signal) >= nfft:
        db = log_spectrogram(np.nan_to_num(signal), fs, nfft, max(1, len(signal) // 250)).db
    return Surroundings(
        int(event.id[0]), left + np.arange(len(y)) / fs - start, y, length, f"{names[channel]} ({unit})", db,
        frequencies(nfft, fs, two_sided=gate is not None), gate is not None,
    )  # fmt: skip


class Inspector(QScrollArea):
    """Trace and spectrogram of the selected event, its attributes, its label and who gave it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown: int | None = None
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Inspector"))
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(10, 10, 10, 10)
        self.title, self.where = label("", "title", wrap=True), label("", "muted", wrap=True)
        self.simulated = badge(self.tr("simulated"))
        self.trace = plot(self.tr("Trace of the selected event"), self.tr("Time from its start (s)"))
        self.picture = plot(self.tr("Spectrogram of the selected event"), self.tr("Time from its start (s)"))
        self._curve = pg.PlotCurveItem(connect="finite")
        self._span = pg.LinearRegionItem((0, 0), movable=False, brush=QColor(120, 160, 255, 50))
        self.trace.addItem(self._span)
        self.trace.addItem(self._curve)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setLookupTable(theme.cividis())
        self.picture.addItem(self._image)
        self.trace.dress(self._dress)
        self.facts, self.history = label("", wrap=True), label("", "muted", wrap=True)
        self.history_title = label(self.tr("History"), "title")
        self.preview = RepresentationPreview(session)
        for canvas in (self.trace, self.picture):
            canvas.setFixedHeight(164)
            canvas.getAxis("left").setWidth(56)
        for widget in (
            self.title, self.simulated, self.where, self.facts, self.trace, self.picture, self.preview, self.history_title,
            self.history,
        ):  # fmt: skip
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setWidget(content)
        session.selection.changed.connect(lambda _ids, _origin: self.refresh())
        session.labels_changed.connect(self._touched)
        session.veiled.connect(self.refresh)
        session.events_changed.connect(self._moved)
        session.study_changed.connect(self._forget)
        self.refresh()

    def refresh(self) -> None:
        """Show the first selected event."""
        ids, events = self._session.selection.ids, self._session.events
        rows = np.flatnonzero(events.id == ids[0]) if ids else []
        there = len(rows) > 0
        for widget in (self.trace, self.picture, self.facts, self.history, self.history_title):
            widget.setVisible(there)
        if not there:
            self._shown = None
            self.preview.show_event(None)
            self.simulated.hide()
            self.title.setText(self.tr("No event selected"))
            open_ = self._session.study is not None
            how = self.tr("Click an event, or press N for the next one.") if open_ else self.tr("Open a study first.")
            self.where.setText(how)
            return
        event = self._session.seen(events.take(rows[:1]))
        self._tell(event, len(ids))
        tasks, number_ = self._session.tasks, int(event.id[0])
        if number_ != self._shown:
            tasks.submit("inspector", read_surroundings, self._session, event, done=self._show)
            self.preview.show_event(event)
        tasks.submit("inspector history", self._read_history, number_, done=self._show_history)

    def add_below_pictures(self, widget: QWidget) -> None:
        """Let a room say something of what it draws over trace and spectrogram."""
        layout = self.widget().layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.indexOf(self.picture) + 1, widget)

    def _forget(self) -> None:
        self._shown = None
        self.refresh()

    def _touched(self, ids: list[int]) -> None:
        if set(self._session.selection.ids[:1]) & set(ids):
            self.refresh()

    def _moved(self, ids: list[int]) -> None:
        if self._shown in ids:
            self._forget()

    def _tell(self, event: EventTable, selected: int) -> None:
        entry = self._session.entry_of(event.recording[0])
        more = self.tr(" and {} more").format(number(selected - 1)) if selected > 1 else ""
        self.title.setText(self.tr("Event {}").format(event.id[0]) + more)
        self.simulated.setVisible(bool(entry and entry.simulated))
        name, at = entry.name if entry else "?", clock(event.start_s[0], 2)
        length = number(1000 * event.duration_s[0])
        self.where.setText(self.tr("{} at {}, {} ms, {}").format(name, at, length, event.kind[0]))
        self.facts.setText(self._facts(event))

    def _facts(self, event: EventTable) -> str:
        lines, text = [], event.label[0]
        if text:
            shape = theme.class_shape(self._session.position_of(text))
            lines.append(f"<b>{shape} {escape(text)}</b>, {self._origin(event)}")
        else:
            lines.append(self.tr("not labelled"))
        lines += [self._fact(name, value) for name, value in event.attributes[0].items()]
        return "<br>".join(lines)

    def _fact(self, name: str, value: Any) -> str:
        """Return an attribute in words."""
        title, unit, decimals = ATTRIBUTES.get(name, (name, "", 2))
        if name == "direction" and value is None:
            return self.tr("direction: unknown (mono)")
        if name == "probability" and isinstance(value, float):
            return self.tr("P(embolus): {}").format(percent(value))
        if isinstance(value, dict):
            return escape(f"{title}: {settings_text(value)}")
        shown = (
            NOTHING if value is None else number(value, decimals) if isinstance(value, float) else escape(str(value))
        )
        return f"{escape(title)}: {shown} {unit if value is not None else ''}".rstrip()

    def _origin(self, event: EventTable) -> str:
        """Return how the label came about: ``labelled by propagation from event 12 (LQ 0.83)``."""
        if event.label_source[0] != "propagated":
            return {
                "human": self.tr("labelled by hand"),
                "imported": self.tr("came with the recording"),
                "simulated": self.tr("from the simulation's truth"),
            }.get(event.label_source[0], event.label_source[0])
        quality = event.label_confidence[0]
        shown = number(quality, 2) if np.isfinite(quality) else "?"
        return self.tr("labelled by propagation from event {} (LQ {})").format(event.label_origin[0], shown)

    def _read_history(self, event_id: int) -> list[HistoryEntry]:
        study = self._session.study
        return [] if study is None else study.history(HISTORY, event_id)

    def _show_history(self, entries: list[HistoryEntry]) -> None:
        hidden = self.tr("Hidden while you decide without knowing what others said.")
        told = "\n".join(history_line(entry) for entry in entries)
        self.history.setText(told if self._session.veil is None else hidden)

    def _show(self, got: Surroundings) -> None:
        self._shown = got.event
        self._curve.setData(got.t, got.y)
        self._span.setRegion((0, got.length_s))
        self.trace.setLabel("left", got.axis, color=theme.token("muted"))
        if len(got.t):
            self.trace.setXRange(got.t[0], got.t[-1], padding=0)
            finite = got.y[np.isfinite(got.y)]
            if len(finite):
                self.trace.setYRange(float(finite.min()), float(finite.max()))
        self.picture.setVisible(got.db is not None)
        if got.db is None:
            return
        f, (low, high) = got.freqs_hz, image_levels(got.db)
        scaled = np.clip(np.nan_to_num((got.db - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
        self._image.setImage(np.ascontiguousarray(scaled), levels=(0, 255))
        self._image.setRect(QRectF(got.t[0], f[0], got.t[-1] - got.t[0], f[-1] - f[0]))
        axis = self.picture.getAxis("left")
        axis.setScale(0.001 if got.two_sided else 1.0)
        axis.setLabel(self.tr("kHz") if got.two_sided else self.tr("Hz"), color=theme.token("muted"))
        self.picture.setXRange(got.t[0], got.t[-1], padding=0)
        self.picture.setYRange(f[0], f[-1], padding=0)

    def _dress(self) -> None:
        self._curve.setPen(pen("trace"))
        for line in self._span.lines:
            line.setPen(pen("accent"))


def history_line(entry: HistoryEntry) -> str:
    """Return when, who and what of an entry of the history."""
    return f"{local_time(entry.at)}  {entry.annotator}: {entry.title}"
