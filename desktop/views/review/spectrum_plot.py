"""The power spectrum of the chosen stretch, with its highest point named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.signals import decibels
from desktop.services import theme
from desktop.views.review.measured import Floats, Measured
from desktop.views.review.pictures.spectrogram_canvas import FrequencyAxis
from desktop.views.review.spectral import called
from desktop.widgets.parts import label, line, number
from desktop.widgets.plots import pen, plot


@dataclass(frozen=True)
class Scale:
    """How power is drawn: what of, under which title of the axis, and whether the axis counts in powers of ten."""

    of: Callable[[Floats], Floats]
    title: str
    text: Callable[[float], str]  # a value, with a place for the unit
    powers: bool = False


def _power(density: float) -> str:
    return QLocale().toString(density, "g", 3) + " {}²/Hz"


SCALES = {
    "dB": Scale(decibels, "dB re 1 {}²/Hz", lambda level: f"{number(level, 1)} dB"),
    "log": Scale(lambda density: np.where(density > 0, density, np.nan), "{}²/Hz", _power, powers=True),
    "linear": Scale(lambda density: density, "{}²/Hz", _power),
}


class SpectrumPlot(QWidget):
    """Power over frequency, or over velocity where the spectrogram shows that; both sides of zero for Doppler."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Measured, FrequencyAxis] | None = None
        self.caption, self.peak, self.why = line("", "muted"), line(""), label("", "muted", wrap=True)
        self.scale = QComboBox()
        self.scale.setAccessibleName(self.tr("Scale of the power spectrum"))
        self.scale.setToolTip(self.tr("How power is drawn"))
        self.scale.addItems(list(SCALES))
        self.scale.currentTextChanged.connect(lambda _text: self._draw())
        self.plot = plot(self.tr("Power spectrum of the stretch"))
        self.plot.setMinimumHeight(120)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # it takes what is left
        self._curve = pg.PlotDataItem(antialias=False, connect="finite")
        self._mark = pg.ScatterPlotItem(size=9, symbol="o")
        self.plot.addItem(self._curve)
        self.plot.addItem(self._mark)
        self.plot.dress(self._dress)
        layout, head = QVBoxLayout(self), QHBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        head.addWidget(self.caption, 1)
        head.addWidget(self.scale)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.peak)
        layout.addWidget(self.why)
        layout.addStretch(0)

    def show_spectrum(self, measured: Measured | None, axis: FrequencyAxis | None) -> None:
        """Show the spectrum of a stretch over an axis; None takes it away."""
        self._shown = None if measured is None or axis is None else (measured, axis)
        self._draw()

    def _draw(self) -> None:
        known = self._shown
        spectrum = known[0].spectrum if known else None
        self._curve.clear()
        self._mark.clear()
        self.caption.setText("")
        self.peak.setText("")
        self.why.setText(known[0].why if known else "")
        self.why.setVisible(spectrum is None)
        self.plot.setVisible(spectrum is not None)
        self.scale.setVisible(spectrum is not None)
        if known is None or spectrum is None:
            return
        measured, axis = known
        inside = (spectrum[0] >= axis.low_hz) & (spectrum[0] <= axis.high_hz)
        freqs, density = spectrum[0][inside], spectrum[1][inside]
        scale = SCALES[self.scale.currentText()]
        y = scale.of(density)
        x = freqs * axis.factor
        self.plot.getPlotItem().setLogMode(False, scale.powers)
        self._curve.setData(x, y)
        self.plot.setXRange(axis.low_hz * axis.factor, axis.high_hz * axis.factor, padding=0)
        self._show_range(np.log10(y) if scale.powers else y)
        self.plot.setLabel("bottom", axis.title, color=theme.token("muted"))
        self.plot.setLabel("left", scale.title.format(measured.unit), color=theme.token("muted"))
        step = spectrum[0][1] - spectrum[0][0]
        apart = number(step, 2 if step < 10 else 1)
        self.caption.setText(
            self.tr("Spectrum of {}, every {} Hz").format(called(measured.channel, measured.gate), apart)
        )
        self._say_peak(freqs, density, y, axis, scale, measured)

    def _show_range(self, y: Floats) -> None:
        finite = y[np.isfinite(y)]
        if len(finite):
            margin = 0.08 * (float(finite.max() - finite.min()) or 1.0)
            self.plot.setYRange(float(finite.min()) - margin, float(finite.max()) + margin, padding=0)

    def _say_peak(
        self, freqs: Floats, density: Floats, y: Floats, axis: FrequencyAxis, scale: Scale, measured: Measured
    ) -> None:
        if not len(density) or not density.max() > 0:
            return
        top = int(density.argmax())
        at = float(freqs[top] * axis.factor)
        self._mark.setData([at], [float(np.log10(y[top]) if scale.powers else y[top])])
        hertz = self.tr("Peak at {} Hz").format(number(freqs[top], 2 if abs(freqs[top]) < 100 else 0))
        velocity = self.tr(" ({} cm/s)").format(number(at, 1)) if axis.velocity else ""
        self.peak.setText(f"{hertz}{velocity} · {scale.text(float(y[top])).format(measured.unit)}")

    def _dress(self) -> None:
        self._curve.setPen(pen("trace"))
        self._mark.setBrush(theme.token("bad"))
        self._mark.setPen(pen("plot"))
