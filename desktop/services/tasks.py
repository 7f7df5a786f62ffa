"""Reads and small computations off the GUI thread; a newer request of the same key supersedes an older one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from core.errors import JobCancelled
from core.jobs import NullReporter


class TaskReporter(QObject, NullReporter):
    """What a long task tells while it runs; `cancel` stops it at its next `check`. Signals arrive in the GUI thread."""

    progressed = Signal(float, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cancelled = False

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Tell the share that is done."""
        self.progressed.emit(min(1.0, done / total) if total else 1.0, message)

    def cancel(self) -> None:
        """Ask the task to stop."""
        self._cancelled = True

    def check(self) -> None:
        """Raise `JobCancelled` after `cancel`."""
        if self._cancelled:
            raise JobCancelled("stopped as asked")


class TaskPool(QObject):
    """A pool of threads whose results arrive in the GUI thread."""

    _finished = Signal(str, int, object, object)

    def __init__(self, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._numbers = itertools.count(1)
        self._latest: dict[str, int] = {}
        self._reporters: dict[int, list[TaskReporter]] = {}
        self._waiting: dict[int, tuple[Callable[[Any], None] | None, Callable[[Exception], None] | None]] = {}
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        key: str,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run `function` in the pool; `done` gets its result, unless a newer request of this key was made."""
        number = next(self._numbers)
        self._latest[key] = number
        self._waiting[number] = (done, failed)
        self._reporters[number] = [a for a in arguments if isinstance(a, TaskReporter)]
        self._pool.start(_Task(lambda: self._run(key, number, function, arguments)))

    @property
    def busy(self) -> bool:
        """Whether a result is still awaited."""
        return bool(self._waiting)

    def finish(self) -> None:
        """Let everything that was asked for be done; nobody is told of the results."""
        self._pool.waitForDone()
        self._latest.clear()
        self._waiting.clear()

    def close(self) -> None:
        """Forget what is waiting, and let what runs end: at its next check if it has a reporter."""
        self._latest.clear()
        self._pool.clear()
        for reporter in (r for reporters in self._reporters.values() for r in reporters):
            reporter.cancel()
        self._reporters.clear()
        self._pool.waitForDone()
        self._waiting.clear()

    def _run(self, key: str, number: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        if self._latest.get(key) != number:
            self._finished.emit(key, number, None, None)
            return
        try:
            self._finished.emit(key, number, function(*arguments), None)
        except Exception as error:  # delivered to the GUI thread, which says what failed
            self._finished.emit(key, number, None, error)

    def _deliver(self, key: str, number: int, result: Any, error: Exception | None) -> None:
        done, failed = self._waiting.pop(number, (None, None))
        self._reporters.pop(number, None)
        if self._latest.get(key) != number:
            return
        if error is not None:
            if failed is not None:
                failed(error)
        elif done is not None:
            done(result)


class _Task(QRunnable):
    def __init__(self, run: Callable[[], None]) -> None:
        super().__init__()
        self._run = run

    def run(self) -> None:
        self._run()
