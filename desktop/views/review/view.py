"""Review: look at long recordings and mark what is in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QTabWidget

from core.signals import Recording
from core.study import RecordingEntry, Study
from desktop.actions.registry import Action
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.actions import actions_of
from desktop.views.review.appearance import Appearance
from desktop.views.review.asking import Asking
from desktop.views.review.beside import Beside
from desktop.views.review.channel_groups import ChannelGroups
from desktop.views.review.data import Opened, missing_of
from desktop.views.review.derived import Derived
from desktop.views.review.event_display import EventDisplay
from desktop.views.review.events_panel import EventsPanel
from desktop.views.review.exchange import Exchange
from desktop.views.review.finding import Finder
from desktop.views.review.focus import Focus
from desktop.views.review.hits.queue import HitsQueue
from desktop.views.review.layers import Layers
from desktop.views.review.layers_panel import LayersPanel
from desktop.views.review.layout import gestures_of, kept_windows, lay_out, show_windows
from desktop.views.review.library import Library
from desktop.views.review.looks import Looks
from desktop.views.review.marks import Marks
from desktop.views.review.measures import Measures
from desktop.views.review.menus import Menus
from desktop.views.review.opening import Opening
from desktop.views.review.pages import Pages
from desktop.views.review.panels import RecordingsPanel
from desktop.views.review.pictures.canvas import TimeCanvas
from desktop.views.review.pictures.frame import TimeScale
from desktop.views.review.pictures.overview_canvas import OverviewCanvas
from desktop.views.review.pictures.spectrogram_canvas import SpectrogramCanvas
from desktop.views.review.pictures.trace_canvas import TraceCanvas
from desktop.views.review.pointer_line import PointerLine
from desktop.views.review.pointing import Pointing
from desktop.views.review.scroller import Scroller
from desktop.views.review.second_window import SecondWindow
from desktop.views.review.selected_events import SelectedEvents
from desktop.views.review.sound import Sound
from desktop.views.review.spectral import Spectral
from desktop.views.review.toolbar import WHOLE, Toolbar
from desktop.widgets.parts import EmptyState, clock
from desktop.widgets.workspace import Workspace

LEAST_S = 0.01  # the shortest page
USUAL_DPI = (60.0, 400.0)  # a screen that says otherwise does not know


class ReviewView(Workspace):
    """Recordings left; traces over spectrogram over overview; events, layers and measures right."""

    id = "review"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.opened: Opened | None = None
        self._entry: RecordingEntry | None = None
        self._study: Study | None = None
        self._goal: dict[str, Any] = {}
        self.looks = Looks()
        self.picture_channel = 0
        self.start_s, self.length_s = 0.0, 10.0
        # The page length that was asked for, of which a short recording shows less; and that of pages that are no paper.
        self.wished_s = self.plain_s = self.length_s
        self.pointing, self.appearance, self.spectral = Pointing(self), Appearance(self), Spectral(self)
        self.derived, self.layers = Derived(self), Layers(self)
        self.traces = TraceCanvas(self.pointing)
        self.detail = TraceCanvas(self.pointing, self.tr("Second window"), axis=True)
        self.spectrogram, self.overview = SpectrogramCanvas(self.pointing), OverviewCanvas(self.pointing)
        self.left, self.bar, self.right = RecordingsPanel(), Toolbar(), EventsPanel(session)
        self.recordings, self.table, self.filter, self.model = (
            self.left.list, self.right.table, self.right.filter, self.right.model,
        )  # fmt: skip
        self.simulated, self.tabs = self.bar.simulated, QTabWidget()
        self.library, self.marks, self.finder = Library(session, self), Marks(session, self), Finder(session, self)
        self.amplify = self.appearance.amplify
        self.find, self.mark, self.add_recordings = self.finder.find, self.marks.add, self.library.add
        self.opening, self.pages, self.beside = Opening(session, self), Pages(session, self), Beside(session, self)
        self.menus, self.scroller = Menus(self), Scroller(self)
        self.groups = ChannelGroups(self)
        self.second, self.asking, self.exchange = SecondWindow(self), Asking(self), Exchange(session, self)
        self.selected, self.layers_panel = SelectedEvents(session, self), LayersPanel(session, self.layers)
        self.sound, self.measures = Sound(session, self), Measures(session, self)
        self.gestures, self.focus = gestures_of(self), Focus(self)
        self.status, self.events, self.queue = PointerLine(self), EventDisplay(session, self), HitsQueue(session, self)
        self.set_content(lay_out(self))
        self._connect()
        self._study_changed()

    @property
    def canvases(self) -> tuple[TimeCanvas, ...]:
        """The pictures of a page."""
        return self.traces, self.detail, self.spectrogram

    def _connect(self) -> None:
        for canvas in (self.traces, self.spectrogram):
            canvas.panned.connect(lambda dt: self.go_to(self.start_s + dt))
            canvas.zoomed.connect(self._zoom_at)
            canvas.zoomed_to.connect(self.show_span)
        for canvas in self.canvases:
            canvas.picked.connect(self.events.pick)
            canvas.drawn.connect(self.mark)
            canvas.changed.connect(self.marks.put)
            canvas.menu_asked.connect(self.menus.show_at)
            canvas.opened.connect(self.events.comment_at)
            canvas.resized.connect(self._resized)
        for canvas in (self.traces, self.detail):
            canvas.channel_chosen.connect(self.choose_channel)
            canvas.channel_scaled.connect(self.appearance.amplify_channel)
        self.overview.moved.connect(self.go_to)
        self.overview.resized.connect(self.events.show_ticks)
        self.appearance.changed.connect(self._look_changed)
        self.spectral.changed.connect(self.pages.show_spectrogram)
        self.derived.changed.connect(self._derive)
        self.layers.changed.connect(self.events.refresh)
        self.pointing.cursor_moved.connect(self.status.refresh)
        self.recordings.currentRowChanged.connect(self._choose_recording)
        self.left.channels_changed.connect(self.appearance.show_channels)
        self.left.order_changed.connect(self.appearance.reorder)
        self.left.channel_chosen.connect(self._channel_chosen)
        self.left.menu_asked.connect(self.menus.show_channel)
        self.bar.length_chosen.connect(self.set_length)
        self.bar.paper_chosen.connect(self.use_paper)
        self.bar.sensitivity_chosen.connect(lambda chosen: self.appearance.set_sensitivity(self.kind, chosen))
        self.bar.amplified.connect(self.amplify)
        self.bar.find.connect(self.find)
        self.bar.find_all.connect(lambda maker: self.find(maker, all_of_them=True))
        self.bar.filters.clicked.connect(self.asking.filters)
        self.opening.opened.connect(self._opened)
        self.pages.progressed.connect(self.bar.show_reading)
        self.pages.shown.connect(self.beside.look)
        self.library.reading.connect(self.bar.show_reading)
        self.library.coming.changed.connect(self._study_changed)
        self.finder.finding.connect(self.bar.show_finding)
        session = self.session
        session.study_changed.connect(self._study_changed)
        self.follow(session.events_changed, self.events.refresh)
        self.follow(session.labels_changed, self.events.refresh)
        self.follow(session.selection.changed, self.events.selected)
        theme.changed.connect(self._retheme)
        self.queue.listen()

    # Which recording

    @property
    def recording(self) -> Recording | None:
        """The recording that is shown, through montage and filters."""
        return self.opened.recording if self.opened else None

    @property
    def entry(self) -> RecordingEntry | None:
        """What the study knows of the recording that is shown."""
        return next((entry for entry in self.library.coming.entries if entry.id == self.recording_id), None)

    @property
    def chosen(self) -> RecordingEntry | None:
        """What it knows of the chosen one, which may still be opening, or cannot be opened."""
        return self._entry

    @property
    def _here(self) -> bool:
        """Whether the chosen recording is the one that is shown."""
        return self._entry is not None and self._entry.id == self.recording_id

    @property
    def recording_id(self) -> int | None:
        """Its id."""
        return self.opened.id if self.opened else None

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels that are shown, from top to bottom."""
        return self.appearance.look.channels

    @property
    def gain(self) -> float:
        """How much larger than fitted the traces are."""
        return self.appearance.look.gain

    @property
    def channel_name(self) -> str:
        """The chosen channel, whose spectrogram and measures are shown."""
        known = self.recording.channels if self.recording is not None else ()
        return known[self.picture_channel].name if self.picture_channel < len(known) else ""

    @property
    def kind(self) -> str:
        """The kind of the chosen channel."""
        known = self.recording.channels if self.recording is not None else ()
        return known[self.picture_channel].kind if self.picture_channel < len(known) else ""

    @property
    def px_per_mm(self) -> float:
        """How many pixels a millimetre takes on this screen."""
        dpi = self.traces.screen().physicalDotsPerInchX()
        return (dpi if USUAL_DPI[0] < dpi < USUAL_DPI[1] else 96.0) / 25.4

    def remember(self) -> dict[str, Any]:
        if self._entry is None:
            return {}
        self._keep_look()
        start_s = self.start_s if self._here else 0.0
        return {
            "recording": self._entry.id, "start_s": start_s, "length_s": self.plain_s, "looks": self.looks.kept(),
            "spectral": self.spectral.kept(), "derived": self.derived.kept(), "hidden": sorted(self.layers.hidden),
            "absolute": self.appearance.absolute, "windows": kept_windows(self),
        }  # fmt: skip

    def keep_layout(self) -> None:
        self.focus.leave()
        super().keep_layout()

    def restore(self, state: dict[str, Any]) -> None:
        known = [r.id for r in self.session.recordings]
        self.looks.start(state.get("looks", {}))
        self.spectral.start(state.get("spectral", {}))
        self.derived.start(state.get("derived", {}))
        self.layers.start(state.get("hidden", []))
        self.appearance.absolute = bool(state.get("absolute", False))
        show_windows(self, state.get("windows", {}))
        self._goal = state if state.get("recording") in known else {}
        if self._goal and self._study is self.session.study:  # else it is taken up with the study
            self.recordings.setCurrentRow(known.index(state["recording"]))

    def _keep_look(self) -> None:
        if self.opened is not None:
            self.looks.keep(self.opened.id, self.appearance.kept(self.opened.recording.channels))

    def _study_changed(self) -> None:
        study = self.session.study
        if study is not self._study:
            self._study, self.opened, self._entry = study, None, None
            self.pages.stop()
            self.opening.stop()
            self.pointing.forget()
            self.library.begin(study)
        entries = self.library.coming.listed()
        if study is None or not entries:
            self.opened = self._entry = None
            text = self.tr(
                "Here you scroll recordings with their spectrograms and mark what is in them. "
                "Recordings stay where they are; the study only remembers their place and content. "
                "Add them here, or drop files and folders into the window."
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
        entry, before = self.library.coming.at(row), self._entry
        if entry is None:
            return
        if before is None or (entry.id, entry.path, entry.options) != (before.id, before.path, before.options):
            self._let_go(entry.id)
            self._open(entry)
        elif self._here:
            self._entry = entry
            bad = frozenset(entry.bad_channels)
            if bad != self.appearance.look.bad:
                self.appearance.change(bad=bad)
                self._derive()  # references leave bad channels out
            self.events.refresh()

    def show_in(self, recording_id: int, t: float) -> None:
        """Show another recording round a time."""
        known = [r.id for r in self.session.recordings]
        if recording_id in known:
            self._goal = {"start_s": max(0.0, t - self.wished_s / 2)}
            self.recordings.setCurrentRow(known.index(recording_id))

    def _let_go(self, recording_id: int) -> None:
        """Forget selected events that are all of other recordings than the one that is chosen here."""
        events, ids = self.session.events, self.session.selection.ids
        if self.isVisible() and not np.isin(events.id[events.recording == recording_id], ids).any():
            self.session.selection.set((), self)

    def _open(self, entry: RecordingEntry) -> None:
        self._keep_look()
        self._entry = entry
        self.opening.start(entry)

    def _derive(self) -> None:
        """Show the recording through another montage or other filters: what is chosen stays, as far as it is still there."""
        if self._entry is not None:
            if self._here:
                self._goal = {"start_s": self.start_s, "length_s": self.plain_s, "channel": self.channel_name}
            self._open(self._entry)

    def _opened(self, opened: Opened) -> None:
        self.pages.opened()
        entry = next((r for r in self.library.coming.entries if r.id == opened.id), None)
        if entry is None:
            return
        goal, self._goal = self._goal, {}
        another = self.opened is None or self.opened.id != opened.id
        if not another:
            self._keep_look()
        else:
            self.pointing.forget()
        self.opened = opened
        recording = opened.recording
        channels = recording.channels
        self.appearance.start(channels, entry.bad_channels, self.looks.of(opened.id))
        names = [c.name for c in channels]
        self.picture_channel = names.index(goal["channel"]) if goal.get("channel") in names else 0
        self.bar.name.setText(entry.name)
        self.bar.signal.setText(opened.said)
        self.simulated.setVisible(entry.simulated)
        self.left.show_channels(
            recording, self.appearance.order, self.channels, self.picture_channel, self.appearance.look.bad
        )
        self.groups.begin()
        for canvas in (self.traces, self.detail):
            canvas.gaps = recording.gaps
            canvas.gaps_of = {c.name: missing_of(recording, n) for n, c in enumerate(channels)}
        self.overview.gaps = missing_of(recording, 0)
        self.overview.show_whole(recording.duration, empty=another)
        self._write_times()
        self.start_s = float(goal.get("start_s", 0.0 if another else self.start_s))
        self.bar.show_scales(self.kind, self.appearance.look)
        self.pages.start(opened)
        self.pointing.begin(None if another else self.pointing.stretch)
        self.events.refresh()
        self.plain_s = float(goal.get("length_s", self.plain_s))
        if self.appearance.look.paper:
            self.use_paper(self.appearance.paper_speed)
        else:
            self.set_length(self.plain_s)

    def take_up(self, entry: RecordingEntry, opened: Opened) -> None:
        """Go on with a recording that was shown while it was being added: nothing that is shown changes."""
        self._entry, self.opened = entry, opened
        self.pages.start(opened, read=True)
        if self.opening.busy:  # through another montage, say: as the recording that it is now
            self.opening.start(entry)

    # Channels and looks

    def choose_channel(self, name: str) -> None:
        """Choose the channel whose spectrogram and measures are shown."""
        if self.recording is not None:
            self._channel_chosen(next((n for n, c in enumerate(self.recording.channels) if c.name == name), -1))

    def _channel_chosen(self, channel: int) -> None:
        if channel >= 0 and self.recording is not None and channel != self.picture_channel:
            self.picture_channel = channel
            self.left.choose_channel(channel)
            self.bar.show_scales(self.kind, self.appearance.look)
            self.pages.read()
            self.pointing.stretch_changed.emit()  # what is measured is that of it

    def step_channel(self, direction: int) -> None:
        """Choose the channel above or below."""
        shown = self.channels
        if shown:
            place = shown.index(self.picture_channel) + direction if self.picture_channel in shown else 0
            self._channel_chosen(shown[int(np.clip(place, 0, len(shown) - 1))])

    def amplify_chosen(self, factor: float) -> None:
        """Draw the chosen channel larger or smaller."""
        self.appearance.amplify_channel(self.channel_name, factor)

    def toggle_bad(self) -> None:
        """Mark the chosen channel as bad, or not any more."""
        if self.session.writable:
            self.menus.toggle_bad(self.channel_name)

    def _look_changed(self) -> None:
        if self.recording is not None:
            look = self.appearance.look
            self.bar.show_scales(self.kind, look)
            self.left.tick(look.channels, look.bad)
            self.groups.show()
            self.pages.read()

    def use_paper(self, speed: float) -> None:
        """Show the page as ECG paper of this speed (mm/s), 10 mm/mV where nothing else was chosen."""
        self.appearance.put_on_paper(speed)
        self._fill_paper()

    def _fill_paper(self) -> None:
        """Show as much time as the paper is wide."""
        speed = self.appearance.paper_speed
        self.set_length(self.traces.frame.rect.width() / self.px_per_mm / speed, paper=speed)

    def toggle_paper(self) -> None:
        """Show ECG paper of 25 mm/s and 10 mm/mV, or go back to plain pages."""
        if self.appearance.look.paper:
            kept = {k: v for k, v in self.appearance.look.sensitivity.items() if k != "ecg"}
            self.appearance.change(paper=False, sensitivity=kept)
            self.set_length(self.plain_s)
        else:
            self.use_paper(25.0)

    def show_spectrogram(self, on: bool) -> None:
        """Show or hide the spectrogram."""
        self.spectrogram.setVisible(on)
        self.traces.axis = not on
        self.traces.updateGeometry()
        self.traces.update()
        self._resized()

    def show_absolute(self, on: bool) -> None:
        """Write times as the clock on the wall, or from the start of the recording."""
        self.appearance.absolute = on
        self._write_times()

    def _write_times(self) -> None:
        began = self.recording.start_time if self.recording is not None else None
        scale = TimeScale(began if self.appearance.absolute else None)
        for canvas in (*self.canvases, self.overview):
            canvas.write_times(scale)
        self._say_where()

    def _retheme(self) -> None:
        self.events.refresh()
        self.pages.read()

    def _resized(self) -> None:
        if self.opened is not None:
            if self.appearance.look.paper:
                self._fill_paper()
            else:
                self.events.show_boxes()
                self.pages.read()

    # Moving

    def go_to(self, start_s: float) -> None:
        """Show the page that begins at a time, as near as the recording allows."""
        if self.recording is None:
            return
        self.start_s = float(np.clip(start_s, 0.0, max(0.0, self.recording.duration - self.length_s)))
        self._say_where()
        self.events.show_boxes()
        self.pages.read()

    def set_length(self, length_s: float, paper: float | None = None) -> None:
        """Show pages of this length, or of as much as the recording has; longer ones get the length again."""
        if self.recording is None:
            return
        total = max(self.recording.duration, LEAST_S)
        self.wished_s = total if length_s == WHOLE else max(float(length_s), LEAST_S)
        self.length_s = min(self.wished_s, total)
        if paper is None:
            self.plain_s = self.wished_s
            self.appearance.change(paper=False)
        self.bar.show_length(self.length_s, paper)
        self.go_to(self.start_s)

    def show_span(self, start_s: float, stop_s: float) -> None:
        """Show a stretch as a page."""
        self.start_s = start_s
        self.set_length(stop_s - start_s)

    def _zoom_at(self, factor: float, t: float) -> None:
        fraction = (t - self.start_s) / self.length_s
        self.start_s = t - fraction * self.length_s * factor
        self.set_length(self.length_s * factor)

    def _say_where(self) -> None:
        if self.recording is None:
            return
        stop, total = min(self.start_s + self.length_s, self.recording.duration), self.recording.duration
        scale = self.overview.scale
        text = self.tr("{} to {} of {}").format(scale.text(self.start_s), scale.text(stop), clock(total))
        self.overview.show_page(self.start_s, self.length_s, text)
        self.second.frame_on_page()

    def label_here(self, key: str) -> bool:
        if self.pointing.stretch is None:
            return False
        self.marks.add_here(label=key)
        return True

    def activate(self) -> None:
        if self.session.selection.ids and self.opened is not None:
            self.events.reveal(self.session.selection.ids[0])

    def actions_of_room(self) -> list[Action]:
        return actions_of(self)
