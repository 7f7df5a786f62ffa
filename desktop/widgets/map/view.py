"""A map of events as a picture, painted by hand: quick at a hundred thousand points, usable at a million."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.services import theme
from desktop.services.guard import guarded
from desktop.services.tasks import TaskPool
from desktop.widgets.map import overlay
from desktop.widgets.map.cloud import Cloud, Ids, Rows
from desktop.widgets.map.frame import Frame
from desktop.widgets.map.hover import Nearest
from desktop.widgets.map.palettes import inks
from desktop.widgets.map.picture import Mark, Picture, device_ratio
from desktop.widgets.map.raster import Raster
from desktop.widgets.parts import number

NOWHERE = np.empty(0, np.int64), np.empty((0, 2))


class MapView(QWidget):
    """A picture of a map with what lies over it; `MapCanvas` adds the mouse and the keys.

    Signals: `moved` when another part is seen, `changed` when points, colours, marks or selection are others.
    """

    moved = Signal()
    changed = Signal()

    def __init__(self, tasks: TaskPool, name: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name or QCoreApplication.translate("map", "Map of events"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 80)
        self.nearest = Nearest(tasks)
        self.cloud = Cloud(*NOWHERE)
        self.picture = Picture(self.cloud)
        self.frame = Frame.fitted(self.cloud.half, self.width(), self.height())
        self.note = QCoreApplication.translate("map", "No axes: only nearness has a meaning")
        self.hover_row: int | None = None
        self._path: Rows = np.empty(0, np.intp)
        self._fitted, self._dimmed = True, False
        self._raster: Raster | None = None  # what was painted last; None when it is out of date
        theme.changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    @property
    def ids(self) -> Ids:
        """The ids of the events that have a place on the map."""
        return self.cloud.ids

    # What is shown

    def show_points(self, ids: npt.ArrayLike, points: npt.ArrayLike) -> None:
        """Show other points (N, 2) and fit them in; colours, marks and selection are gone."""
        density = self.picture.as_density
        self.cloud = Cloud(ids, points)
        self.picture = Picture(self.cloud)
        self.picture.as_density = density
        self.hover_row, self._path = None, np.empty(0, np.intp)
        self.nearest.take(self.cloud)
        self.fit()
        self._changed()

    def show_codes(self, codes: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> None:
        """Colour the points: a code for each (N,), into a palette (K ≤ 256, 3). Points of code 0 lie under the others."""
        self.picture.show_codes(codes, palette)
        self._changed()

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """Draw some events as another glyph of `GLYPHS`: "ring", "hollow", "question"; {} for none."""
        self.picture.show_marks(marks)
        self._changed()

    def show_selection(self, ids: npt.ArrayLike) -> None:
        """Show all of these events as selected; those that are not on the map are left out."""
        rows = self.cloud.rows_of(ids)
        if len(rows) or len(self.picture.selected):
            self.picture.show_selection(rows)
            self._changed()

    def show_hover(self, event_id: int | None) -> None:
        """Show an event as pointed at, here or in another view."""
        rows = self.cloud.rows_of([] if event_id is None else [event_id])
        row = int(rows[0]) if len(rows) else None
        if row != self.hover_row:
            for at in (self.hover_row, row):
                if at is not None:
                    x, y = self.frame.to_pixels(self.cloud.places[at])
                    reach = overlay.HOVER_PX + 4
                    self.update(QRectF(x - reach, y - reach, 2 * reach, 2 * reach).toAlignedRect())
            self.hover_row = row

    def show_path(self, ids: npt.ArrayLike) -> None:
        """Show the way of a label through these events to the last, from which it comes. Empty for none."""
        self._path = self.cloud.rows_of(ids)
        self.update()

    def show_density(self, on: bool) -> None:
        """Show how densely the map is populated instead of its points."""
        self.picture.as_density = on
        self._changed()

    def show_note(self, text: str) -> None:
        """Say what the axes are, at the lower left."""
        self.note = text
        self.update()

    def dim(self, on: bool) -> None:
        """Dim what is shown, because it is not what was asked for any more."""
        if on != self._dimmed:
            self._dimmed = on
            self.update()

    # What is seen of it

    def fit(self) -> None:
        """See the whole map, also when the window gets another size."""
        self._fitted = True
        self.look(Frame.fitted(self.cloud.half, self.width(), self.height()))
        self._fitted = True

    def look(self, frame: Frame) -> None:
        """See another part of the map."""
        self._fitted = False
        if frame != self.frame:
            self.frame = frame
            self._redraw()
            self.moved.emit()

    def pan(self, dx: float, dy: float) -> None:
        """Push the map by pixels."""
        self.look(self.frame.moved(dx, dy))

    def zoom(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Make the map larger round a pixel, or round the middle."""
        self.look(self.frame.zoomed(factor, at))

    def reveal(self, event_id: int) -> None:
        """Move the map so that an event is seen, if it is not."""
        for row in self.cloud.rows_of([event_id]):
            x, y = self.frame.to_pixels(self.cloud.places[row])
            if not (0 <= x < self.width() and 0 <= y < self.height()):
                self.pan(self.width() / 2 - x, self.height() / 2 - y)

    # Painting

    @guarded
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
        else:
            self.look(self.frame.resized(self.width(), self.height()))

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        raster = self._drawn()
        image = QImage(
            raster.pixels.data, raster.stride, raster.pixels.size // raster.stride, 4 * raster.stride,
            QImage.Format.Format_RGB32,
        )  # fmt: skip
        seen = QRectF(raster.margin, raster.margin, raster.width, raster.height)
        painter.drawImage(QRectF(self.rect()), image, seen)
        if self._dimmed:
            veil = QColor(theme.token("plot"))
            veil.setAlpha(140)
            painter.fillRect(self.rect(), veil)
        painter.setFont(self.small_font())
        self.paint_over(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.token("accent")), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def paint_over(self, painter: QPainter) -> None:
        """Paint what lies over the points."""
        room = QRectF(self.rect())
        if not len(self.cloud):
            empty = QCoreApplication.translate("map", "No events on this map")
            overlay.paint_note(painter, room, empty, Qt.AlignmentFlag.AlignCenter)
        else:
            overlay.paint_note(painter, room, self.note, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        if self.cloud.missing:
            text = QCoreApplication.translate("map", "{} of {} events have no place on this map")
            text = text.format(number(self.cloud.missing), number(self.cloud.given))
            overlay.paint_note(painter, room, text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, "warn")
        if self.picture.dense is not None:
            overlay.paint_density_legend(painter, room, self.picture.dense)
        if 0 < len(self.picture.selected) <= overlay.FEW:
            overlay.paint_rings(painter, self._pixels(self.picture.selected), overlay.RING_PX, "text")
        if len(self._path) > 1:
            overlay.paint_path(painter, self._pixels(self._path))
        if self.hover_row is not None:
            overlay.paint_rings(painter, self._pixels([self.hover_row]), overlay.HOVER_PX, "accent", 2)

    def small_font(self) -> QFont:
        """Return the font of notes and legends."""
        font = QFont(self.font())
        font.setPixelSize(11)
        return font

    def _pixels(self, rows: Rows | list[int]) -> npt.NDArray[np.float64]:
        return self.frame.to_pixels(self.cloud.places[rows])

    def _drawn(self) -> Raster:
        """Return the picture of what is seen; drawn anew only when it is another."""
        if self._raster is None:
            ratio = device_ratio(self.width(), self.height(), self.devicePixelRatioF())
            self._raster = self.picture.render(self.frame.magnified(ratio), inks())
        return self._raster

    def _redraw(self) -> None:
        self._raster = None
        self.update()

    def _changed(self) -> None:
        self._redraw()
        self.setAccessibleDescription(
            QCoreApplication.translate("map", "{} events, {} selected").format(
                number(len(self.cloud)), number(len(self.picture.selected))
            )
        )
        self.changed.emit()
