"""Starting a job in a child process of this machine, and stopping it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.jobs.child import STARTING
from core.jobs.files import append_line
from core.jobs.spec import JobSpec

Message = dict[str, Any]
NICENESS = 10  # of a child, on POSIX; 0 is usual, 19 the humblest


class LocalJob:
    """A job in a child process.

    `on_message` gets every message of the child, from a thread of its own, and last
    ``{"type": "finished", "status": "done" | "failed" | "cancelled"}``. A child that dies without a word, even by
    a signal, is reported as failed with what it printed on standard error.
    """

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        # Taken in one thread and let go in another.
        self._starting = FileLock(spec.folder / STARTING, thread_local=False)

    def start(self, on_message: Callable[[Message], None]) -> None:
        """Start the child; returns at once."""
        path = self.spec.save(self.spec.folder / "spec.json")
        with contextlib.suppress(Timeout):  # somebody else starts it this moment: one of the two children will work
            self._starting.acquire(timeout=0)
        try:
            # What the log said before no longer counts: a job that goes on is not one that was cancelled.
            append_line(self.spec.folder / "log.jsonl", {"type": "starting", "time": time.time()})
            self._process = self._spawn(path)
        except Exception:  # no process, or a log that cannot be written: nobody is at work
            self._starting.release()
            raise
        self._reader = threading.Thread(target=self._read, args=(on_message,), name=f"job-{self.spec.kind}")
        self._reader.start()

    def _spawn(self, path: Path) -> subprocess.Popen[str]:
        with (self.spec.folder / "stderr.txt").open("a", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.cli", "job", "run", str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                # Threads that wait for each other must sleep, not spin: on busy cores t-SNE is else several times slower.
                env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
                # Ctrl+C in the terminal of the window must not kill the job behind the window's back.
                start_new_session=True,
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            )
        # The window, and whatever else the person at the screen does, goes first.
        if hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    @property
    def running(self) -> bool:
        """Whether the child is still there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Process id of the child."""
        return None if self._process is None else self._process.pid

    def cancel(self, patience: float = 20.0) -> None:
        """Ask the child to stop; after `patience` seconds terminate it, 3 s later kill it. Returns at once."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self._say(process, "cancel\n")

        def insist() -> None:
            for seconds, force in ((patience, process.terminate), (3.0, process.kill)):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                    return
                force()

        threading.Thread(target=insist, name="job-cancel", daemon=True).start()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the child and for its last message; return its exit status, or None if it still runs."""
        if self._process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(timeout)
        return self._process.poll()

    @staticmethod
    def _say(process: subprocess.Popen[str], text: str) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            process.stdin.write(text)
            process.stdin.flush()

    def _read(self, on_message: Callable[[Message], None]) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        failed = False
        for line in process.stdout:
            message = self._parse(line)
            failed = failed or message["type"] == "error"
            if message["type"] == "started":
                self._starting.release()
            on_message(message)
        code = process.wait()
        self._starting.release()
        process.stdout.close()
        with contextlib.suppress(OSError, ValueError):
            if process.stdin is not None:
                process.stdin.close()
        if code not in (0, 3) and not failed:
            on_message({"type": "error", "message": self._last_words(code), "error": "JobError"})
        on_message({"type": "finished", "status": {0: "done", 3: "cancelled"}.get(code, "failed"), "code": code})

    @staticmethod
    def _parse(line: str) -> Message:
        """Take a line of the child; what is not a message (a library printed) becomes a line of the log."""
        with contextlib.suppress(json.JSONDecodeError):
            message = json.loads(line)
            if isinstance(message, dict) and "type" in message:
                return message
        return {"type": "log", "text": line.rstrip("\n")}

    def _last_words(self, code: int) -> str:
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        text = ""
        with contextlib.suppress(OSError):
            text = (self.spec.folder / "stderr.txt").read_text(encoding="utf-8", errors="replace").strip()[-2000:]
        return (
            f"The job's process ended unexpectedly ({how}). Its checkpoints are kept; resume to go on. {text}".strip()
        )
