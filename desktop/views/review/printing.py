"""Pages of Review painted for print: read and computed anew at the size they get, on whatever a painter paints on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QApplication

from core.errors import HitscopeError
from core.jobs import Reporter
from core.signals import conversion, envelope_of, gate_of, grid_for, levels_of, read_tile
from desktop.services import theme
from desktop.views.review.data import Opened, missing_of
from desktop.views.review.pictures.beyond import beyond_text
from desktop.views.review.pictures.canvas import GUTTER, TimeCanvas
from desktop.views.review.pictures.frame import Frame, TimeScale
from desktop.views.review.pictures.overview_canvas import OverviewCanvas
from desktop.views.review.pictures.rows import Look, lay_rows
from desktop.views.review.pictures.spectrogram_canvas import SpectrogramCanvas
from desktop.views.review.pictures.trace_canvas import TraceCanvas
from desktop.views.review.pictures.traces import draw_page, read_page, trace_colours
from desktop.views.review.pointing import Pointing
from desktop.views.review.shown_events import ShownEvents
from desktop.views.review.spectral import SpectralLook, called, frequency_axis
from desktop.views.review.tiles import draw_tile
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

FONT_PX = 11  # of all text in pictures; paper is measured in these px
OVERVIEW_PX = 84
SHARES = {"traces": 3, "spectrogram": 2}  # of the height, where both are shown
VECTOR_RATIO = 2.5  # values per px that lines in vector files have at most
tr = partial(QCoreApplication.translate, "printing")


@dataclass(frozen=True)
class View:
    """What Review shows, as it was when somebody asked for a print."""

    opened: Opened
    look: Look
    channel: int
    spectral: SpectralLook
    scale: TimeScale
    events: ShownEvents | None
    selected: npt.NDArray[np.int64]
    start_s: float
    length_s: float
    name: str
    signal: str
    simulated: bool
    paper_speed: float
    cut: tuple[str, ...] = ()  # names of channels that reach beyond the picture, once it is painted

    def at(self, start_s: float, length_s: float) -> View:
        """Return it at another time."""
        return replace(self, start_s=start_s, length_s=length_s)

    @property
    def times(self) -> str:
        """From when to when it is."""
        stop = min(self.start_s + self.length_s, self.opened.recording.duration)
        return tr("{} to {}").format(self.scale.text(self.start_s), self.scale.text(stop))

    @property
    def sentence(self) -> str:
        """What stands under a picture."""
        return " · ".join(text for text in (self.name, self.times, self.how) if text)

    @property
    def how(self) -> str:
        """How it is shown: its paper, through which montage and filters, and what is to be known of it."""
        simulated = tr("simulated data") if self.simulated else ""
        return " · ".join(text for text in (self.paper, self.signal, simulated, beyond_text(self.cut)) if text)

    @property
    def longest(self) -> View:
        """The view with as much to be said of it as there may be: its caption needs no more room, whatever is found."""
        known = self.opened.recording.channels
        return replace(self, cut=tuple(sorted((known[n].name for n in self.look.channels), key=len, reverse=True)))

    @property
    def paper(self) -> str:
        """Speed and, where it holds for all ECG that is shown, sensitivity of ECG paper; empty on plain pages."""
        if not self.look.paper:
            return ""
        speed = tr("{} mm/s").format(number(self.paper_speed, int(self.paper_speed % 1 > 0)))
        scales = {self._mm_per_mv(n) for n in self.look.channels if self.opened.recording.channels[n].kind == "ecg"}
        scale = scales.pop() if len(scales) == 1 else None
        if scale is None:
            return speed
        return tr("{}, {} mm/mV").format(speed, number(scale, int(scale % 1 > 0)))

    def _mm_per_mv(self, channel: int) -> float | None:
        """Return how large a channel is drawn; None where it is fitted to its row."""
        known, per_mm = self.opened.recording.channels[channel], self.look.sensitivity.get("ecg")
        if per_mm is None or conversion(known.unit, "µV") is None:
            return None
        return round(1000 * self.look.gain * self.look.factors.get(known.name, 1.0) / per_mm, 6)


def view_of(room: ReviewView) -> View | None:
    """Return what a room shows now; None where it shows nothing."""
    if room.opened is None or room.entry is None:
        return None
    return View(
        room.opened, room.appearance.look, room.picture_channel, room.spectral.look, room.overview.scale, room.events.shown,
        np.fromiter(room.session.selection.ids, np.int64), room.start_s, room.length_s, room.entry.name,
        room.opened.said, room.entry.simulated, room.appearance.paper_speed,
    )  # fmt: skip


class Plates:
    """Canvases that are never shown: each print has its own, so that a thread can paint while the window goes on."""

    def __init__(self) -> None:
        pointing = Pointing()
        self.traces, self.spectrogram = TraceCanvas(pointing), SpectrogramCanvas(pointing)
        self.overview = OverviewCanvas(pointing)
        self.font = QFont(QApplication.font())
        self.font.setPixelSize(FONT_PX)

    def throw_away(self) -> None:
        """Let go of them."""
        for canvas in (self.traces, self.spectrogram, self.overview):
            canvas.deleteLater()


@dataclass(frozen=True)
class Press:
    """How a picture comes to paper: px per inch of paper, dots per px, and whether lines stay lines."""

    px_per_inch: float
    ratio: float = 1.0
    vector: bool = False

    @property
    def px_per_mm(self) -> float:
        """How many px a millimetre of paper takes."""
        return self.px_per_inch / 25.4


def paint_view(
    painter: QPainter, plates: Plates, view: View, rect: QRectF, parts: Sequence[str], press: Press, report: Reporter
) -> View:
    """Paint parts of a view (``traces``, ``spectrogram``, ``overview``) one below the other; return it as it was painted.

    That is the stretch that fitted, with the channels that were cut.
    On ECG paper a millimetre is a millimetre: the stretch is as long as the paper.
    """
    gutter = _gutter(plates.font, view)
    view = view.at(view.start_s, fitting_s(plates, view, rect.width(), press))
    plates.traces.axis = "spectrogram" not in parts
    top, painters = rect.top(), {"traces": _traces, "spectrogram": _spectrogram, "overview": _overview}
    for part, height in zip(parts, _heights(parts, rect.height()), strict=True):
        report.check()
        canvas: TimeCanvas = getattr(plates, part)
        canvas.write_times(view.scale)
        place = canvas.plot_rect(QRectF(0, 0, rect.width(), height))
        place.setLeft(gutter)
        painter.save()
        painter.setFont(plates.font)
        painter.translate(rect.left(), top)
        painters[part](painter, plates, view, Frame(place, view.start_s, view.length_s), press)
        painter.restore()
        top += height
    drawn = plates.traces.drawn_page
    return replace(view, cut=drawn.cut) if drawn is not None and "traces" in parts else view


def fitting_s(plates: Plates, view: View, width: float, press: Press) -> float:
    """Return how much time a picture of a width (px) shows: the view's, or on ECG paper what its millimetres hold."""
    if not view.look.paper:
        return view.length_s
    wide = plates.traces.plot_rect(QRectF(0, 0, width, 100)).right() - _gutter(plates.font, view)
    return float(wide / press.px_per_mm / view.paper_speed)


def _gutter(font: QFont, view: View) -> float:
    metrics, channels = QFontMetricsF(font), view.opened.recording.channels
    widest = max((metrics.horizontalAdvance(channels[n].name) for n in view.look.channels), default=0.0)
    return float(np.clip(widest + 26, 66, GUTTER))


def _heights(parts: Sequence[str], height: float) -> list[float]:
    if parts == ("overview",):
        return [height]
    rest = height - OVERVIEW_PX * ("overview" in parts)
    shares = sum(SHARES.get(part, 0) for part in parts)
    return [rest * SHARES[part] / shares if part in SHARES else OVERVIEW_PX for part in parts]


def _traces(painter: QPainter, plates: Plates, view: View, frame: Frame, press: Press) -> None:
    canvas, opened, rect = plates.traces, view.opened, frame.rect
    channels = opened.recording.channels
    rows = lay_rows(channels, opened.typical, view.look, rect.height(), press.px_per_mm)
    ratio = VECTOR_RATIO if press.vector else press.ratio
    page = read_page(
        opened.pyramid,
        view.look.channels,
        frame.start_s,
        frame.length_s,
        round(rect.width() * ratio / (1 + press.vector)),
    )
    size = max(1, round(rect.width())), max(1, round(rect.height()))
    drawn = draw_page(page, rows, *size, 1.0 if press.vector else ratio, trace_colours())
    canvas.gaps = opened.recording.gaps
    canvas.gaps_of = {c.name: missing_of(opened.recording, n) for n, c in enumerate(channels)}
    canvas.show_page(drawn, "", press.px_per_mm if view.look.paper else None)
    canvas.boxes, canvas.ticks = view.events.on_page(frame, view.selected) if view.events is not None else ([], [])
    canvas.paint_page(painter, frame, vector=press.vector)


def _spectrogram(painter: QPainter, plates: Plates, view: View, frame: Frame, press: Press) -> None:
    canvas, recording, look = plates.spectrogram, view.opened.recording, view.spectral
    axis = frequency_axis(recording, view.channel, look)
    name = called(recording.channels[view.channel].name, gate_of(recording, view.channel))
    try:
        grid = grid_for(recording, view.channel, frame.length_s, round(frame.rect.width() * max(press.ratio, 1)))
        levels = look.levels or levels_of(
            recording, view.channel, grid, look.clip, highest_hz=look.highest_of(recording, view.channel)
        )
        tiles = [
            draw_tile(read_tile(recording, view.channel, grid, n), levels, look.colours)
            for n in grid.tiles(frame.start_s, frame.length_s)
        ]
        caption = tr("{}, {} to {} dB").format(name, number(levels[0]), number(levels[1]))
    except HitscopeError:
        tiles, caption = [], tr("too short for a spectrogram")
    canvas.gaps = missing_of(recording, view.channel)
    canvas.boxes = view.events.on_page(frame, view.selected)[0] if view.events is not None else []
    canvas.show_tiles(tiles, axis, caption)
    canvas.paint_page(painter, frame, vector=press.vector)


def _overview(painter: QPainter, plates: Plates, view: View, frame: Frame, press: Press) -> None:
    canvas, recording = plates.overview, view.opened.recording
    canvas.show_envelope(*envelope_of(view.opened.pyramid, 0, round(frame.rect.width())))
    whole = frame.at(0.0, max(recording.duration, 1e-3))
    canvas.gaps = missing_of(recording, 0)
    canvas.ticks = view.events.on_overview(whole) if view.events is not None else []
    canvas.show_page(view.start_s, view.length_s, view.times)
    canvas.paint_page(painter, whole, vector=press.vector)


def paint_badge(painter: QPainter, right: float, top: float) -> None:
    """Paint the badge that simulated data wear, its upper right corner at a place."""
    text, metrics = tr("simulated"), painter.fontMetrics()
    place = QRectF(
        right - metrics.horizontalAdvance(text) - 12, top, metrics.horizontalAdvance(text) + 12, metrics.height() + 2
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.token("warn")))
    painter.drawRoundedRect(place, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(theme.token("surface")))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
