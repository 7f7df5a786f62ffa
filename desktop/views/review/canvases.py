"""The pictures of Review: stacked traces, the spectrogram under them, the overview below both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics

from core.signals import Recording
from desktop.services import theme
from desktop.views.review.data import Opened, Page, Picture, gate_of
from desktop.widgets.parts import number, unit_of
from desktop.widgets.plots import TimeBox, pen, plot
from desktop.widgets.trace_layers import Box, EventLayer, ScaleBars, amount, nice

GUTTER_MARGIN = 12  # px between its names and its edges
GUTTER = 96  # px of the left axes, so that time lines up in all three
STRIP = 0.025  # of the traces' height: the strip of ticks at their top
DIMMED = 0.35


class TimeCanvas(QObject):
    """A plot of a page. Times are drawn relative to the page's start: curves are painted in single precision."""

    def __init__(self, name: str, time: str, y: str = "") -> None:
        super().__init__()
        self.box = TimeBox()
        self.widget = plot(name, time, y, self.box, clock=True)
        self.widget.getAxis("left").setWidth(GUTTER)
        self.start_s = 0.0

    def slide(self, start_s: float, length_s: float) -> None:
        """Move to another page before it is read: what is known of it is seen at once."""
        self.widget.setXRange(start_s - self.start_s, start_s - self.start_s + length_s, padding=0)

    def place(self, start_s: float, length_s: float) -> None:
        """Say where the page that is drawn begins."""
        self.start_s = start_s
        self.widget.getAxis("bottom").set_origin(start_s)
        self.widget.setXRange(0, length_s, padding=0)


class TraceCanvas(TimeCanvas):
    """Traces stacked in rows; each row's scale holds on all pages and stands in the gutter with a bar."""

    def __init__(self) -> None:
        super().__init__(self.tr("Traces"), "")
        self.widget.getAxis("bottom").setStyle(showValues=False)
        self.widget.getAxis("bottom").setHeight(6)
        self.widget.showGrid(x=True, alpha=0.25)
        self._curves: list[pg.PlotCurveItem] = []
        self._events, self._bars = EventLayer(texts=True), ScaleBars()
        self._ticks = EventLayer(5.0)
        self.widget.addItem(self._events, ignoreBounds=True)
        self.widget.addItem(self._ticks, ignoreBounds=True)
        self.widget.addItem(self._bars, ignoreBounds=True)
        self._keys: list[str] = []
        self.widget.dress(self._dress)

    def show_page(self, page: Page, opened: Opened, gain: float) -> None:
        """Show a page; `gain` multiplies the scale that fits each channel into its row."""
        recording = opened.recording
        while len(self._curves) < len(page.channels):
            curve = pg.PlotCurveItem(antialias=False, connect="finite")
            self.widget.addItem(curve)
            self._curves.append(curve)
        ticks, bars = [], []
        for row, curve in enumerate(self._curves):
            curve.setVisible(row < len(page.channels))
            if row >= len(page.channels):
                continue
            t, y = page.lines[row]
            number_ = page.channels[row]
            middle = float(np.nanmedian(y)) if np.isfinite(y).any() else 0.0
            scale = gain * 0.85 / opened.spread[number_]
            curve.setData(t - page.start_s, (y - middle) * scale - row)
            stated = nice(0.5 / scale)
            channel = recording.channels[number_]
            ticks.append((-row, self._gutter(channel.name, amount(stated, unit_of(channel)))))
            bars.append((-row, stated * scale))
        self.widget.getAxis("left").setTicks([ticks])
        self._bars.show_bars(bars, 0.0)
        self._keys = [f"trace-{_group(recording, n) % 8 + 1}" for n in page.channels]
        self._dress()
        self.place(page.start_s, page.length_s)
        self.widget.setYRange(-len(page.channels) + 0.4, 0.6, padding=0)

    def _gutter(self, *lines: str) -> str:
        """Return lines as far as they fit into the gutter: what is wider, the axis would leave out altogether."""
        metrics = QFontMetrics(self.widget.getAxis("left").font())
        room = GUTTER - GUTTER_MARGIN
        return "\n".join(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room) for text in lines)

    def show_boxes(self, boxes: list[Box], ticks: list[Box], rows: int) -> None:
        """Show events over all rows, and those that are too many for that in a strip above them."""
        low, high = -rows + 0.4, 0.6
        self._events.show_boxes(boxes, self.start_s, low, high)
        self._ticks.show_boxes(ticks, self.start_s, high - STRIP * (high - low), high)

    def dim(self, on: bool) -> None:
        """Dim what is shown, because it is not what was asked for any more."""
        for curve in self._curves:
            curve.setOpacity(DIMMED if on else 1.0)

    def _dress(self) -> None:
        for curve, key in zip(self._curves, self._keys, strict=False):
            curve.setPen(pen(key))


def _group(recording: Recording, channel: int) -> int:
    """Return which colour a channel takes: gates differ; channels of a kind look alike."""
    gate = gate_of(recording, channel)
    if gate is not None:
        return gate
    kinds = list(dict.fromkeys(c.kind for c in recording.channels))
    return kinds.index(recording.channels[channel].kind)


class SpectrogramCanvas(TimeCanvas):
    """The spectrogram of the page, sharing its time axis; both sides of zero, in kHz, for Doppler I/Q."""

    def __init__(self) -> None:
        super().__init__(self.tr("Spectrogram"), self.tr("Time (min:s)"), self.tr("Frequency (Hz)"))
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setLookupTable(theme.cividis())
        self.widget.addItem(self.image)
        self._events = EventLayer(0.25)
        self.widget.addItem(self._events, ignoreBounds=True)
        self._caption = pg.TextItem(anchor=(1, 0), fill=QColor(0, 0, 0, 150), color="#ffffff")
        self._caption.setParentItem(self.box)
        self.box.sigResized.connect(lambda *_: self._caption.setPos(self.box.width() - 4, 4))
        self.empty = True

    def show_picture(
        self, picture: Picture | None, recording: Recording, channel: int, start_s: float, length_s: float
    ) -> None:
        """Show a spectrogram; None (a recording too short for one) leaves the plot empty."""
        self.empty = picture is None
        self.image.setVisible(picture is not None)
        self.place(start_s, length_s)
        both = gate_of(recording, channel) is not None
        axis = self.widget.getAxis("left")
        axis.setScale(0.001 if both else 1.0)
        axis.setLabel(self.tr("Frequency (kHz)") if both else self.tr("Frequency (Hz)"), color=theme.token("muted"))
        if picture is None:
            half = recording.channels[channel].fs / 2
            self.widget.setYRange(-half if both else 0.0, half, padding=0)
            self._caption.setText(self.tr("too short for a spectrogram"))
            return
        low, high = picture.levels
        scaled = np.clip((picture.db - low) * (255 / (high - low)), 0, 255)
        self.image.setImage(np.ascontiguousarray(np.nan_to_num(scaled), dtype=np.uint8), levels=(0, 255))
        bottom, top = float(picture.freqs_hz[0]), float(picture.freqs_hz[-1])
        self.image.setRect(QRectF(picture.left_s - start_s, bottom, picture.right_s - picture.left_s, top - bottom))
        self.widget.setYRange(bottom, top, padding=0)
        gate = self.tr("gate {}").format((gate_of(recording, channel) or 0) + 1)
        what = gate if both else recording.channels[channel].name
        self._caption.setText(self.tr("{}, {} to {} dB").format(what, number(low), number(high)))

    def show_boxes(self, boxes: list[Box]) -> None:
        """Show events as thin boxes over the picture."""
        _, (low, high) = self.box.viewRange()
        self._events.show_boxes(boxes, self.start_s, low, high)

    def dim(self, on: bool) -> None:
        """Dim what is shown, because it is not what was asked for any more."""
        self.image.setOpacity(DIMMED if on else 1.0)


class OverviewCanvas(QObject):
    """The whole recording: envelope, events by class, and the page as a box to drag."""

    moved = Signal(float)
    picked = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.box = TimeBox()
        name = self.tr("Overview of the whole recording")
        self.widget = plot(name, self.tr("Whole recording (min:s)"), box=self.box, clock=True)
        self.widget.setFixedHeight(84)
        self.widget.getAxis("left").setWidth(GUTTER)
        self.widget.getAxis("left").setStyle(showValues=False)
        self._envelope = pg.PlotCurveItem(antialias=False, connect="finite")
        self.widget.addItem(self._envelope)
        self._ticks = EventLayer(3.0)
        self.widget.addItem(self._ticks, ignoreBounds=True)
        self.page = pg.LinearRegionItem(brush=QColor(110, 160, 255, 60), swapMode="none")
        for line in self.page.lines:
            line.setMovable(False)
        self.widget.addItem(self.page)
        self.page.sigRegionChanged.connect(lambda region: self.moved.emit(float(region.getRegion()[0])))
        self.box.picked.connect(self.picked)
        self.widget.dress(self._dress)

    def show_envelope(self, t: np.ndarray, y: np.ndarray, duration_s: float) -> None:
        """Show the envelope of a recording."""
        finite = y[np.isfinite(y)]
        low, high = np.percentile(finite, [0.5, 99.5]) if len(finite) else (0.0, 1.0)
        self._envelope.setData(t, np.clip((y - low) / ((high - low) or 1.0), -0.1, 1.1))
        self.widget.setXRange(0, duration_s, padding=0)
        self.widget.setYRange(-0.35, 1.15, padding=0)

    def show_ticks(self, t: np.ndarray, colours: Sequence[str]) -> None:
        """Show events as ticks; at most 2,000, evenly taken."""
        keep = np.unique(np.linspace(0, len(t) - 1, min(len(t), 2000)).astype(int)) if len(t) else np.empty(0, int)
        self._ticks.show_boxes([Box(float(t[i]), 0.0, colours[i]) for i in keep], 0.0, -0.32, -0.14)

    def show_page(self, start_s: float, length_s: float, text: str) -> None:
        """Move the box without telling that it moved; `text` says where the page is."""
        self.widget.getAxis("bottom").setLabel(text, color=theme.token("muted"))
        self.page.blockSignals(True)
        self.page.setRegion((start_s, start_s + length_s))
        self.page.blockSignals(False)

    def _dress(self) -> None:
        self._envelope.setPen(pen("muted"))
        for line in self.page.lines:
            line.setPen(pen("accent", 1.5))
