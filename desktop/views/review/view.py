"""Review: look at long recordings and mark what is in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QDateTime, QLocale, Qt, QTimer
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from core.errors import JobCancelled
from core.signals import Recording
from core.study import RecordingEntry, Study
from desktop.actions.registry import Action
from desktop.services import theme
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review import drawn
from desktop.views.review.actions import actions_of
from desktop.views.review.canvases import OverviewCanvas, SpectrogramCanvas, TraceCanvas
from desktop.views.review.data import Opened, Page, Picture, open_recording, read_page, read_picture
from desktop.views.review.finding import Finder
from desktop.views.review.library import Library
from desktop.views.review.marks import Marks
from desktop.views.review.panels import EventsPanel, RecordingsPanel, Toolbar
from desktop.widgets.parts import EmptyState, clock
from desktop.widgets.trace_layers import Box
from desktop.widgets.workspace import Workspace

DEFAULT_CHANNELS = 8
DIM_AFTER_MS = 150
LEAST_S = 0.05  # the shortest page
LEAST_PX = 440  # the pictures are never narrower; the panels beside them give way


class ReviewView(Workspace):
    """Recordings left, traces over spectrogram over overview, events right."""

    id = "review"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.opened: Opened | None = None
        self._entry: RecordingEntry | None = None
        self._study: Study | None = None
        self._goal: dict[str, Any] = {}
        self._report: TaskReporter | None = None
        self._levels: dict[int, tuple[float, float]] = {}
        self.channels: tuple[int, ...] = ()
        self.picture_channel = 0
        self.start_s, self.length_s, self.gain = 0.0, 10.0, 1.0
        self.wished_s = self.length_s  # the page length that was asked for; a short recording shows less
        self.traces, self.spectrogram, self.overview = TraceCanvas(), SpectrogramCanvas(), OverviewCanvas()
        self.left, self.bar, self.right = RecordingsPanel(), Toolbar(), EventsPanel(session)
        self.recordings, self.table, self.filter, self.model = (
            self.left.list,
            self.right.table,
            self.right.filter,
            self.right.model,
        )
        self.simulated = self.bar.simulated
        self.library, self.marks, self.finder = Library(session, self), Marks(session, self), Finder(session, self)
        self.find, self.mark, self.add_recordings = self.finder.find, self.marks.add, self.library.add
        self.gestures = [
            (self.tr("Drag, wheel"), self.tr("Scroll")),
            (self.tr("Ctrl+wheel"), self.tr("Show less or more time")),
            (self.tr("Shift+drag"), self.tr("Add a mark")),
            (self.tr("Click"), self.tr("Select the event there")),
        ]
        self._awaited: set[str] = set()
        self._place = 0  # row of the event selected last
        self._waiting = QTimer(self, singleShot=True, interval=DIM_AFTER_MS)
        self._waiting.timeout.connect(self._dim)
        self.set_content(self._build())
        self._connect()
        self._study_changed()

    def _build(self) -> QWidget:
        middle = QWidget()
        middle.setMinimumWidth(LEAST_PX)
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        pictures = QSplitter(Qt.Orientation.Vertical)
        pictures.addWidget(self.traces.widget)
        pictures.addWidget(self.spectrogram.widget)
        pictures.setSizes([420, 240])
        layout.addWidget(pictures, 1)
        layout.addWidget(self.overview.widget)
        split = QSplitter()
        for widget in (self.left, middle, self.right):
            split.addWidget(widget)
        split.setSizes([190, 720, 390])
        split.setChildrenCollapsible(False)
        split.setStretchFactor(1, 1)
        self.remember_splitters(columns=split, pictures=pictures)
        return split

    def _connect(self) -> None:
        for canvas in (self.traces, self.spectrogram):
            canvas.box.panned.connect(lambda dt: self.go_to(self.start_s + dt))
            canvas.box.zoomed.connect(self._zoom_at)
            canvas.box.picked.connect(lambda t: self._pick(self.start_s + t))
            canvas.box.ranged.connect(lambda a, b: self.mark(self.start_s + a, b - a))
        self.overview.moved.connect(self.go_to)
        self.overview.picked.connect(lambda t: self.go_to(t - self.length_s / 2))
        self.overview.box.panned.connect(lambda dt: self.go_to(self.start_s - dt))
        self.recordings.currentRowChanged.connect(self._choose_recording)
        self.left.channels_changed.connect(self._channels_ticked)
        self.left.channels.currentRowChanged.connect(self._channel_chosen)
        self.bar.length_chosen.connect(self.set_length)
        self.bar.amplified.connect(self.amplify)
        self.bar.find.connect(self.find)
        self.library.reading.connect(self.bar.show_reading)
        self.library.added.connect(self._added)
        self.finder.finding.connect(self.bar.show_finding)
        self.right.chosen.connect(lambda ids: self.session.selection.set(ids, self.table))
        self.model.modelReset.connect(lambda: self.right.select(self.session.selection.ids))
        session = self.session
        session.study_changed.connect(self._study_changed)
        self.follow(session.events_changed, self._show_events)
        self.follow(session.labels_changed, self._show_events)
        session.selection.changed.connect(self._selected)
        theme.changed.connect(self._show_events)

    # Which recording

    @property
    def recording(self) -> Recording | None:
        """The recording that is shown."""
        return self.opened.recording if self.opened else None

    @property
    def entry(self) -> RecordingEntry | None:
        """What the study knows of the chosen recording, whether it could be opened or not."""
        return self._entry

    @property
    def recording_id(self) -> int | None:
        """Its id."""
        return self.opened.id if self.opened else None

    def remember(self) -> dict[str, Any]:
        if self.opened is None:
            return {}
        return {"recording": self.opened.id, "start_s": self.start_s, "length_s": self.wished_s, "gain": self.gain}

    def restore(self, state: dict[str, Any]) -> None:
        known = [r.id for r in self.session.recordings]
        self._goal = state if state.get("recording") in known else {}
        if self._goal and self._study is self.session.study:  # else it is taken up with the study
            self.recordings.setCurrentRow(known.index(state["recording"]))

    def _study_changed(self) -> None:
        study, entries = self.session.study, self.session.recordings
        if study is not self._study:
            self._study, self.opened, self._entry = study, None, None
        if study is None or not entries:
            self.opened = None
            text = self.tr(
                "Here you scroll recordings with their spectrograms and mark what is in them. "
                "WFDB, EDF, BDF and WAV files stay where they are; the study only remembers their place and content."
            )
            add = self.library.choose if study is not None else None
            self.show_empty(EmptyState(self.tr("No recording yet"), text, self.tr("Add recordings…"), add))
            return
        self.show_empty(None)
        known = [r.id for r in entries]
        wanted = self._entry.id if self._entry is not None else self._goal.get("recording")
        row = known.index(wanted) if wanted in known else 0
        self.left.show_recordings(entries, row)
        self._choose_recording(row)

    def _choose_recording(self, row: int) -> None:
        if 0 <= row < len(self.session.recordings):
            entry = self.session.recordings[row]
            same = self._entry is not None and (entry.id, entry.path, entry.options) == (
                self._entry.id,
                self._entry.path,
                self._entry.options,
            )
            if not same:
                self._let_go(entry.id)
                self._open(entry)
            elif self.opened is not None:
                self._show_events()

    def _let_go(self, recording_id: int) -> None:
        """Forget selected events that are all of other recordings than the one that is chosen here."""
        events, ids = self.session.events, self.session.selection.ids
        if self.isVisible() and not np.isin(events.id[events.recording == recording_id], ids).any():
            self.session.selection.set((), self)

    def _open(self, entry: RecordingEntry) -> None:
        """Open a recording in the background; what is shown stays, dimmed, until it is there."""
        self._entry = entry
        if self._report is not None:
            self._report.cancel()
        report = self._report = TaskReporter(self)
        report.progressed.connect(lambda share, _text: self._reading(report, share))
        self._await("page", "picture")

        def failed(error: Exception) -> None:
            self._arrived("page", "picture")
            if not isinstance(error, JobCancelled):
                self.session.failed.emit(error)

        arguments = (self.session, entry.id, report)
        self.session.tasks.submit("review open", open_recording, *arguments, done=self._opened, failed=failed)

    def _reading(self, report: TaskReporter, share: float) -> None:
        if report is self._report and not self._waiting.isActive():
            self.bar.show_reading(share)

    def _opened(self, opened: Opened) -> None:
        entry = next((r for r in self.session.recordings if r.id == opened.id), None)
        if entry is None:
            return
        self._arrived("page", "picture")
        recording, goal, self._goal = opened.recording, self._goal, {}
        self.opened, self._levels, self.picture_channel = opened, {}, 0
        self.bar.name.setText(entry.name)
        self.simulated.setVisible(entry.simulated)
        self.channels = tuple(range(min(len(recording.channels), DEFAULT_CHANNELS)))
        self.left.show_channels(recording, self.channels, 0)
        self.overview.show_envelope(*opened.envelope, recording.duration)
        self.start_s, self.gain = float(goal.get("start_s", 0.0)), float(goal.get("gain", 1.0))
        self.bar.show_gain(self.gain)
        self._show_events()
        self.set_length(float(goal.get("length_s", self.wished_s)))

    def _channels_ticked(self, channels: tuple[int, ...]) -> None:
        self.channels = channels
        self._read()

    def _channel_chosen(self, channel: int) -> None:
        if channel >= 0:
            self.picture_channel = channel
            self._read()

    def _added(self, ids: tuple[int, ...]) -> None:
        known = [r.id for r in self.session.recordings]
        self.recordings.setCurrentRow(known.index(ids[0]))

    # What is shown

    def _read(self) -> None:
        """Ask for the page; what is shown stays, moved to where it belongs, until the new one is there."""
        opened = self.opened
        if opened is None:
            return
        channels, chosen, start, length = self.channels, self.picture_channel, self.start_s, self.length_s
        pixels, levels = max(200, self.traces.widget.width() - 96), self._levels.get(self.picture_channel)
        for canvas in (self.traces, self.spectrogram):
            canvas.slide(start, length)
        self._say_where()
        self._await("page", "picture")

        def page() -> tuple[Opened, Page]:
            return opened, read_page(opened.pyramid, channels, start, length, pixels)

        def picture() -> tuple[Opened, Picture | None, int, float, float]:
            shown = read_picture(opened.recording, chosen, start, length, pixels, levels)
            return opened, shown, chosen, start, length

        def failed(error: Exception) -> None:
            self._arrived("page", "picture")
            self.session.failed.emit(error)

        tasks = self.session.tasks
        tasks.submit("review page", page, done=lambda got: self._show_page(*got), failed=failed)
        tasks.submit("review picture", picture, done=lambda got: self._show_picture(*got), failed=failed)

    def _show_page(self, opened: Opened, page: Page) -> None:
        if opened is self.opened:
            self._arrived("page")
            self.traces.show_page(page, opened, self.gain)
            self._show_boxes()

    def _show_picture(
        self, opened: Opened, picture: Picture | None, channel: int, start_s: float, length_s: float
    ) -> None:
        if opened is not self.opened:
            return
        if picture is not None:
            self._levels[channel] = picture.levels
        self._arrived("picture")
        self.spectrogram.show_picture(picture, opened.recording, channel, start_s, length_s)
        self._show_boxes()

    def _await(self, *what: str) -> None:
        self._awaited |= set(what)
        if not self._waiting.isActive():
            self._waiting.start()

    def _dim(self) -> None:
        """Dim what is not what was asked for any more."""
        self.traces.dim("page" in self._awaited)
        self.spectrogram.dim("picture" in self._awaited)

    def _arrived(self, *what: str) -> None:
        self._awaited -= set(what)
        if not self._awaited:
            self._waiting.stop()
            self.bar.show_reading(None)
        if not self._waiting.isActive():
            self._dim()

    def _say_where(self) -> None:
        assert self.recording is not None
        stop, total = min(self.start_s + self.length_s, self.recording.duration), self.recording.duration
        text = self.tr("{} to {} of {} (min:s)").format(clock(self.start_s), clock(stop), clock(total))
        began = self.recording.start_time
        self.overview.show_page(self.start_s, self.length_s, text)
        if began is not None:
            page = QDateTime(began).addMSecs(round(1000 * self.start_s))
            text = self.tr("The page begins {}").format(QLocale().toString(page, QLocale.FormatType.ShortFormat))
            for canvas in (self.traces, self.spectrogram, self.overview):
                canvas.widget.setToolTip(text)

    def _show_events(self) -> None:
        if self.opened is None:
            return
        events = self.session.events
        mine = np.flatnonzero(events.recording == self.opened.id)
        self.model.show(events, mine)
        self.right.make_room()
        self.right.show_count()
        self.overview.show_ticks(events.start_s[mine], self._colours(events.label[mine]))
        self._show_boxes()

    def _show_boxes(self) -> None:
        if self.opened is None:
            return
        events, stop = self.session.events, self.start_s + self.length_s
        near = (events.recording == self.opened.id) & (events.start_s < stop)
        near &= events.start_s + events.duration_s > self.start_s
        rows = np.flatnonzero(near)
        chosen = np.isin(events.id[rows], np.fromiter(self.session.selection.ids, np.int64))
        labels, colours = events.label[rows], np.array(self._colours(events.label[rows]), object)
        shapes = {text: self._named(text) for text in set(labels.tolist())}
        least = self.length_s / 2000
        starts, lengths = events.start_s[rows], np.maximum(events.duration_s[rows], least)
        width = max(1.0, self.traces.box.width())
        scale = width / self.length_s
        wide = drawn.boxed(lengths, chosen, scale, width)
        boxes = [
            Box(float(starts[n]), float(lengths[n]), colours[n], bool(chosen[n]), shapes[labels[n]])
            for n in np.flatnonzero(wide).tolist()
        ]
        ticks = drawn.ticks(starts[~wide], colours[~wide].tolist(), self.start_s, scale)
        self.traces.show_boxes(boxes, ticks, max(1, len(self.channels)))
        self.spectrogram.show_boxes(boxes)

    def _named(self, text: str) -> str:
        return f"{theme.class_shape(self.session.position_of(text))} {text}" if text else ""

    def _colours(self, labels: np.ndarray) -> list[str]:
        texts, position = labels.tolist(), self.session.position_of
        colours = {text: theme.class_colour(position(text)) for text in set(texts)} | {"": theme.token("unlabelled")}
        return [colours[text] for text in texts]

    # Moving

    def go_to(self, start_s: float) -> None:
        """Show the page that begins at a time, as near as the recording allows."""
        if self.recording is None:
            return
        self.start_s = float(np.clip(start_s, 0.0, max(0.0, self.recording.duration - self.length_s)))
        self._read()

    def set_length(self, length_s: float) -> None:
        """Show pages of this length, or of as much as the recording has; longer ones get the length again."""
        if self.recording is None:
            return
        self.wished_s = max(float(length_s), LEAST_S)
        self.length_s = min(self.wished_s, max(self.recording.duration, LEAST_S))
        self.bar.show_length(self.length_s)
        self.go_to(self.start_s)

    def amplify(self, factor: float) -> None:
        """Draw traces larger or smaller."""
        self.gain = float(np.clip(self.gain * factor, 0.01, 100.0))
        self.bar.show_gain(self.gain)
        self._read()

    def _zoom_at(self, factor: float, t: float) -> None:
        fraction, middle = t / self.length_s, self.start_s + t
        self.start_s = middle - fraction * self.length_s * factor
        self.set_length(self.length_s * factor)

    # Events

    def _pick(self, t: float) -> None:
        """Select the event at a time, the shortest where several overlap."""
        events = self.session.events
        margin = self.length_s / 300
        at = np.flatnonzero(
            (events.recording == self.recording_id)
            & (events.start_s - margin <= t)
            & (t <= events.start_s + events.duration_s + margin)
        )
        best = at[np.argmin(events.duration_s[at])] if len(at) else None
        self.session.selection.set(() if best is None else (int(events.id[best]),), self.traces)

    def _selected(self, ids: tuple[int, ...], origin: object) -> None:
        row = self.model.row_of(ids[0]) if ids else None
        if row is not None:
            self._place = row
        if origin is not self.table:
            self.right.select(ids)
        if ids and origin is not self.traces and self.isVisible():
            self._reveal(ids[0])
        self._show_boxes()

    def _reveal(self, event_id: int) -> None:
        events = self.session.events
        rows = np.flatnonzero(events.id == event_id)
        if not len(rows):
            return
        start, recording = float(events.start_s[rows[0]]), int(events.recording[rows[0]])
        known = [r.id for r in self.session.recordings]
        if recording != self.recording_id and recording in known:
            self._goal = {"start_s": max(0.0, start - self.wished_s / 2)}
            self.recordings.setCurrentRow(known.index(recording))
        elif not self.start_s <= start <= self.start_s + self.length_s:
            self.go_to(start - self.length_s / 2)

    def step(self, direction: int) -> None:
        """Select the next or the previous event in the order of the table."""
        ids = self.model.ids.tolist()
        if not ids:
            return
        current = self.session.selection.ids[0] if self.session.selection.ids else None
        place = 0
        if current is not None:
            row = self.model.row_of(current)
            # After one that was removed comes what stands in its place now.
            place = self._place + min(direction, 0) if row is None else row + direction
        self.session.selection.set((ids[place % len(ids)],), self)

    def activate(self) -> None:
        if self.session.selection.ids and self.opened is not None:
            self._reveal(self.session.selection.ids[0])

    def actions_of_room(self) -> list[Action]:
        return actions_of(self)
