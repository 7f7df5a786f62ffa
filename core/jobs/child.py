"""The child process's side of a job: JSON lines out, a cancel line in."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from core.errors import HitscopeError, InputError, JobCancelled
from core.jobs.files import append_line, write_json
from core.jobs.report import Reporter
from core.jobs.spec import JobSpec
from core.registry import resolve

JobFunction = Callable[[JobSpec, Reporter], dict[str, Any]]
CANCELLED, FAILED = 3, 1


class LineReporter:
    """Writes each message as one JSON line to standard output and to the job's log, the file `log`."""

    def __init__(self, out: IO[str], log: Path) -> None:
        self._out, self._log = out, log
        self._cancelled = threading.Event()
        self._last_progress = 0.0

    def send(self, type: str, **fields: Any) -> None:
        """Write one message. A parent that went away does not stop the job, nor does a log that cannot be written: the disk
        may be full for a while, and what is lost is told by the first file that must be written.
        """
        message = {"type": type, "time": time.time(), **fields}
        with contextlib.suppress(OSError):
            self._out.write(json.dumps(message, ensure_ascii=False) + "\n")
            self._out.flush()
        with contextlib.suppress(InputError):
            append_line(self._log, message)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Send at most twenty progress messages a second, and always the last."""
        now = time.monotonic()
        if done >= total or now - self._last_progress > 0.05:
            self._last_progress = now
            self.send("progress", done=done, total=total, message=message)

    def metrics(self, step: int, **values: float) -> None:
        """Send the figures of one step."""
        self.send("metrics", step=step, values=values)

    def log(self, text: str) -> None:
        """Send a line of the log."""
        self.send("log", text=text)

    def cancel(self) -> None:
        """Make the next `check` stop the job."""
        self._cancelled.set()

    def check(self) -> None:
        """Raise `JobCancelled` once asked to stop."""
        if self._cancelled.is_set():
            raise JobCancelled("stopped as asked", kept="The last checkpoint is kept", remedy="Resume to go on from it")

    def listen(self, stdin: IO[str]) -> None:
        """Treat a line `cancel`, or the end of the input (the window died), as the wish to stop."""

        def wait() -> None:
            for line in stdin:
                if line.strip() == "cancel":
                    break
            self.cancel()

        threading.Thread(target=wait, daemon=True, name="cancel-listener").start()


def find_job(kind: str, table: Mapping[str, str]) -> JobFunction:
    """Return the function for a kind of job from a table of ``kind: "module:function"``."""
    if kind not in table:
        raise InputError(f"there is no job of kind {kind!r}", remedy=f"Known kinds: {', '.join(sorted(table))}")
    function: JobFunction = resolve(table[kind])
    return function


LOCK = "job.lock"
STARTING = "starting.lock"  # held by who starts a job until its child has `LOCK`, or is dead


def works(folder: Path) -> bool:
    """Return whether a process is at work on the job of a folder, or about to; its lock falls with it, however it dies."""
    # In this order: a child takes its lock before its parent lets go.
    return _held(folder / STARTING) or _held(folder / LOCK)


def _held(path: Path) -> bool:
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder that cannot be written to: no job can work in it
        return False
    lock.release()
    return False


def run_child(spec: JobSpec, table: Mapping[str, str], *, listen: bool = True) -> int:
    """Run a job in this process, speaking JSON lines; return the exit status (0 done, 1 failed, 3 cancelled)."""
    try:
        spec.folder.mkdir(parents=True, exist_ok=True)
        # Not at once: somebody may be looking this moment whether it is held.
        lock = FileLock(spec.folder / LOCK).acquire(timeout=0.5)
    except Timeout:
        return _refused(
            f"A process is at work on this run already ({spec.folder}). It goes on; wait for it or stop it there."
        )
    except OSError as error:
        return _refused(
            f"{spec.folder}: the run's folder cannot be written to ({error.strerror or error}). "
            "What it holds is kept. Free some disk space or check the drive, then resume."
        )
    with lock:
        reporter = LineReporter(sys.stdout, spec.folder / "log.jsonl")
        reporter.send("started", kind=spec.kind)
        if listen and sys.stdin is not None:
            reporter.listen(sys.stdin)
        try:
            result = find_job(spec.kind, table)(spec, reporter)
            write_json(spec.folder / "result.json", result)
        except JobCancelled as stop:
            reporter.send("cancelled", **stop.as_dict())
            return CANCELLED
        except HitscopeError as error:
            reporter.send("error", message=str(error), **error.as_dict())
            return FAILED
        except Exception as error:  # a fault of ours: the window shows it with its details, and lives on
            message = f"The job met a fault of the program ({type(error).__name__}: {error})."
            reporter.send(
                "error", message=message, error=type(error).__name__, what=str(error), trace=traceback.format_exc()
            )
            return FAILED
        reporter.send("result", result=result)
        return 0


def _refused(message: str) -> int:
    """Say why a job cannot begin: only to who started it, since the log is another's or cannot be written."""
    print(json.dumps({"type": "error", "message": message, "error": "JobError"}), flush=True)
    return FAILED
