"""The pictures of Review: stacked traces, the spectrogram under them, the overview below both."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QColor

from core.signals import Recording
from desktop.services import theme
from desktop.views.review.data import Page, Picture
from desktop.widgets.plots import EventLayer, TimeBox, image_levels, pen, plot

GUTTER = 96  # px of the left axes, so that time lines up in all three

Boxes = list[tuple[float, float, str, bool, str]]


class TraceCanvas(QObject):
    """Traces stacked in rows, each scaled by its unit; times are drawn relative to the page's start (single precision)."""

    def __init__(self) -> None:
        super().__init__()
        self.box = TimeBox()
        self.widget = plot(self.tr("Traces"), box=self.box)
        self.widget.getAxis("left").setWidth(GUTTER)
        self.widget.getAxis("bottom").setStyle(showValues=False)
        self.widget.getAxis("bottom").setHeight(6)
        self.widget.showGrid(x=True, alpha=0.25)
        self._curves: list[pg.PlotCurveItem] = []
        self._events = EventLayer()
        self.widget.addItem(self._events)
        self.start_s = 0.0

    def show_page(self, page: Page, recording: Recording, gain: float) -> None:
        """Show a page; `gain` multiplies the scale that fits each channel into its row."""
        while len(self._curves) < len(page.channels):
            curve = pg.PlotCurveItem(pen=pen("trace"), antialias=False, connect="finite")
            self.widget.addItem(curve)
            self._curves.append(curve)
        self.start_s = page.start_s
        ticks = []
        for row, curve in enumerate(self._curves):
            curve.setVisible(row < len(page.channels))
            if row >= len(page.channels):
                continue
            t, y = page.lines[row]
            middle = float(np.nanmedian(y)) if np.isfinite(y).any() else 0.0
            scale = gain * 0.85 / (page.spread[row] or 1.0)
            curve.setData(t - page.start_s, (y - middle) * scale - row)
            channel = recording.channels[page.channels[row]]
            ticks.append((-row, f"{channel.name}\n{page.spread[row] / gain:.3g} {channel.unit}"))
        self.widget.getAxis("left").setTicks([ticks])
        self.widget.setXRange(0, page.length_s, padding=0)
        self.widget.setYRange(-len(page.channels) + 0.4, 0.6, padding=0)

    def show_events(self, boxes: Boxes, rows: int) -> None:
        """Show events over all rows."""
        shifted = [(start - self.start_s, *rest) for start, *rest in boxes]
        self._events.show_events(shifted, -rows + 0.4, 0.6)  # type: ignore[arg-type]


class SpectrogramCanvas(QObject):
    """The spectrogram of the page, sharing its time axis; both sides of zero for Doppler I/Q."""

    def __init__(self) -> None:
        super().__init__()
        self.box = TimeBox()
        self.widget = plot(
            self.tr("Spectrogram"), self.tr("Time on this page (s)"), self.tr("Frequency (Hz)"), self.box
        )
        self.widget.getAxis("left").setWidth(GUTTER)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setLookupTable(theme.cividis())
        self.widget.addItem(self.image)
        self._events = EventLayer(0.25)
        self.widget.addItem(self._events)
        self.empty = True

    def show_picture(self, picture: Picture | None, start_s: float, length_s: float) -> None:
        """Show a spectrogram; None (a page too short for one) leaves the plot empty."""
        self.empty = picture is None
        self.image.setVisible(picture is not None)
        if picture is not None:
            low, high = image_levels(picture.db)
            scaled = np.clip((picture.db - low) * (255 / (high - low)), 0, 255)
            self.image.setImage(np.ascontiguousarray(np.nan_to_num(scaled), dtype=np.uint8), levels=(0, 255))
            bottom, top = float(picture.freqs_hz[0]), float(picture.freqs_hz[-1])
            self.image.setRect(QRectF(picture.left_s - start_s, bottom, picture.right_s - picture.left_s, top - bottom))
            self.widget.setYRange(bottom, top, padding=0)
        self.widget.setXRange(0, length_s, padding=0)

    def show_events(self, boxes: Boxes, start_s: float) -> None:
        """Show events as thin boxes over the picture."""
        _, (low, high) = self.box.viewRange()
        self._events.show_events([(s - start_s, *rest) for s, *rest in boxes], low, high)  # type: ignore[arg-type]


class OverviewCanvas(QObject):
    """The whole recording: envelope, events by class, and the page as a box to drag."""

    moved = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.box = TimeBox()
        self.widget = plot(
            self.tr("Overview of the whole recording"), self.tr("Time in the recording (s)"), box=self.box
        )
        self.widget.setFixedHeight(84)
        self.widget.getAxis("left").setWidth(GUTTER)
        self.widget.getAxis("left").setStyle(showValues=False)
        self._envelope = pg.PlotCurveItem(pen=pen("muted"), antialias=False, connect="finite")
        self.widget.addItem(self._envelope)
        self._ticks = pg.ScatterPlotItem(pxMode=True, size=5, pen=None, symbol="s")
        self.widget.addItem(self._ticks)
        self.page = pg.LinearRegionItem(brush=QColor(110, 160, 255, 60), swapMode="none")
        for line in self.page.lines:
            line.setMovable(False)
        self.widget.addItem(self.page)
        self.page.sigRegionChanged.connect(lambda region: self.moved.emit(float(region.getRegion()[0])))
        self.box.picked.connect(self.moved)

    def show_envelope(self, t: np.ndarray, y: np.ndarray, duration_s: float) -> None:
        """Show the envelope of a recording."""
        finite = y[np.isfinite(y)]
        low, high = np.percentile(finite, [0.5, 99.5]) if len(finite) else (0.0, 1.0)
        self._envelope.setData(t, np.clip((y - low) / ((high - low) or 1.0), -0.1, 1.1))
        self.widget.setXRange(0, duration_s, padding=0)
        self.widget.setYRange(-0.35, 1.15, padding=0)

    def show_ticks(self, t: np.ndarray, colours: list[str]) -> None:
        """Show events as ticks; at most 2,000, evenly taken."""
        keep = np.unique(np.linspace(0, len(t) - 1, min(len(t), 2000)).astype(int)) if len(t) else np.empty(0, int)
        brushes = {c: pg.mkBrush(c) for c in set(colours)}
        self._ticks.setData(t[keep], np.full(len(keep), -0.22), brush=[brushes[colours[i]] for i in keep])

    def show_page(self, start_s: float, length_s: float) -> None:
        """Move the box without telling that it moved."""
        self.page.blockSignals(True)
        self.page.setRegion((start_s, start_s + length_s))
        self.page.blockSignals(False)
