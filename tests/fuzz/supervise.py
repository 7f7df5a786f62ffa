"""Mutants are judged in child processes with little memory and little time, so that nothing they do ends the run.

Memory is what is really filled. Room that is only asked for, as by `read(n)` of a file that is shorter, costs nothing, and
what the system does not grant comes back as an error of the reader.
"""

import ctypes
import multiprocessing as mp
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.contracts.reader_cases import Case
from tests.fuzz.judge import Verdict, judge, make_mutant, options_of, put_case

FORK = mp.get_context("fork")  # a child that ended is replaced in milliseconds, with all libraries loaded
MEGABYTE = 1 << 20
BATCH = 40
LOOK_S = 0.05  # how often the parent looks at time and memory
Task = tuple[str, int]


def warm_up(cases: Mapping[str, Case]) -> None:
    """Load what the readers load, so that children have it and their memory is measured above it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for key, case in cases.items():
            judge(put_case(case, Path(folder) / key), **getattr(case, "options", {}))


def run(
    cases: Mapping[str, Case], tasks: list[Task], *, seed: int, workers: int, limit_s: float, limit_mb: int
) -> Iterator[tuple[Task, Verdict]]:
    """Judge mutants ``(key of the case, number)``, and yield what came out as it comes."""
    waiting = deque(tasks)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        several = [_Worker(Path(folder) / str(n), cases, seed, limit_mb) for n in range(min(workers, len(tasks)))]
        try:
            while waiting or any(worker.tasks for worker in several):
                for worker in several:
                    if not worker.tasks and waiting:
                        worker.give([waiting.popleft() for _ in range(min(BATCH, len(waiting)))])
                wait([worker.pipe for worker in several if worker.tasks], timeout=LOOK_S)
                for worker in several:
                    yield from worker.collect(limit_s)
        finally:
            for worker in several:
                worker.end()


class _Worker:
    """A child process, what it has to do, and since when it has been at the first of it."""

    def __init__(self, folder: Path, cases: Mapping[str, Case], seed: int, limit_mb: int) -> None:
        self.arguments = (folder, cases, seed, limit_mb)
        self.limit_mb = limit_mb
        self.tasks: deque[Task] = deque()
        self._start()

    def _start(self) -> None:
        self.pipe, theirs = FORK.Pipe()
        self.process = FORK.Process(target=_work, args=(theirs, *self.arguments), daemon=True)
        self.process.start()
        theirs.close()
        self.base = _status("VmRSS", self.process.pid)

    def give(self, tasks: list[Task]) -> None:
        """Let the child do these one after the other."""
        self.tasks.extend(tasks)
        self.since = time.monotonic()
        self.pipe.send(tasks)

    def collect(self, limit_s: float) -> Iterator[tuple[Task, Verdict]]:
        """Yield what is done; a child that ended or takes too much is replaced and goes on after the mutant at fault."""
        try:
            while self.tasks and self.pipe.poll():
                verdict = self.pipe.recv()
                self.since = time.monotonic()
                yield self.tasks.popleft(), verdict
        except (EOFError, OSError):
            self.process.join()
            yield self._give_up(Verdict("finding", f"crash: the process ended with {self.process.exitcode}"))
            return
        if self.tasks and time.monotonic() - self.since > limit_s:
            yield self._give_up(Verdict("finding", f"hang: more than {limit_s:g} s", limit_s))
        elif self.tasks and (_status("VmRSS", self.process.pid) - self.base) / MEGABYTE > self.limit_mb:
            yield self._give_up(Verdict("finding", f"memory: more than {self.limit_mb} MB", 0.0, self.limit_mb))

    def _give_up(self, verdict: Verdict) -> tuple[Task, Verdict]:
        task, rest = self.tasks.popleft(), list(self.tasks)
        self.end()
        self.tasks.clear()
        self._start()
        if rest:
            self.give(rest)
        return task, verdict

    def end(self) -> None:
        """End the child."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _work(pipe: Connection, folder: Path, cases: Mapping[str, Case], seed: int, limit_mb: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with open(os.devnull, "w") as nowhere:  # libraries in C complain there
        os.dup2(nowhere.fileno(), 2)
    # A child before this one may have left damaged files in its folder.
    wholes = {key: put_case(case, folder / "whole" / key) for key, case in cases.items()}
    for key, whole in wholes.items():
        shutil.copytree(whole.parent, folder / key)
    ctypes.CDLL(None).prctl(1, 9)  # end with the parent, whatever it dies of (Linux: PR_SET_PDEATHSIG, SIGKILL)
    while True:
        for key, number in pipe.recv():
            pipe.send(_judged(wholes[key], folder / key, cases[key], number, seed, limit_mb))


def _judged(whole: Path, folder: Path, case: Case, number: int, seed: int, limit_mb: int) -> Verdict:
    """Judge a mutant in a folder where all files are whole, and leave them so."""
    mutant = make_mutant(whole, number, seed)
    options = options_of(mutant, case, whole)
    damaged = folder / mutant.name
    damaged.write_bytes(mutant.data)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before, start = _status("VmRSS"), time.perf_counter()
    verdict = judge(folder / whole.name, **options)
    seconds, peak_mb = time.perf_counter() - start, (_status("VmHWM") - before) / MEGABYTE
    shutil.copyfile(whole.with_name(mutant.name), damaged)
    if peak_mb > limit_mb and verdict.outcome != "finding":
        return Verdict("finding", f"memory: {peak_mb:.0f} MB", seconds, peak_mb)
    return Verdict(verdict.outcome, verdict.detail, seconds, max(peak_mb, 0.0))


def _status(name: str, process: int | None = None) -> int:
    """Return a figure of /proc/PID/status, bytes; 0 of a process that has ended."""
    for line in Path(f"/proc/{process or 'self'}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0
