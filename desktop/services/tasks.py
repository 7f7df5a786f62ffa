"""Reads and small computations off the GUI thread; a newer request of the same key supersedes an older one.

What writes has no key: nothing supersedes it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal
from shiboken6 import isValid

from core.errors import JobCancelled
from core.jobs import NullReporter


class TaskReporter(QObject, NullReporter):
    """What a long task tells while it runs; `cancel` stops it at its next `check`. Signals arrive in the GUI thread.

    Given to a task as an argument, it is deleted when that has ended.
    """

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
        key: str | None,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run `function` in the pool; `done` gets its result, unless a newer request of this key was made.

        Without a key it is never superseded: it runs, and `done` or `failed` is called.
        """
        number = next(self._numbers)
        key = f"task {number}" if key is None else key
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
        reporters = [r for several in self._reporters.values() for r in several]
        for reporter in reporters:
            reporter.cancel()
        self._reporters.clear()
        self._pool.waitForDone()
        _let_go(reporters)
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
        _let_go(self._reporters.pop(number, ()))
        if self._latest.get(key) != number:
            return
        del self._latest[key]
        if error is not None:
            if failed is not None:
                failed(error)
        elif done is not None:
            done(result)


def _let_go(reporters: Iterable[TaskReporter]) -> None:
    for reporter in reporters:
        if isValid(reporter):  # else its window has taken it along
            reporter.deleteLater()


class _Task(QRunnable):
    def __init__(self, run: Callable[[], None]) -> None:
        super().__init__()
        self._run = run

    def run(self) -> None:
        self._run()
