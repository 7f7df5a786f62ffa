"""Plays sound and tells where it is. It is computed in a thread of its own, some way ahead of what is heard."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import HitscopeError, InputError
from core.signals import SoundStream
from desktop.services.speaker import Output, Samples, open_output

AHEAD_S = 2.0  # how far ahead sound is computed
FIRST_S = 0.3  # how much must be there before any is heard
LOOK_MS = 25
FROZEN_S = 3.0  # a device that takes nothing for so long is gone, whatever it says
PASSES = 64  # rounds of a loop that are known: many more than are under way


Span = tuple[float, float]


class Making(Protocol):
    """Makes the sound of a stretch (in a thread)."""

    def __call__(self, start_s: float, stop_s: float, fs: int) -> SoundStream: ...


class DeviceGone(Exception):
    """The sound device does not take sound any more."""


class Track:
    """Sound on its way from the thread that computes it to the one that hears it; each only ever adds to its own count."""

    def __init__(self) -> None:
        self._blocks: deque[Samples] = deque()
        self._used = 0
        self.given, self.taken = 0, 0
        self.volume = 1.0

    def give(self, block: Samples) -> None:
        """Add a block."""
        self._blocks.append(block)
        self.given += len(block)

    def take(self, out: Samples) -> int:
        """Fill an array with what comes next, then silence; return how much of it was sound."""
        n = 0
        while n < len(out) and self._blocks:
            block = self._blocks[0]
            part = block[self._used : self._used + len(out) - n]
            out[n : n + len(part)] = part
            n, self._used = n + len(part), self._used + len(part)
            if self._used == len(block):
                self._blocks.popleft()
                self._used = 0
        out[:n] *= self.volume
        out[n:] = 0
        self.taken += n
        return n

    @property
    def waiting(self) -> int:
        """How many samples of each ear have not been taken yet."""
        return self.given - self.taken


class Playing(threading.Thread):
    """One stretch being played, from a place in it on, once or over and over; `before` must let go of the device first."""

    def __init__(
        self,
        make: Making,
        span: Span,
        from_s: float,
        loop: bool,
        open_: Callable[[], Output],
        before: Playing | None,
    ) -> None:
        super().__init__(name="sound", daemon=True)
        self._make, self._span, self._from_s, self._loop = make, span, from_s, loop
        self._open, self._before = open_, before
        self.track = Track()
        self.silence: str | None = None  # not known yet
        self.error: Exception | None = None
        self.ended = False
        self._output: Output | None = None
        self._passes: deque[tuple[int, SoundStream]] = deque(maxlen=PASSES)
        self._asked = threading.Event()  # to stop

    def stop(self) -> None:
        """Stop soon; nobody waits for it."""
        self._asked.set()

    @property
    def at_s(self) -> float | None:
        """Where in the recording the sound is that is heard now; None before there is any."""
        if self._output is None:
            return None
        try:
            heard = self._output.heard
        except Exception:  # the device went away just now: the thread tells
            return None
        return next((sound.time_at(heard - n) for n, sound in reversed(list(self._passes)) if heard >= n), None)

    def run(self) -> None:
        """Compute and play (the thread)."""
        output = None
        try:
            if self._before is not None:
                self._before.join()
                self._before = None
            if self._asked.is_set():
                return
            output = self._open()
            self.silence = output.silence
            self._feed(output)
            self._wait(output, lambda: output.heard >= self.track.given)
        except Exception as error:  # told by whoever asked for the sound
            self.error = error
        finally:
            self._output = None
            if output is not None:
                output.stop()
            self.ended = True

    def _feed(self, output: Output) -> None:
        from_s = self._from_s
        while not self._asked.is_set():
            sound = self._make(from_s, self._span[1], output.fs)
            self._passes.append((self.track.given, sound))
            for block in sound:
                self.track.give(block)
                if self._output is None and self.track.waiting >= FIRST_S * output.fs:
                    self._begin(output)
                self._wait(output, lambda: self.track.waiting < AHEAD_S * output.fs)
                if self._asked.is_set():
                    return
            if not self._loop or not sound.n_samples:
                break
            from_s = self._span[0]
        if self._output is None:
            self._begin(output)

    def _begin(self, output: Output) -> None:
        output.start(self.track.take)
        self._output = output

    def _wait(self, output: Output, good: Callable[[], bool]) -> None:
        """Wait until something is so, or for the end; a device that went away is an error."""
        moved_at, heard = time.monotonic(), -1
        while not good() and not self._asked.wait(LOOK_MS / 1000):
            if output.heard != heard:
                moved_at, heard = time.monotonic(), output.heard
            frozen = not output.silence and time.monotonic() - moved_at > FROZEN_S
            if self._output is not None and (output.broken or frozen):
                raise DeviceGone


class Player(QObject):
    """Plays one sound at a time.

    Signals: `moved` to a time of the recording, s; `changed` when playing begins, ends, or turns out to be silent; `failed`.
    `open_output` opens the device; `volume` (0 to 1) holds at once.
    """

    moved = Signal(float)
    changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.open_output: Callable[[], Output] = open_output
        self.silence = ""  # why nothing could be heard the last time
        self.at_s: float | None = None
        self._volume = 1.0
        self._playing: Playing | None = None
        self._last: Playing | None = None  # stopped perhaps, but still letting go of the device
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def playing(self) -> bool:
        """Whether sound is played, or about to be."""
        return self._playing is not None

    @property
    def volume(self) -> float:
        """How loud, 0 to 1."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = min(max(volume, 0.0), 1.0)
        if self._playing is not None:
            self._playing.track.volume = self._volume

    def play(self, make: Making, span: Span, from_s: float | None = None, *, loop: bool = False) -> None:
        """Play a stretch, from its start or from a place in it, once or over and over; what was played before stops."""
        if self._playing is not None:
            self._playing.stop()
        self.at_s = span[0] if from_s is None else from_s
        before = self._last if self._last is not None and self._last.is_alive() else None
        self._playing = self._last = Playing(make, span, self.at_s, loop, self.open_output, before)
        self._playing.track.volume = self._volume
        self._playing.start()
        self._timer.start()
        self.changed.emit()

    def stop(self) -> None:
        """Stop at once."""
        if self._playing is not None:
            self._playing.stop()
            self._playing = None
            self._timer.stop()
            self.at_s = None
            self.changed.emit()

    def _look(self) -> None:
        playing = self._playing
        if playing is None:
            return
        if playing.silence is not None and playing.silence != self.silence:
            self.silence = playing.silence
            self.changed.emit()
        if playing.ended:
            self.stop()
            if playing.error is not None:
                self.failed.emit(self._told(playing.error))
            return
        at = playing.at_s
        if at is not None and self._playing is playing:
            self.at_s = at
            self.moved.emit(at)

    def _told(self, error: Exception) -> Exception:
        if isinstance(error, HitscopeError):
            return error
        if isinstance(error, DeviceGone):
            return InputError(
                self.tr("the sound device went away"),
                kept=self.tr("The recording is where it was"),
                remedy=self.tr("Plug it in again, or choose another in the system's settings, and play again"),
            )
        return InputError(
            self.tr("the sound stopped ({})").format(error), remedy=self.tr("Play again, or write it to a file")
        )
