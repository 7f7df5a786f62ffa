"""Listening: what is played, the line that moves with it, the page that follows, and sound as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QFileDialog, QMenu, QWidget

from core.signals import Loudness, Recording, SoundStream, gate_of, loudness_of, write_sound
from desktop.services.player import Player, Span
from desktop.services.session import Session
from desktop.services.tasks import TaskReporter
from desktop.views.review.sound_bar import SPEEDS, SoundBar
from desktop.views.review.spectral import called
from desktop.widgets.parts import clock, number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

LEAD_S = 0.25  # before an event that is played from: it is short, and the ear needs to get ready
AROUND_S = 0.5  # about an event that is played over and over
SETTLE_MS = 150  # until a stretch that is being drawn, or a list of channels gone through, is played
LEAST_S = 0.02
VOLUME_STEP = 0.1
FILE_BYTES_S = 4 * 44_100  # of a second of sound
LONG_S = 600.0  # of sound: longer files are written behind all else, with their progress


def what_to_play(
    duration_s: float, page: Span, stretch: Span | None, event: Span | None, cursor_s: float | None, loop: bool
) -> Span:
    """Return the stretch to play: the chosen one; else from the event, the cursor or the page's start to the end.

    Over and over, it is not to the end, but the event with a little about it, or the page.
    """
    if stretch is not None and stretch[1] - stretch[0] >= LEAST_S:
        start, stop = stretch
    elif event is not None:
        start, stop = (event[0] - AROUND_S, event[1] + AROUND_S) if loop else (event[0] - LEAD_S, duration_s)
    elif loop:
        start, stop = page
    else:
        start, stop = page[0] if cursor_s is None else cursor_s, duration_s
    return max(0.0, start), min(stop, duration_s)


class Sound(QObject):
    """The sound of the room: its player, its controls, and its files."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.speed, self.loop = 1.0, False
        self.player, self.bar = Player(self), SoundBar()
        room.bar.second.addWidget(self.bar)
        self._span: Span = (0.0, 0.0)
        self._as: tuple[Any, ...] = ()  # of what, and how, is played
        self._wanted: tuple[Any, ...] = ()
        self._loudness: dict[tuple[Any, ...], Loudness] = {}
        self._told_silent = False
        self._settled = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settled.timeout.connect(self._go_on)
        self.player.moved.connect(self._moved)
        self.player.changed.connect(self._changed)
        self.player.failed.connect(session.failed)
        self.bar.asked.connect(self.toggle)
        self.bar.hidden.connect(self.stop)
        self.bar.write_asked.connect(self.write)
        self.bar.speed_chosen.connect(self.use_speed)
        self.bar.loop_chosen.connect(self.use_loop)
        self.bar.volume_chosen.connect(self.use_volume)
        self._show_settings()

    # How

    def use_speed(self, speed: float) -> None:
        """Play at another speed; what is played goes on from where it is."""
        self.speed = speed
        self._show_settings()

    def next_speed(self) -> None:
        """Play at half the speed; after the lowest, at full speed again."""
        speeds = list(SPEEDS)
        self.use_speed(speeds[(speeds.index(self.speed) + 1) % len(speeds)])

    def use_loop(self, on: bool) -> None:
        """Play over and over, or once."""
        self.loop = on
        self._show_settings()

    def use_volume(self, volume: float) -> None:
        """Play louder or less loud, at once."""
        self.player.volume = volume
        self._show_settings()

    def louder(self, steps: int) -> None:
        """Play louder by a tenth, or with -1 less loud."""
        self.use_volume(self.player.volume + VOLUME_STEP * steps)

    def _show_settings(self) -> None:
        self.bar.show_settings(self.speed, self.loop, self.player.volume)

    # Playing

    def space(self, play: Callable[[], None] | None = None) -> None:
        """Space was pressed: a button or tick that has the focus takes it, else sound is played or stopped."""
        if not _takes_space(QApplication.focusWidget()):
            (play or self.toggle)()

    def toggle(self) -> None:
        """Play, or stop."""
        if self.player.playing:
            self.stop()
        else:
            self.play(self._chosen())

    def play_from(self, t: float) -> None:
        """Play from a time to the end."""
        recording = self._room.recording
        if recording is not None:
            self.play((t, recording.duration))

    def play(self, span: Span | None, from_s: float | None = None) -> None:
        """Play a stretch of the chosen channel, from its start or from a place in it."""
        recording = self._room.recording
        if recording is None or span is None or not recording.channels:
            return
        self._span, self._as = span, self._now()
        self._wanted = self._as
        make = partial(self._make, recording, self._room.picture_channel, self.speed)
        self.player.play(make, span, from_s, loop=self.loop)
        self._room.pointing.play_at(self.player.at_s)

    def stop(self) -> None:
        """Stop at once."""
        self._settled.stop()
        self.player.stop()

    def let_go(self) -> None:
        """Esc was pressed: stop the sound; in silence, let go of the chosen stretch."""
        if self.player.playing:
            self.stop()
        else:
            self._room.pointing.choose(None)

    def _chosen(self) -> Span | None:
        room = self._room
        if room.recording is None:
            return None
        page = (room.start_s, room.start_s + room.length_s)
        pointing = room.pointing
        return what_to_play(
            room.recording.duration, page, pointing.stretch, self._event(page), pointing.cursor_s, self.loop
        )

    def _event(self, page: Span) -> Span | None:
        """Return where the selected event is, if it is on the page."""
        events, ids = self._session.events, self._session.selection.ids
        rows = np.flatnonzero(events.id == ids[0]) if ids else []
        if not len(rows) or events.recording[rows[0]] != self._room.recording_id:
            return None
        start = float(events.start_s[rows[0]])
        stop = start + float(events.duration_s[rows[0]])
        return (start, stop) if stop >= page[0] and start < page[1] else None

    def _make(
        self, recording: Recording, channel: int, speed: float, start_s: float, stop_s: float, fs: int
    ) -> SoundStream:
        """Make the sound of a stretch (in the thread that computes it)."""
        known = (str(recording.path), recording.derivation, channel)
        loudness = self._loudness.get(known) or loudness_of(recording, channel)
        self._loudness[known] = loudness
        return SoundStream(recording, channel, start_s, stop_s, speed=speed, fs_out=fs, loudness=loudness)

    # While it plays

    def _now(self) -> tuple[Any, ...]:
        """What is to be played, and how: when it changes, the sound goes on with it."""
        room = self._room
        return room.opened, room.picture_channel, self.speed, self.loop, room.pointing.stretch

    def _moved(self, t: float) -> None:
        room, before = self._room, self._room.pointing.playing_s
        if room.opened is None or room.opened.stored.path != self._as[0].stored.path:
            self.stop()
            return
        room.pointing.play_at(t)
        page = (room.start_s, room.start_s + room.length_s)
        if before is not None and _inside(before, page) and not _inside(t, page):
            room.go_to(t if t > before else t - 0.02 * room.length_s)
        now = self._now()
        if now != self._wanted:
            self._wanted = now
            self._settled.start()

    def _go_on(self) -> None:
        """Go on from where the sound is with what was chosen meanwhile: channel, filters, speed, loop, stretch."""
        at = self.player.at_s
        if at is None or self._now() == self._as:
            return
        span, stretch, changed = self._span, self._room.pointing.stretch, self._now()[3:] != self._as[3:]
        if changed:
            span = self._chosen() or span
            if stretch is None and not self.loop:
                span = (min(at, span[0]), span[1])
        self.play(span, at if _inside(at, span) else None)

    def _changed(self) -> None:
        playing, silence = self.player.playing, self.player.silence
        self.bar.show_playing(playing, silence)
        if not playing:
            self._room.pointing.play_at(None)
        if silence and not self._told_silent:
            self._told_silent = True
            said = self.tr("No sound device was found: the line moves in silence. “WAV…” writes the sound to a file.")
            self._session.told.emit(said)

    # As a file

    def write(self) -> None:
        """Ask for a name, and write the sound of the chosen stretch, or of the page, as WAV."""
        room = self._room
        if room.recording is None or room.entry is None:
            return
        start, stop = room.pointing.stretch or (room.start_s, room.start_s + room.length_s)
        name = f"{room.entry.name} {self._channel_text()} {clock(start).replace(':', '.')}.wav".replace("/", "-")
        megabytes = (stop - start) / self.speed * FILE_BYTES_S / 1e6
        size = number(megabytes, 1 if megabytes < 10 else 0)
        title = self.tr("Write the sound of {} to {} ({} MB)").format(clock(start, 2), clock(stop, 2), size)
        path, _ = QFileDialog.getSaveFileName(room, title, name, self.tr("WAV (*.wav)"))
        if path:
            self.write_to(Path(path if path.lower().endswith(".wav") else f"{path}.wav"), (start, stop))

    def write_to(self, path: Path, span: Span) -> None:
        """Write the sound of a stretch at the chosen speed, at the volume of the recording."""
        room, session, speed = self._room, self._session, self.speed
        recording, channel = room.recording, room.picture_channel
        assert recording is not None
        assert room.entry is not None
        note = f"{room.entry.name}, {self._channel_text()}, {clock(span[0], 2)} to {clock(span[1], 2)}, {SPEEDS[speed]}"
        report = TaskReporter(self)
        long = (span[1] - span[0]) / speed > LONG_S
        if long:
            report.progressed.connect(lambda share, _text: room.bar.show_reading(share))

        def make(report: TaskReporter) -> float:
            sound = _Reported(recording, channel, *span, speed=speed)
            sound.report = report
            write_sound(path, sound, note=note)
            return sound.n_samples / sound.fs_out

        def done(seconds: float) -> None:
            room.bar.show_reading(None)
            session.told.emit(self.tr("{} s of sound written to {}").format(number(seconds, 1), path))

        def failed(error: Exception) -> None:
            room.bar.show_reading(None)
            session.failed.emit(error)

        pool = session.background if long else session.tasks
        pool.submit(None, make, report, done=done, failed=failed)

    def _channel_text(self) -> str:
        recording, channel = self._room.recording, self._room.picture_channel
        assert recording is not None
        return called(recording.channels[channel].name, gate_of(recording, channel))

    def fill_menu(self, menu: QMenu, t: float) -> None:
        """Add what can be done with the sound at a place of the page."""
        room = self._room
        if room.recording is None:
            return
        menu.addSection(self.tr("Sound"))
        stretch = room.pointing.stretch
        if stretch is not None:
            menu.addAction(self.tr("Play the stretch (Space)"), lambda: self.play(stretch))
        menu.addAction(self.tr("Play from here"), lambda: self.play_from(t))
        menu.addAction(self.tr("Write the sound to a file…"), self.write)


class _Reported(SoundStream):
    """Sound that tells how much of it was computed, and stops when asked to."""

    report: TaskReporter

    def __iter__(self) -> Iterator[np.ndarray]:
        done = 0
        for block in super().__iter__():
            self.report.check()
            yield block
            done += len(block)
            self.report.progress(done, self.n_samples)


def _takes_space(focus: QWidget | None) -> bool:
    """Do what Space does to a widget, as without the sound; return whether it does anything."""
    if isinstance(focus, QAbstractButton):
        focus.click()
        return True
    if not isinstance(focus, QAbstractItemView):
        return False
    index, role = focus.currentIndex(), Qt.ItemDataRole.CheckStateRole
    tick = index.data(role) if index.isValid() else None
    if tick is None:
        return False
    on = Qt.CheckState(tick) == Qt.CheckState.Checked
    return bool(focus.model().setData(index, Qt.CheckState.Unchecked if on else Qt.CheckState.Checked, role))


def _inside(t: float, span: Span) -> bool:
    return span[0] <= t < span[1]
