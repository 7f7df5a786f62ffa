"""The recordings of the study that are open, for all threads that read them."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from core.errors import JobCancelled
from core.jobs import NullReporter, Reporter
from core.signals import open_from_study

if TYPE_CHECKING:
    from core.signals import Recording
    from core.study import Study

KEPT = 3  # some readers hold whole arrays
TURN_S = 0.05  # between looks whether a task that waits for another was stopped


class OpenRecordings:
    """Opens each recording once, and keeps those used last; one that somebody still shows is found as long as they do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)
        self._used: OrderedDict[int, Recording] = OrderedDict()  # those used last at the end
        self._known: WeakValueDictionary[int, Recording] = WeakValueDictionary()
        self._closing = threading.Event()

    def get(self, study: Study, recording_id: int, report: Reporter | None = None) -> Recording:
        """Return a recording, opened on first use. Others are not kept waiting while it is looked at.

        Raises
        ------
        JobCancelled
            If `report` was asked to stop, or all are being closed.
        """
        report = _Closing(report or NullReporter(), self._closing)
        with self._lock:
            turn = self._turns[recording_id]
        while not turn.acquire(timeout=TURN_S):
            report.check()
        try:
            recording = self._known.get(recording_id) or open_from_study(study, recording_id, report)
            with self._lock:
                report.check()
                self._keep(recording_id, recording)
            return recording
        finally:
            turn.release()

    def _keep(self, recording_id: int, recording: Recording) -> None:
        self._known[recording_id] = self._used[recording_id] = recording
        self._used.move_to_end(recording_id)
        while len(self._used) > KEPT:
            self._used.popitem(last=False)

    def forget(self, recording_id: int) -> None:
        """Open it anew when it is asked for: what the study says of it has changed."""
        with self._lock:
            self._used.pop(recording_id, None)
            self._known.pop(recording_id, None)

    def stop(self) -> None:
        """Stop what is being opened, since the study is being closed; nothing is opened until `clear`."""
        self._closing.set()

    def clear(self) -> None:
        """Forget all; another study may be opened."""
        with self._lock:
            self._used.clear()
            self._known.clear()
        self._closing.clear()


class _Closing(NullReporter):
    """Tells what another reporter is told, and stops also when all is being closed."""

    def __init__(self, report: Reporter, closing: threading.Event) -> None:
        self._report, self._closing = report, closing

    def progress(self, done: float, total: float, message: str = "") -> None:
        self._report.progress(done, total, message)

    def check(self) -> None:
        if self._closing.is_set():
            raise JobCancelled("the study is being closed")
        self._report.check()
