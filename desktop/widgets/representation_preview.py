"""What a model would see of the selected event: one representation of its window, with axes and a scale."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QComboBox, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.errors import HitscopeError, InputError
from core.features import (
    REPRESENTATIONS,
    Axes,
    build_representation,
    channels_of,
    cut_windows,
    default_representation,
    default_window,
)
from core.study import EventTable
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.choices import offer
from desktop.widgets.parts import decimals_for, label, number, unit_of
from desktop.widgets.plots import pen, plot

CHOICE, OPEN = "inspector/representation", "inspector/preview"
HEIGHT, SCALE_HEIGHT = 176, 62
TICKS = 5  # rows that are named
N_PENS = 8  # trace-1 … of the theme


@dataclass(frozen=True)
class Seen:
    """A representation of an event: of images the first, of samples all channels, (n_rows, n_columns).

    `times_s` are from the start of the event, `length_s` is the window's, `shape` that of all the model takes, `channels` what
    the picture is of.
    """

    event: int
    values: np.ndarray
    axes: Axes
    times_s: np.ndarray
    length_s: float
    shape: tuple[int, ...]
    channels: tuple[str, ...]
    unit: str


def read_seen(session: Session, event: EventTable, name: str) -> Seen:
    """Cut the window usual for the event's recording, and make the representation usual for it (in a task).

    Raises
    ------
    InputError
        If the window touches missing samples or cannot be represented so.
    """
    recording = session.recording(int(event.recording[0]))
    window, start, length = default_window(recording), float(event.start_s[0]), float(event.duration_s[0])
    x = cut_windows(recording, [start], [length], window)
    if not np.isfinite(x).all():
        raise InputError("the window of this event touches missing samples, so no model is given it")
    numbers = channels_of(recording, window)
    channels = [recording.channels[n] for n in numbers]
    fs, iq = float(window.fs or channels[0].fs), bool(recording.gates)
    made = build_representation(default_representation(name, iq=iq))
    values = made(x, fs)[0]
    axes = made.axes(len(channels), window.n_times, fs)
    names = [channel.name for channel in channels]
    if values.ndim == 3:  # of images one is shown
        values, names = values[0], names[: 2 if iq else 1]
    return Seen(
        int(event.id[0]), values, axes, axes.times_s + length / 2 - window.n_times / (2 * fs), window.n_times / fs,
        made.output_shape(len(channels), window.n_times), tuple(names),
        unit_of(channels[0]) if axes.unit is None else axes.unit,
    )  # fmt: skip


class RepresentationPreview(QWidget):
    """A part of the inspector that is folded away until somebody asks for it; nothing is computed before."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._event: EventTable | None = None
        self.shown: Seen | None = None
        self.head = QToolButton(text=self.tr("What a model sees"), checkable=True, autoRaise=True)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setToolTip(self.tr("Show or hide a representation of the event's window"))
        self.choice = QComboBox()
        self.choice.setAccessibleName(self.tr("Representation"))
        # The longest title may be wider than the panel.
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        offer(self.choice, REPRESENTATIONS)
        self.choice.setCurrentIndex(max(0, self.choice.findData(session.settings.value(CHOICE, "log_spectrogram"))))
        self.about, self.why = label("", "muted", wrap=True), label("", "muted", wrap=True)
        self.canvas = plot(self.tr("Representation of the selected event"), self.tr("Time from its start (s)"))
        self.canvas.setFixedHeight(HEIGHT)
        self.canvas.getAxis("left").setWidth(56)
        self.scale = plot(self.tr("Colours of the representation"))
        self.scale.setFixedHeight(SCALE_HEIGHT)
        self.scale.getAxis("left").setWidth(56)
        self.scale.getAxis("left").setStyle(showValues=False, tickLength=0)
        self.scale.getAxis("bottom").setStyle(
            hideOverlappingLabels=False
        )  # the least and the greatest stand at the ends
        self._image, self._colours = pg.ImageItem(axisOrder="row-major"), pg.ImageItem(axisOrder="row-major")
        for image, canvas in ((self._image, self.canvas), (self._colours, self.scale)):
            image.setLookupTable(theme.cividis())
            canvas.addItem(image)
        self._lines: list[pg.PlotCurveItem] = []
        self.canvas.dress(self._dress)
        self.body = QWidget()
        self._lay_out()
        self.choice.currentIndexChanged.connect(lambda _row: self._chosen())
        self.head.toggled.connect(self._fold)
        self.head.setChecked(session.settings.value(OPEN, False, type=bool))
        self._fold(self.head.isChecked())

    def _lay_out(self) -> None:
        layout, inside = QVBoxLayout(self), QVBoxLayout(self.body)
        for each in (layout, inside):
            each.setContentsMargins(0, 0, 0, 0)
            each.setSpacing(4)
        layout.addWidget(self.head)
        layout.addWidget(self.body)
        for widget in (self.choice, self.about, self.canvas, self.scale, self.why):
            inside.addWidget(widget)

    def show_event(self, event: EventTable | None) -> None:
        """Show an event, computed if somebody looks; None takes it away."""
        self._event = event
        self.setVisible(event is not None)
        self._ask()

    def _fold(self, out: bool) -> None:
        self.head.setArrowType(Qt.ArrowType.DownArrow if out else Qt.ArrowType.RightArrow)
        self.body.setVisible(out)
        self._session.settings.setValue(OPEN, out)
        self._ask()

    def _chosen(self) -> None:
        self._session.settings.setValue(CHOICE, self.choice.currentData())
        self._ask()

    def _ask(self) -> None:
        if self._event is not None and self.head.isChecked():
            self._session.tasks.submit(
                "inspector representation", read_seen, self._session, self._event, self.choice.currentData(),
                done=self._show, failed=self._refuse,
            )  # fmt: skip

    def _refuse(self, error: Exception) -> None:
        self.shown = None
        self.why.setText(str(error) if isinstance(error, HitscopeError) else f"{type(error).__name__}: {error}")
        for widget in (self.about, self.canvas, self.scale):
            widget.hide()
        self.why.show()

    def _show(self, seen: Seen) -> None:
        self.shown = seen
        self.why.hide()
        self.about.setText(self._words(seen))
        self._clear()
        if seen.axes.rows:
            self._show_image(seen)
        else:
            self._show_lines(seen)
        for widget in (self.about, self.canvas):
            widget.show()
        self.scale.setVisible(bool(seen.axes.rows))

    def _words(self, seen: Seen) -> str:
        """Return what is seen of what; lines of several channels have their colours named."""
        names = [escape(name) for name in seen.channels]
        if not seen.axes.rows and len(names) > 1:
            names = [f'<span style="color:{theme.token(_colour(n))}">━</span> {name}' for n, name in enumerate(names)]
        text = self.tr("{} of {}, window of {} ms; the model is given {}.")
        shape = " × ".join(number(n) for n in seen.shape)
        said = text.format(escape(self._value(seen)), ", ".join(names), number(1000 * seen.length_s), shape)
        note = self.tr(seen.axes.row_note)
        return said + (" " + self.tr("Rows: {}.").format(note) if note else "")

    def _value(self, seen: Seen) -> str:
        return self.tr(seen.axes.value) + (f" ({seen.unit})" if seen.unit else "")

    def _clear(self) -> None:
        self._image.clear()
        for line in self._lines:
            self.canvas.removeItem(line)
        self._lines = []

    def _show_image(self, seen: Seen) -> None:
        values, t, n_rows = np.ascontiguousarray(seen.values, np.float32), seen.times_s, len(seen.values)
        low, high = float(values.min()), float(values.max())
        levels = (low, high if high > low else low + 1)
        half = (t[1] - t[0]) / 2 if len(t) > 1 else seen.length_s / 2
        self._image.setImage(values, levels=levels)
        self._image.setRect(QRectF(t[0] - half, 0, t[-1] - t[0] + 2 * half, n_rows))
        self._colours.setImage(np.linspace(*levels, 256, dtype=np.float32)[None], levels=levels)
        self._colours.setRect(QRectF(levels[0], 0, levels[1] - levels[0], 1))
        rows = np.unique(np.linspace(0, n_rows - 1, min(TICKS, n_rows)).round().astype(int)).tolist()
        left: Any = self.canvas.getAxis("left")
        left.setTicks([[(row + 0.5, seen.axes.rows[row]) for row in rows]])
        _name(left, self.tr(seen.axes.row_title))
        self.canvas.setXRange(t[0] - half, t[-1] + half, padding=0)
        self.canvas.setYRange(0, n_rows, padding=0)
        below: Any = self.scale.getAxis("bottom")
        _name(below, self._value(seen))
        below.setTicks([[(level, _plain(level, levels)) for level in np.linspace(*levels, 3)]])
        self.scale.setXRange(*levels, padding=0)
        self.scale.setYRange(0, 1, padding=0)

    def _show_lines(self, seen: Seen) -> None:
        for row in seen.values:
            line = pg.PlotCurveItem(seen.times_s, row.astype(np.float64))
            self.canvas.addItem(line)
            self._lines.append(line)
        self._dress()
        low, high = float(seen.values.min()), float(seen.values.max())
        left: Any = self.canvas.getAxis("left")
        left.setTicks(None)
        _name(left, self._value(seen))
        self.canvas.setXRange(seen.times_s[0], seen.times_s[-1], padding=0)
        self.canvas.setYRange(low, high if high > low else low + 1)

    def _dress(self) -> None:
        for n, line in enumerate(self._lines):
            line.setPen(pen(_colour(n)))
        if self.shown is not None:
            self.about.setText(self._words(self.shown))


def _colour(channel: int) -> str:
    return f"trace-{channel % N_PENS + 1}"


def _name(axis: Any, title: str) -> None:
    axis.setLabel(title, color=theme.token("muted"))
    axis.resizeEvent()  # else the new title begins where the last one did


def _plain(level: float, levels: tuple[float, float]) -> str:
    return number(level, min(decimals_for(levels[1] - levels[0], 2), 4))
