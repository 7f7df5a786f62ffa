"""A card beside the pointer: trace and spectrogram of the event under it. Space plays it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from shiboken6 import isValid

from core.signals import SoundStream
from desktop.services import theme
from desktop.services.guard import guarded
from desktop.services.player import Player
from desktop.services.session import Session
from desktop.widgets.inspector import Surroundings, read_surroundings
from desktop.widgets.parts import number
from desktop.widgets.plots import image_levels

WIDTH, HEIGHT, EDGE = 232, 176, 10
REST_MS = 120  # a pointer that only passes over events asks for nothing
MOST_POINTS = 2 * WIDTH
SOUND_S = 0.5  # about the event


class HoverCard(QWidget):
    """Lies over the map, away from the pointer; what was shown stays, dimmed, until the next is read."""

    def __init__(self, session: Session, over: QWidget) -> None:
        super().__init__(over)
        self._session, self._over = session, over
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("Trace and spectrogram of the event under the pointer"))
        self.resize(WIDTH, HEIGHT)
        self.event_id: int | None = None
        self.words = ""
        self.got: Surroundings | None = None
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self._read)
        self.player = Player(self)
        self.player.failed.connect(session.failed)
        self.hide()

    def point_at(self, event: int | None, words: str = "") -> None:
        """Show another event, or none."""
        self.event_id, self.words = event, words
        self._rest.stop()
        if event is None:
            self.hide()
            return
        self._rest.start()
        self.update()

    def play(self) -> None:
        """Play the event under the pointer, else the selected one; what plays is stopped.

        Space is the key of this: a button or a choice that has the focus keeps what Space does to it.
        """
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractButton):
            focus.click()
            return
        if isinstance(focus, QComboBox):
            focus.showPopup()
            return
        if self.player.playing:
            self.player.stop()
            return
        selected = self._session.selection.ids
        event = self.event_id if self.event_id is not None else (selected[0] if selected else None)
        rows = np.flatnonzero(self._session.events.id == event)
        if not len(rows):
            self._session.told.emit(self.tr("Point at an event, or select one, to hear it."))
            return
        session, one = self._session, self._session.events.take(rows[:1])
        start, stop = float(one.start_s[0]), float(one.start_s[0] + one.duration_s[0])

        def make(from_s: float, to_s: float, fs: int) -> SoundStream:
            recording = session.recording(int(one.recording[0]))
            names = [c.name for c in recording.channels]
            channel = one.channel[0] if one.channel[0] in names else names[0]
            return SoundStream(recording, channel, from_s, to_s, fs_out=fs)

        self.player.play(make, (max(0.0, start - SOUND_S), stop + SOUND_S))

    def _read(self) -> None:
        rows = np.flatnonzero(self._session.events.id == self.event_id)
        if len(rows):
            event = self._session.events.take(rows[:1])
            tasks = self._session.tasks
            tasks.submit("annotate hover", read_surroundings, self._session, event, done=self._show)

    def _show(self, got: Surroundings) -> None:
        if not isValid(self) or got.event != self.event_id:
            return
        self.got = got
        self.move(self._place())
        self.show()
        self.raise_()
        self.update()

    def _place(self) -> QPointF:
        """Return the corner that is farthest from the pointer, so that it never lies on what is looked at."""
        at = self._over.mapFromGlobal(self.cursor().pos())
        x = EDGE if at.x() > self._over.width() / 2 else self._over.width() - WIDTH - EDGE
        return QPointF(x, EDGE).toPoint()

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, room = QPainter(self), QRectF(self.rect())
        painter.fillRect(room, QColor(theme.token("surface")))
        painter.setPen(QPen(QColor(theme.token("line")), 1))
        painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QColor(theme.token("text")))
        painter.drawText(room.adjusted(8, 6, -8, 0), Qt.AlignmentFlag.AlignTop, self.words)
        got = self.got
        if got is None:
            return
        if got.event != self.event_id:
            painter.setOpacity(0.4)
        top = 26.0
        has_picture = got.db is not None
        self._paint_trace(painter, got, QRectF(8, top, WIDTH - 16, 62 if has_picture else HEIGHT - top - 24))
        if has_picture:
            self._paint_spectrogram(painter, got, QRectF(8, top + 66, WIDTH - 16, HEIGHT - top - 66 - 24))
        painter.setPen(QColor(theme.token("muted")))
        seconds = number(got.t[-1] - got.t[0], 2) if len(got.t) else "0"
        foot = self.tr("{} s, {} · Space plays").format(seconds, got.axis)
        painter.drawText(room.adjusted(8, 0, -8, -5), Qt.AlignmentFlag.AlignBottom, foot)
        painter.end()

    def _paint_trace(self, painter: QPainter, got: Surroundings, box: QRectF) -> None:
        good = np.isfinite(got.y)
        if good.sum() < 2:
            return
        low, high = float(got.y[good].min()), float(got.y[good].max())
        step = max(1, len(got.t) // MOST_POINTS)
        t, y = got.t[good][::step], got.y[good][::step]
        scale = box.width() / max(got.t[-1] - got.t[0], 1e-9)
        x = box.left() + (t - got.t[0]) * scale
        span = QColor(theme.token("accent"))
        span.setAlpha(50)
        painter.fillRect(
            QRectF(box.left() + (0 - got.t[0]) * scale, box.top(), max(got.length_s * scale, 2), box.height()), span
        )
        v = box.bottom() - (y - low) * (box.height() / max(high - low, 1e-12))
        painter.setPen(QPen(QColor(theme.token("trace")), 1))
        painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), v.tolist(), strict=True)]))

    def _paint_spectrogram(self, painter: QPainter, got: Surroundings, box: QRectF) -> None:
        low, high = image_levels(got.db)
        grey = np.clip((np.nan_to_num(got.db) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
        pixels = np.ascontiguousarray(theme.cividis()[grey[::-1]])
        rows, columns = grey.shape
        painter.drawImage(box, QImage(pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888))
