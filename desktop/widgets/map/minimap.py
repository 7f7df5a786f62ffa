"""The whole map in a corner of itself while only a part is seen, with a box that can be dragged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from desktop.services import theme
from desktop.services.guard import guarded
from desktop.widgets.map.frame import Frame
from desktop.widgets.map.still import still
from desktop.widgets.map.view import MapView

WIDTH, HEIGHT, EDGE = 160, 120, 8
LEAST_MAP = 320  # a narrower map has no room for it


class MiniMap(QWidget):
    """Lies in the upper right of a map; hidden while the whole map is seen. Its picture is drawn only when it must be."""

    def __init__(self, shown: MapView) -> None:
        super().__init__(shown)
        self.setAccessibleName(QCoreApplication.translate("map", "Overview of the map"))
        self.setToolTip(QCoreApplication.translate("map", "Drag the box to move the map (Home shows all of it)"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.resize(WIDTH, HEIGHT)
        self.shown = shown
        self._still: QPixmap | None = None
        self._hold = QPointF()  # from the middle of the box to where it was taken
        shown.moved.connect(self._follow)
        shown.changed.connect(self._forget)
        theme.changed.connect(self._forget)
        shown.installEventFilter(self)
        self._settle()

    @property
    def frame(self) -> Frame:
        """The frame of its own picture."""
        return Frame.fitted(self.shown.cloud.half, self.width(), self.height())

    @property
    def box(self) -> QRectF:
        """Where the part that is seen lies on it."""
        seen = self.shown.frame
        corners = seen.to_places(np.array([[0.0, 0.0], [seen.width, seen.height]]))
        (left, top), (right, bottom) = self.frame.to_pixels(corners).tolist()
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    def _follow(self) -> None:
        seen = self.shown.frame
        corners = np.abs(seen.to_places(np.array([[0.0, 0.0], [seen.width, seen.height]])))
        whole = bool((corners >= np.array(self.shown.cloud.half) - 1e-9).all())
        self.setVisible(not whole and len(self.shown.cloud) > 0 and self.shown.width() >= LEAST_MAP)
        self.update()

    def _forget(self) -> None:
        self._still = None
        self._follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._settle()
        return False

    def _settle(self) -> None:
        """Keep to the upper right of the map."""
        self.move(self.shown.width() - self.width() - EDGE, EDGE)
        self._follow()

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._still is None:
            self._still = still(self.shown.picture, self.width(), self.height(), self.devicePixelRatioF())
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._still)
        veil = QColor(theme.token("plot"))
        veil.setAlpha(130)
        box = self.box
        painter.setClipRegion(self.rect())
        painter.setClipRegion(painter.clipRegion().subtracted(box.toAlignedRect()))
        painter.fillRect(self.rect(), veil)
        painter.setClipping(False)
        painter.setPen(QPen(QColor(theme.token("accent")), 1.5))
        painter.drawRect(box.intersected(QRectF(self.rect()).adjusted(1, 1, -1, -1)))
        painter.setPen(QPen(QColor(theme.token("line")), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    @guarded
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            inside = self.box.contains(event.position())
            self._hold = event.position() - self.box.center() if inside else QPointF()
            self._go(event.position())

    @guarded
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        """Move the map so that the middle of the box is where the mouse has it."""
        middle = at - self._hold
        x, y = np.clip(self.frame.to_places(np.array([middle.x(), middle.y()])), -1.0, 1.0)
        self.shown.look(replace(self.shown.frame, x=float(x), y=float(y)))
