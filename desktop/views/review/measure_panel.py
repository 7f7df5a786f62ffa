"""The tab of what was measured: figures of the chosen stretch, its power spectrum, and the ruler."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QSplitter, QVBoxLayout, QWidget

from desktop.services.guard import guarded
from desktop.views.review.measured import CLOCK_DECIMALS, QUANTITIES, SHIFTS, Measured, doppler_shifts, shift_text
from desktop.views.review.pictures.spectrogram_canvas import FrequencyAxis
from desktop.views.review.ruler import RulerPanel
from desktop.views.review.spectral import SpectralLook
from desktop.views.review.spectrum_plot import SpectrumPlot
from desktop.widgets.parts import button, clock, label, line

LEAST_FIGURES_PX = 160


class MeasurePanel(QWidget):
    """Shows what was measured of the stretch, or how to choose one."""

    shown = Signal()
    choose_asked = Signal()
    copy_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(240)
        self.title, self.how = line("", "title"), line("", "muted")
        self.how.setAccessibleName(self.tr("What was measured of"))
        self.values: dict[str, QLabel] = {}
        self._names: dict[str, QLabel] = {}
        self.figures, self.empty = self._figures(), self._empty()
        self.spectrum, self.ruler = SpectrumPlot(), RulerPanel()
        above, split = QWidget(), QSplitter(Qt.Orientation.Vertical)
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(4)
        column.addWidget(self.empty)
        column.addWidget(self.figures)
        column.addWidget(self.spectrum, 1)
        column.addStretch(0)
        scroll = QScrollArea()  # on a low screen the figures scroll; what is below them stays in reach
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(LEAST_FIGURES_PX)
        scroll.setWidget(above)
        split.addWidget(scroll)
        split.addWidget(self.ruler)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([520, 180])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 8, 8)
        layout.addWidget(split)
        self.show_measured(None, "", SpectralLook(), None)

    def _figures(self) -> QWidget:
        made = QWidget()
        column, head, grid = QVBoxLayout(made), QHBoxLayout(), QGridLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head.addWidget(self.title, 1)
        tip = self.tr("Copy these figures, with tabs, for a spreadsheet")
        head.addWidget(button(self.tr("Copy"), self.copy_asked.emit, tip=tip))
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, name in enumerate([q.name for q in QUANTITIES] + list(SHIFTS)):
            self._names[name], self.values[name] = label(self.tr(name), "muted"), label("")
            self.values[name].setAccessibleName(self.tr(name))
            self.values[name].setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(self._names[name], row, 0)
            grid.addWidget(self.values[name], row, 1)
        noise = self.tr("Weighted by power: noise and the walls of the vessel count as blood does")
        self.values[SHIFTS[0]].setToolTip(noise)
        column.addLayout(head)
        column.addWidget(self.how)
        column.addLayout(grid)
        return made

    def _empty(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(line(self.tr("No stretch chosen"), "title"))
        text = self.tr(
            "Hold Shift and drag over the traces, or press C: then , and . move the left edge, Shift with them the right "
            "one. Here stand its length, rate, amplitudes and power spectrum, of the chosen channel."
        )
        column.addWidget(label(text, "muted", wrap=True))
        column.addWidget(
            button(self.tr("Choose a stretch (C)"), self.choose_asked.emit, primary=True),
            0,
            Qt.AlignmentFlag.AlignLeft,
        )
        return made

    def show_measured(
        self, measured: Measured | None, how: str, look: SpectralLook, axis: FrequencyAxis | None
    ) -> None:
        """Show a stretch that was measured; None says how to choose one. `how`: through which montage and filters."""
        self.empty.setVisible(measured is None)
        self.figures.setVisible(measured is not None)
        self.ruler.add.setEnabled(measured is not None)
        self.spectrum.show_spectrum(measured, axis)
        self.spectrum.setVisible(measured is not None)
        if measured is None:
            return
        span = (clock(t, CLOCK_DECIMALS) for t in (measured.start_s, measured.stop_s))
        self.title.setText(self.tr("{}: {} to {}").format(measured.channel, *span))
        self.how.setText(how)
        for quantity in QUANTITIES:
            self.values[quantity.name].setText(quantity.text(measured))
        shifts = doppler_shifts(measured)
        for name in SHIFTS:
            for widget in (self._names[name], self.values[name]):
                widget.setVisible(name in shifts)
            self.values[name].setText(shift_text(shifts[name], look) if name in shifts else "")

    def wait(self) -> None:
        """Another stretch is being measured: the figures that are shown are of the one before."""
        for value in self.values.values():
            value.setEnabled(False)

    def arrived(self) -> None:
        """They are those of what is chosen."""
        for value in self.values.values():
            value.setEnabled(True)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
