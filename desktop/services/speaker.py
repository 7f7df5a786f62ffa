"""Where sound goes: to the sound device or, where there is none, into silence at the same pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]  # (n, 2), left and right
Take = Callable[[Samples], int]  # fills an array with what comes next, then silence; how much of it was sound

FS_SILENT = 44_100
LATENCY_S = 0.15  # long enough for a window that repaints, short enough to feel at once


class Output(Protocol):
    """Takes sound and tells how much of it was heard.

    Attributes
    ----------
    fs : int
        Rate that it wants, Hz.
    silence : str
        Why nothing can be heard; empty where it can.
    """

    fs: int
    silence: str

    def start(self, take: Take) -> None:
        """Begin to take sound."""

    @property
    def heard(self) -> int:
        """How many samples of each ear were heard."""

    @property
    def broken(self) -> bool:
        """Whether the device went away."""

    def stop(self) -> None:
        """Stop at once."""


class Loudspeaker:
    """The sound device that the system plays on, through PortAudio.

    Raises
    ------
    OSError or sounddevice.PortAudioError
        If there is none, or it cannot be used.
    """

    silence = ""

    def __init__(self) -> None:
        import sounddevice

        self._stopped = False
        self._taken, self._heard_at = 0, (0, 0.0)
        found: Any = sounddevice.query_devices(kind="output")
        self.fs = round(found["default_samplerate"])
        self._take: Take = lambda out: 0
        self._stream = sounddevice.OutputStream(
            samplerate=self.fs, channels=2, dtype="float32", latency=LATENCY_S, callback=self._fill
        )

    def _fill(self, out: Samples, frames: int, times: Any, status: Any) -> None:
        """Give the device what comes next (in its own thread); note which sample is heard when."""
        n = self._take(out)
        if n:  # not for the silence after the end
            self._heard_at = (self._taken, times.outputBufferDacTime or times.currentTime + self._stream.latency)
        self._taken += n

    def start(self, take: Take) -> None:
        self._take = take
        self._stream.start()

    @property
    def heard(self) -> int:
        n, at = self._heard_at
        if not at:
            return 0
        return int(np.clip(n + round((self._stream.time - at) * self.fs), 0, self._taken))

    @property
    def broken(self) -> bool:
        return not self._stopped and not self._stream.active

    def stop(self) -> None:
        self._stopped = True
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


class Silent:
    """No device: takes sound at its pace, so that the place where it is moves as it would."""

    def __init__(self, silence: str, now: Callable[[], float] = time.monotonic) -> None:
        self.fs, self.silence = FS_SILENT, silence
        self._now, self._began, self._taken = now, 0.0, 0
        self._take: Take = lambda out: 0
        self._looking = threading.Lock()

    def start(self, take: Take) -> None:
        self._take, self._began = take, self._now()

    @property
    def heard(self) -> int:
        with self._looking:
            due = int((self._now() - self._began) * self.fs) - self._taken
            if due > 0:
                n = self._take(np.empty((due, 2), np.float32))
                self._taken += n
                self._began += (due - n) / self.fs  # what was not there yet is waited for
            return self._taken

    @property
    def broken(self) -> bool:
        return False

    def stop(self) -> None:
        """Nothing is to be stopped."""


def open_output() -> Output:
    """Return the sound device; where it cannot be opened, silence that says why (not in the GUI thread)."""
    try:
        return Loudspeaker()
    except Exception:  # of PortAudio or of the system, of many kinds
        try:
            _look_again()
            return Loudspeaker()
        except Exception as error:
            return Silent(str(error) or type(error).__name__)


def _look_again() -> None:
    """Let PortAudio look for devices anew: it knows only those that were there when it was loaded."""
    import sounddevice

    sounddevice._terminate()
    sounddevice._initialize()
