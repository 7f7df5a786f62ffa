"""What the model looked at in the selected event: drawn over trace and spectrogram of the inspector, with its legend."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QFrame, QLabel, QVBoxLayout, QWidget

from core.study import RunEntry
from core.training import SALIENCIES, Saliency, TrainedRun, load_run, saliency_of
from desktop.services.guard import while_alive
from desktop.services.session import Session
from desktop.widgets.choices import offer
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.inspector import Inspector
from desktop.widgets.parts import label, line, percent

COLUMNS = 160  # of the picture over the trace: as many as can be told apart
FOR, AGAINST = "#0072b2", "#d55e00"  # of Okabe and Ito
STRONGEST = 190  # of 255: the trace is seen through it


@lru_cache(maxsize=2)
def loaded(folder: Path) -> TrainedRun:
    """Load a run once for many events (in a task)."""
    return load_run(folder)


def read_saliency(session: Session, folder: Path, event: int, method: str) -> Saliency:
    """Compute what the model looked at (in a task)."""
    assert session.study is not None
    return saliency_of(session.study, loaded(folder), event, method=method)


def strength(values: np.ndarray) -> np.ndarray:
    """Return values from −1 to 1, the strongest at one of the ends."""
    most = float(np.abs(values).max()) if values.size else 0.0
    return np.zeros_like(values) if most == 0 else values / most


def painted(values: np.ndarray) -> np.ndarray:
    """Return values (rows, columns) from −1 to 1 as RGBA (uint8): the stronger, the less is seen through."""
    colours = [tuple(int(code[n : n + 2], 16) for n in (1, 3, 5)) for code in (AGAINST, FOR)]
    picture = np.zeros((*values.shape, 4), np.uint8)
    picture[..., :3] = np.where(values[..., None] > 0, colours[1], colours[0])
    picture[..., 3] = np.round(np.abs(values) * STRONGEST)
    return picture


def gathered(values: np.ndarray, most: int = COLUMNS) -> np.ndarray:
    """Return sums of neighbouring values, `most` at the most."""
    if len(values) <= most:
        return values
    edges = np.linspace(0, len(values), most + 1).astype(int)[:-1]
    return np.add.reduceat(values, edges)


class Legend(QFrame):
    """Says what the colours mean, of which class and model, and by which method."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(4)
        column.addWidget(line(self.tr("What the model looked at"), "title"))
        self.method = ElidedComboBox()
        self.method.setAccessibleName(self.tr("How it is computed what the model looked at"))
        offer(self.method, SALIENCIES)
        self.bar = QLabel()
        self.bar.setFixedHeight(10)
        self.bar.setAccessibleName(self.tr("Colours: from against the class to for it"))
        self.bar.setStyleSheet(
            f"background: qlineargradient(x1:0, y1:0, x2:1, y2:0, stop:0 {AGAINST}, stop:0.5 transparent, stop:1 {FOR});"
        )
        self.ends, self.text = label("", "muted"), label("", "muted", wrap=True)
        for widget in (self.method, self.bar, self.ends, self.text):
            column.addWidget(widget)
        self.ends.setText(self.tr("against  ←  nothing  →  for"))
        self.ends.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.hide()


class Looking(QObject):
    """Draws it while it is `on` and a finished run is shown; `changed` when it was switched."""

    changed = Signal(bool)

    def __init__(self, session: Session, room: QWidget) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self._run: RunEntry | None = None
        self._inspector: Inspector | None = None
        self.on = False
        self.shown: Saliency | None = None
        self._from_to = 0.0, 1.0  # where the colours begin on the time axis, and how long they are
        self.legend = Legend()
        self.over_trace, self.over_picture = pg.ImageItem(axisOrder="row-major"), pg.ImageItem(axisOrder="row-major")
        for item in (self.over_trace, self.over_picture):
            item.setZValue(5)
            item.hide()
        self.legend.method.activated.connect(lambda _n: self.refresh())
        session.selection.changed.connect(lambda _ids, _origin: self.refresh())

    def switch(self, on: bool) -> None:
        """Show it, or show it no longer."""
        if on != self.on:
            self.on = on
            if on and self._attach():
                self._show_inspector()
            self.refresh()
            self.changed.emit(on)

    def show_run(self, run: RunEntry | None) -> None:
        """Look with the model of another run."""
        before = self._run.id if self._run is not None else None
        self._run = run if run is not None and run.status == "done" else None
        if (self._run.id if self._run is not None else None) != before:
            self.refresh()

    def leave(self) -> None:
        """The room is left: its colours go with it."""
        self._hide()

    def refresh(self) -> None:
        """Look at the selected event."""
        ids = self._session.selection.ids
        if not (self.on and self._run is not None and ids and self._room.isVisible() and self._attach()):
            self._hide()
            return
        self.legend.text.setText(self.tr("Being computed…"))
        self.legend.show()
        self._dim()
        event, run = ids[0], self._run
        self._session.tasks.submit(
            "train saliency", read_saliency, self._session, run.folder, event, self.legend.method.currentData(),
            done=while_alive(self, lambda found: self._show(found, run)), failed=while_alive(self, self._refuse),
        )  # fmt: skip

    def _attach(self) -> bool:
        """Find the inspector of the window; whether there is one."""
        if self._inspector is None:
            self._inspector = self._room.window().findChild(Inspector)
            if self._inspector is not None:
                self._inspector.trace.addItem(self.over_trace)
                self._inspector.trace.getViewBox().sigYRangeChanged.connect(lambda *_: self._fill_height())
                self._inspector.picture.addItem(self.over_picture)
                self._inspector.add_below_pictures(self.legend)
        return self._inspector is not None

    def _show_inspector(self) -> None:
        """Show the panel that gave way to a small window: it is where one looks."""
        assert self._inspector is not None
        panel = self._inspector.parentWidget()
        if isinstance(panel, QDockWidget):
            panel.show()

    def _dim(self) -> None:
        for item in (self.over_trace, self.over_picture):
            item.hide()  # it would be of another event

    def _hide(self) -> None:
        self.shown = None
        self._dim()
        self.legend.hide()

    def _refuse(self, error: Exception) -> None:
        self._hide()
        self.legend.text.setText(str(error))
        self.legend.show()

    def _show(self, found: Saliency, run: RunEntry) -> None:
        if not self.on or found.event not in self._session.selection.ids[:1] or self._run is not run:
            return
        self.shown = found
        events = self._session.events
        event = events.take(events.row_of(np.array([found.event])))
        before = found.span_s[0] - float(event.start_s[0])
        lines, image = self._lines(found, str(event.channel[0])), self._image(found)
        self._draw_lines(found, lines, before)
        self._draw_image(found, image, before)
        said = self.tr("{} ({}) by “{}”; {}. Colours are relative to the strongest.")
        whose = " + ".join(name.replace("_", " ") for name in found.views)
        self.legend.text.setText(said.format(found.label, percent(found.probability), run.name, whose))

    def _lines(self, found: Saliency, channel: str) -> np.ndarray:
        """Return for and against over time: of the samples of the event's channel, else of the spectrogram's frames."""
        view = next(iter(found.views))  # the raw signal, where the model sees it
        one = found.channels.index(channel) if channel in found.channels and found.views[view].ndim == 2 else None
        return strength(gathered(found.over_time(view, one)))

    @staticmethod
    def _image(found: Saliency) -> np.ndarray | None:
        """Return for and against over frequency and time, of all channels together; None where no view is an image."""
        images = [values for values in found.views.values() if values.ndim == 3]
        return strength(images[0].sum(axis=0)) if images else None

    def _draw_lines(self, found: Saliency, lines: np.ndarray, before: float) -> None:
        assert self._inspector is not None
        view = next(iter(found.views))
        t = found.times_s[view]
        step = (t[-1] - t[0]) / max(len(t) - 1, 1)
        self._from_to = before + t[0] - step / 2, t[-1] - t[0] + step
        self.over_trace.setImage(painted(lines[None]))
        self._fill_height()
        self.over_trace.show()

    def _fill_height(self) -> None:
        """Let the colours reach from the lower to the upper end of the trace's plot, whatever it shows."""
        assert self._inspector is not None
        low, high = self._inspector.trace.getViewBox().viewRange()[1]
        if self.over_trace.image is not None:
            self.over_trace.setRect(QRectF(self._from_to[0], low, self._from_to[1], high - low))

    def _draw_image(self, found: Saliency, image: np.ndarray | None, before: float) -> None:
        if image is None:
            self.over_picture.hide()
            return
        view = next(name for name, values in found.views.items() if values.ndim == 3)
        t, half = found.times_s[view], found.fs / 2
        step = (t[-1] - t[0]) / max(len(t) - 1, 1)
        self.over_picture.setImage(painted(image))
        # Rows are frequencies from −fs/2 to fs/2: of real signals the picture shows the upper half.
        self.over_picture.setRect(QRectF(before + t[0] - step / 2, -half, t[-1] - t[0] + step, 2 * half))
        self.over_picture.show()
