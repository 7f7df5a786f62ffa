"""The spectrogram of a page from tiles: those that are there are shown at once, the others as they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from desktop.services import theme
from desktop.views.review.pictures.canvas import TimeCanvas
from desktop.views.review.pictures.events import paint_boxes
from desktop.views.review.pictures.frame import Frame
from desktop.views.review.pictures.grid import AXIS_PX, paint_time_axis, paint_without_samples
from desktop.views.review.pictures.trace_canvas import axis_title
from desktop.views.review.pointing import Pointing
from desktop.widgets.parts import number

STEPS = (1, 2, 5, 10)
TICK_PX = 26
PRINT_RATIO = 3.0  # dots per px of the picture that vector files embed
FILL = 0.25  # events over the picture are faint: it is the picture that is judged


@dataclass(frozen=True)
class TileImage:
    """A tile as a picture, highest frequency at the top, with its span (s), its frequencies (Hz), and its levels (dB)."""

    image: QImage
    start_s: float
    stop_s: float
    low_hz: float
    high_hz: float
    db: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False)

    def level_at(self, t: float, hz: float) -> float | None:
        """Return the level at a time and frequency, dB; None beyond the tile and where it has no samples."""
        along, up = (t - self.start_s) / (self.stop_s - self.start_s), (hz - self.low_hz) / (self.high_hz - self.low_hz)
        if self.db is None or not (0 <= along < 1 and 0 <= up < 1):
            return None
        rows, columns = self.db.shape
        level = float(self.db[int(up * rows), int(along * columns)])
        return level if np.isfinite(level) else None


@dataclass(frozen=True)
class FrequencyAxis:
    """What the upright axis says: frequencies `low_hz` to `high_hz`, written as ``hz * factor`` under a title with its unit.

    `velocity` says that they are velocities of blood.
    """

    low_hz: float = 0.0
    high_hz: float = 100.0
    factor: float = 1.0
    title: str = ""
    velocity: bool = False

    def ticks(self, height_px: float) -> list[tuple[float, str]]:
        """Return frequencies (Hz) and what is written at them."""
        low, high = sorted((self.low_hz * self.factor, self.high_hz * self.factor))
        least = max((high - low) * TICK_PX / max(height_px, 1.0), 1e-9)
        power = 10.0 ** np.floor(np.log10(least))
        step = next(s * power for s in STEPS if s * power >= least)
        decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2
        first, last = int(np.ceil(low / step)), int(np.floor(high / step))
        return [(n * step / self.factor, number(n * step, decimals)) for n in range(first, last + 1)]


class SpectrogramCanvas(TimeCanvas):
    """The spectrogram under the traces, sharing their time; both sides of zero for Doppler I/Q."""

    NOTES = False

    def __init__(self, pointing: Pointing) -> None:
        super().__init__(self.tr("Spectrogram"), pointing)
        self.tiles: Sequence[TileImage] = ()
        self.frequency = FrequencyAxis()
        self.caption = ""
        self.gaps: tuple[tuple[float, float], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is no picture."""
        return not self.tiles

    def plot_rect(self, whole: QRectF) -> QRectF:
        return super().plot_rect(whole).adjusted(0, 2, 0, -AXIS_PX)

    def show_tiles(self, tiles: Sequence[TileImage], frequency: FrequencyAxis, caption: str) -> None:
        """Show tiles; `caption` says of which channel they are, and which levels they show."""
        self.tiles, self.frequency, self.caption = tiles, frequency, caption
        self.update()

    def _y(self, frame: Frame, hz: float) -> float:
        axis = self.frequency
        return frame.rect.top() + (axis.high_hz - hz) * frame.rect.height() / ((axis.high_hz - axis.low_hz) or 1.0)

    def hz_at(self, at: QPointF) -> float | None:
        axis, rect = self.frequency, self.frame.rect
        if self.empty or not rect.top() <= at.y() <= rect.bottom():
            return None
        return axis.high_hz - (at.y() - rect.top()) * (axis.high_hz - axis.low_hz) / rect.height()

    def level_at(self, t: float, hz: float) -> float | None:
        """Return the level that is shown at a time and frequency, dB; None where there is none."""
        levels = (tile.level_at(t, hz) for tile in reversed(self.tiles))  # those painted last lie on top
        return next((level for level in levels if level is not None), None)

    def paint_page(self, painter: QPainter, frame: Frame, *, vector: bool = False) -> None:
        painter.save()
        painter.setClipRect(frame.rect, Qt.ClipOperation.IntersectClip)
        painter.setOpacity(0.5 if self.dimmed else 1.0)
        if vector:
            painter.drawImage(frame.rect, self._image(frame))
        else:
            self._paint_tiles(painter, frame)
        painter.setOpacity(1.0)
        paint_without_samples(painter, frame, self.gaps, self.tr("no samples here"))
        paint_boxes(painter, frame, self.boxes, None, FILL)
        if self.frequency.low_hz < 0 < self.frequency.high_hz:
            zero = self._y(frame, 0.0)
            painter.setPen(QPen(QColor(255, 255, 255, 150), 0))
            painter.drawLine(QLineF(frame.rect.left(), zero, frame.rect.right(), zero))
        self._paint_caption(painter, frame)
        painter.restore()
        self._paint_gutter(painter, frame)
        paint_time_axis(painter, frame, self.scale, axis_title(self.scale))

    def _image(self, frame: Frame) -> QImage:
        """Return the page as one picture: SVG knows no clipping, and seams between tiles would be seen in print."""
        size = frame.rect.size() * PRINT_RATIO
        image = QImage(size.toSize(), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        painter = QPainter(image)
        place = replace(frame, rect=QRectF(QPointF(0, 0), size))
        self._paint_tiles(painter, place)
        painter.end()
        return image

    def _paint_tiles(self, painter: QPainter, frame: Frame) -> None:
        for tile in self.tiles:
            if tile.stop_s > frame.start_s and tile.start_s < frame.stop_s:
                self._paint_tile(painter, frame, tile)

    def _paint_tile(self, painter: QPainter, frame: Frame, tile: TileImage) -> None:
        """Paint a tile where its times and frequencies lie, edges on whole pixels so that neighbours meet."""
        left, right = round(frame.x(tile.start_s)), round(frame.x(tile.stop_s))
        top, bottom = self._y(frame, tile.high_hz), self._y(frame, tile.low_hz)
        painter.drawImage(QRectF(left, top, max(1, right - left), bottom - top), tile.image)

    def _paint_caption(self, painter: QPainter, frame: Frame) -> None:
        if not self.caption:
            return
        metrics = painter.fontMetrics()
        wide = metrics.horizontalAdvance(self.caption) + 12
        place = QRectF(frame.rect.right() - wide - 4, frame.rect.top() + 4, wide, metrics.height() + 4)
        painter.fillRect(place, QColor(0, 0, 0, 150))
        painter.setPen(QColor("#ffffff"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.caption)

    def _paint_gutter(self, painter: QPainter, frame: Frame) -> None:
        metrics = painter.fontMetrics()
        painter.setPen(QPen(QColor(theme.token("line")), 0))
        painter.drawLine(QLineF(frame.rect.left(), frame.rect.top(), frame.rect.left(), frame.rect.bottom()))
        painter.setPen(QColor(theme.token("muted")))
        for hz, text in self.frequency.ticks(frame.rect.height()):
            y = self._y(frame, hz)
            painter.drawLine(QLineF(frame.rect.left() - 3, y, frame.rect.left(), y))
            base = min(max(y + metrics.ascent() / 2 - 1, frame.rect.top() + 8), frame.rect.bottom())
            painter.drawText(QPointF(frame.rect.left() - 7 - metrics.horizontalAdvance(text), base), text)
        painter.save()
        painter.rotate(-90)
        middle, half = frame.rect.center().y(), self.height() / 2
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextDontClip | Qt.TextFlag.TextWordWrap
        place = QRectF(-middle - half, 14 - metrics.height() / 2, 2 * half, metrics.height())
        painter.drawText(place, flags, self.frequency.title)
        painter.restore()
