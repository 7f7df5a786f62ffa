"""Working through parts with several processes; whatever is finished is never done again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import JobCancelled
from core.jobs import NullReporter

from .cache import Cache
from .runs import Run, carry_out


class WhileNeeded(NullReporter):
    """Stops when the process that started this one is gone; the checkpoint is kept."""

    def __init__(self) -> None:
        self.parent = os.getppid()

    def check(self) -> None:
        """Raise `JobCancelled` if nobody waits any more."""
        if os.getppid() != self.parent:
            raise JobCancelled("the process that started this one is gone", kept="The last whole epoch is kept")


def work_through(
    runs: Sequence[Run],
    cache: Cache,
    data: Path,
    do: Callable[..., None] = carry_out,
    report: NullReporter | None = None,
) -> int:
    """Carry out what nobody has finished or is at; return how many parts this process made.

    What another process has claimed is come back to once, in case that process was killed.
    """
    made = 0
    for _ in range(2):
        for run in runs:
            if cache.has(run.key):
                continue
            with cache.claimed(run.key) as mine:
                if mine and not cache.has(run.key):
                    print(f"{time.strftime('%H:%M:%S')} {run.key}", flush=True)
                    do(run, cache, data, report or WhileNeeded())
                    made += 1
    return made


def in_processes(n: int, arguments: Sequence[str]) -> bool:
    """Run this package with arguments in `n` processes at once; return whether all of them came to their end."""
    command = [sys.executable, "-m", __package__, *arguments]
    processes = [subprocess.Popen(command) for _ in range(n)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return all(process.wait() == 0 for process in processes)
    finally:
        for process in processes:
            process.terminate()
