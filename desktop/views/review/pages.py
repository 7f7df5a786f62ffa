"""Gets what a page shows: traces and spectrogram are read and drawn in the background, the newest request wins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import HitscopeError
from core.signals import Pyramid, Recording, build_pyramid, gate_of, grid_for
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review.data import COMING, Opened, missing_of
from desktop.views.review.gone import Gone
from desktop.views.review.pictures.rows import lay_rows
from desktop.views.review.pictures.trace_canvas import TraceCanvas
from desktop.views.review.pictures.traces import DrawnPage, draw_page, read_page, trace_colours
from desktop.views.review.spectral import called, frequency_axis
from desktop.views.review.tiles import Tiles
from desktop.widgets.parts import number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

DIM_AFTER_MS = 150
GROWTH_MS = 700  # between looks at a pyramid that grows


class Pages(QObject):
    """Reads pages for the room's pictures; `progressed` tells the share of a recording that has been gone through.

    `shown` tells that the first page of a recording has been read: nothing else of it is looked for before, so that nothing
    delays it; and that its pyramid is complete.
    """

    progressed = Signal(object)
    shown = Signal()

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.tiles = Tiles(session, self)
        self.tiles.changed.connect(self.show_spectrogram)
        self.gone = Gone(session, self)
        self.tiles.failed.connect(lambda error: self.gone.tell(room.opened, error))
        self._awaited: set[str] = set()
        self._first = False  # whether no page has been read yet
        self._builder: TaskReporter | None = None
        self._waiting = QTimer(self, singleShot=True, interval=DIM_AFTER_MS)
        self._waiting.timeout.connect(self._dim)
        self._growth = QTimer(self, singleShot=True, interval=GROWTH_MS)
        self._growth.timeout.connect(self.read)

    def start(self, opened: Opened, *, read: bool = False) -> None:
        """Take up a recording; `read` says that its first page has been read already.

        Its pages can be read at once, those of hours as its pyramid grows.
        """
        self._leave_pyramid()
        self._first = not read
        if read:
            self._complete(opened)
        else:
            self.tiles.forget()

    def _complete(self, opened: Opened) -> None:
        """Complete the pyramid in the background."""
        if opened.pyramid.complete or opened.id == COMING:
            return
        report = self._builder = TaskReporter(self)
        report.progressed.connect(lambda share, _text: self._grown(report, share))

        def ended(_result: object) -> None:
            if self._builder is report:
                self.progressed.emit(None)
                self.read()
                self.shown.emit()

        def failed(error: Exception) -> None:
            if self._builder is report:  # else it was stopped
                ended(None)
                self._session.failed.emit(error)

        self._session.background.submit(
            "review pyramid",
            _build,
            opened.recording,
            self._session.arrays_of(opened.id),
            report,
            done=ended,
            failed=failed,
        )

    def stop(self) -> None:
        """Let go of the recording that was shown."""
        self._leave_pyramid()
        self.tiles.forget()

    def _leave_pyramid(self) -> None:
        if self._builder is not None:
            self._builder.cancel()
            self._builder = None
            self.progressed.emit(None)
        self._growth.stop()

    def _grown(self, report: TaskReporter, share: float) -> None:
        if report is not self._builder:
            return
        self.progressed.emit(share)
        if self._room.traces.unread_s is not None and not self._growth.isActive():
            self._growth.start()

    # Traces

    def read(self) -> None:
        """Ask for the page; what is shown stays, moved to where it belongs, until the new one is there."""
        room = self._room
        if room.opened is None:
            return
        self.tiles.hold()
        self._ask(room.traces, "page", room.start_s, room.length_s)
        if room.second.shown:
            self._ask(room.detail, "detail", *room.second.span)
        self.show_spectrogram()

    def _ask(self, canvas: TraceCanvas, what: str, start_s: float, length_s: float) -> None:
        room, opened = self._room, self._room.opened
        assert opened is not None
        look, rect = room.appearance.look, canvas.frame.rect
        width, height, ratio = max(1, round(rect.width())), max(1, round(rect.height())), canvas.devicePixelRatioF()
        channels = opened.recording.channels
        rows = lay_rows(channels, opened.typical, look, height, room.px_per_mm)
        colours = trace_colours()
        canvas.show_time(start_s, length_s)
        self._await(what)

        def make() -> tuple[float, DrawnPage]:
            built = opened.pyramid.built_s  # before it is read: what is built meanwhile is not on the page
            page = read_page(opened.pyramid, look.channels, start_s, length_s, round(width * ratio))
            return built, draw_page(page, rows, width, height, ratio, colours)

        def done(got: tuple[float, DrawnPage]) -> None:
            if opened.is_of(room.opened):
                self._arrived(what)
                canvas.unread_s = self._unread(*got)
                canvas.show_page(got[1], room.channel_name, room.px_per_mm if look.paper else None)
                if canvas is room.traces:
                    ended()

        def failed(error: Exception) -> None:
            if not self.gone.tell(opened, error):  # else what is shown stays dimmed
                self._arrived(what)
            ended()

        def ended() -> None:
            self.tiles.go_on()
            room.status.refresh()
            if self._first and opened.is_of(room.opened):
                self._first = False
                self._complete(opened)
                self.shown.emit()

        self._session.tasks.submit(f"review {what}", make, done=done, failed=failed)

    @staticmethod
    def _unread(built: float, drawn: DrawnPage) -> float | None:
        """Return from which time on a page could not be drawn yet, of a pyramid `built` so far (s); None if it is whole."""
        if drawn.page.start_s + drawn.page.length_s <= built:
            return None
        late = [line.low[line.t >= built] for line in drawn.page.lines]  # NaN, unless samples could be read directly
        return built if any(len(low) and np.isnan(low).all() for low in late) else None

    # Spectrogram

    def show_spectrogram(self) -> None:
        """Show the tiles that are there; those that are missing are computed and shown as they come."""
        room, opened = self._room, self._room.opened
        if opened is None or not opened.recording.channels or not room.spectrogram.isVisibleTo(room):
            return
        canvas, look, recording = room.spectrogram, room.spectral.look, opened.recording
        channel = room.picture_channel
        canvas.show_time(room.start_s, room.length_s)
        canvas.gaps = missing_of(recording, channel)
        axis = frequency_axis(recording, channel, look)
        try:
            grid = grid_for(recording, channel, room.length_s, round(canvas.frame.rect.width()))
        except HitscopeError:
            canvas.show_tiles((), axis, self.tr("too short for a spectrogram"))
            return
        tiles = self.tiles.ask(opened, channel, grid, room.start_s, room.length_s, look)
        levels = self.tiles.levels(opened, channel, look)
        whole = self.tiles.complete
        if tiles or canvas.empty or whole:
            caption = self._caption(opened, channel, levels, grid.share)
            if whole and not tiles:
                caption = self.tr("{}: no spectrogram, it could not be computed").format(caption)
            canvas.show_tiles(tiles if whole else tiles or canvas.tiles, axis, caption)
        if whole:
            self._arrived("picture")
        else:
            self._await("picture")

    def _caption(self, opened: Opened, channel: int, levels: tuple[float, float] | None, share: float) -> str:
        name = called(opened.recording.channels[channel].name, gate_of(opened.recording, channel))
        if levels is None:
            return name
        said = self.tr("{}, {} to {} dB").format(name, number(levels[0]), number(levels[1]))
        if share < 1.0:
            said += self.tr(" · {} % of the signal looked at").format(number(100 * share, 0 if share >= 0.1 else 1))
        return said

    # What is awaited

    def _await(self, *what: str) -> None:
        self._awaited |= set(what)
        if not self._waiting.isActive():
            self._waiting.start()

    def _arrived(self, *what: str) -> None:
        self._awaited -= set(what)
        if not self._awaited:
            self._waiting.stop()
        self._dim()

    def opening(self) -> None:
        """Another recording is being opened: what is shown is of the one before."""
        self._await("opening")

    def opened(self) -> None:
        """It is there, or could not be opened."""
        self._arrived("opening", "page", "picture")

    def close(self) -> None:
        """Show nothing: what was shown is of another recording than the one that was chosen."""
        room = self._room
        self.stop()
        self.opened()
        for canvas in (room.traces, room.detail):
            canvas.clear()
        room.spectrogram.show_tiles((), room.spectrogram.frequency, "")

    def _dim(self) -> None:
        """Dim what has not been what was asked for for a while; what has come is clear at once."""
        for canvas, what in ((self._room.traces, "page"), (self._room.spectrogram, "picture")):
            late = bool(self._awaited & {"opening", what})
            if not (late and self._waiting.isActive()):
                canvas.dim(late)


def _build(recording: Recording, folder: Path, report: TaskReporter) -> Pyramid:
    """Complete a pyramid; those of other montages and filters of the study make room for it."""
    return build_pyramid(recording, folder, report, arrays=folder.parent)
