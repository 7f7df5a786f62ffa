"""Building pyramids in time order, so that they can be looked at meanwhile; and keeping them within a limit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from core.errors import InputError
from core.jobs import NullReporter, Reporter
from core.signals.digital import AT_ONCE
from core.signals.extremes import extremes_of, fold
from core.signals.pyramid import VERSION, Pyramid, open_pyramid
from core.signals.pyramid_tables import BASE, BUILT, Table, TableWriter, create_tables, map_tables
from core.signals.recording import Recording

IN_CACHE = 1 << 19  # stored values read at a time: they stay in the cache of the processor
ARRAYS_LIMIT = 4 << 30  # bytes: of a day of 32 channels at 256 Hz, some 35 montages and filters
LOCK = "building.lock"
LOOK_S = 0.2  # how often a second builder looks whether it is to stop


def build_pyramid(
    recording: Recording,
    folder: str | Path,
    report: Reporter | None = None,
    *,
    arrays: str | Path | None = None,
    arrays_limit: int = ARRAYS_LIMIT,
) -> Pyramid:
    """Build what is missing of the pyramids of a recording in `folder`, and return them.

    O(n) time; memory for `IN_CACHE` values, for some times `AT_ONCE` where they are derived, whatever the length and the
    number of channels. It goes through time, all channels together, and notes how far it came: a build that was stopped or
    killed goes on from there. A second caller, also in another process, waits for the first.

    Parameters
    ----------
    recording : Recording
    folder : str or Path
        As of `open_pyramid`.
    report : Reporter, optional
        Hears of seconds done.
    arrays : str or Path, optional
        The folder of all pyramids of a study, ``study.folder / "arrays"``. Before this one is filled, those of montages and
        filters in there that were opened longest ago are removed until it and the others fit into `arrays_limit`. Those of
        stored signals stay, whatever their size. Without it, nothing is removed.
    arrays_limit : int
        Bytes.

    Raises
    ------
    InputError
        If the recording cannot be read or the folder not be written to; what was built is kept.
    JobCancelled
        If asked to stop; what was built is kept.
    """
    report = report or NullReporter()
    pyramid = open_pyramid(recording, folder)
    if not pyramid.complete:
        with _only_builder(pyramid.folder, report):
            _remove_old_versions(Path(folder))
            if map_tables(pyramid.folder, pyramid.tables) is None:
                create_tables(pyramid.folder, pyramid.tables)
            if arrays is not None:
                prune_pyramids(arrays, arrays_limit, derived_only=True)
            _build(pyramid, report)
    return pyramid


def prune_pyramids(folder: str | Path, max_bytes: int, *, derived_only: bool = False) -> int:
    """Remove the pyramids below `folder` that were opened longest ago until the others fit into `max_bytes`.

    One that is being built is left alone; one that is open stays readable where the system allows it (Windows does not
    remove it then). With `derived_only`, those of stored signals are neither removed nor counted.

    Returns
    -------
    int
        How many bytes were freed.
    """
    found = []
    for note in Path(folder).rglob(f"pyramid-{VERSION}/{'derived-*' if derived_only else '**'}/{BUILT}"):
        with suppress(OSError):  # another window prunes too
            files = list(note.parent.glob("*.npy"))
            found.append((note.stat().st_mtime_ns, sum(file.stat().st_size for file in files), note))
    excess = sum(size for _, size, _ in found) - max_bytes
    freed = 0
    for _, size, note in sorted(found):
        if freed >= excess:
            break
        with suppress(Timeout, OSError), FileLock(note.parent / LOCK, timeout=0):
            note.unlink()  # first: without it, the tables count for nothing
            for file in note.parent.glob("*.npy"):
                file.unlink()
            freed += size
    return freed


@contextmanager
def _only_builder(folder: Path, report: Reporter) -> Iterator[None]:
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while not _acquired(lock):
            report.check()
    except OSError as error:
        raise _not_writable(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def _acquired(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=LOOK_S)
    except Timeout:
        return False
    return True


def _not_writable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"could not be written to ({error.strerror or error})",
        subject=folder,
        kept="What was built is kept",
        remedy="Free some disk space or choose a folder you may write to, then try again",
    )


def _remove_old_versions(folder: Path) -> None:
    for old in folder.glob("pyramid-*"):
        if old.name != f"pyramid-{VERSION}":
            shutil.rmtree(old, ignore_errors=True)


def _build(pyramid: Pyramid, report: Reporter) -> None:
    """Fill the tables from where they were left, in the order of time."""
    folder, tables, name = pyramid.folder, pyramid.tables, pyramid.recording.path.name
    found = map_tables(folder, tables)
    built = [0] * len(tables) if found is None else [int(n) for n in found[0]]
    steps = sorted(
        (start / table.fs, table.number, start) for table in tables for start in range(0, table.n_samples, table.step)
    )
    try:
        with closing(TableWriter(folder, tables)) as writer:
            for done, (_, number, start) in enumerate(steps):
                if start >= built[number]:
                    _add(pyramid.recording, tables[number], start, writer, report)
                report.progress(done + 1, len(steps), name)
    except OSError as error:
        raise _not_writable(folder, error) from error


def _add(recording: Recording, table: Table, start: int, writer: TableWriter, report: Reporter) -> None:
    stop = min(start + table.step, table.n_samples)
    at_once = AT_ONCE if recording.derivation else IN_CACHE
    piece = max(1, at_once // len(table.channels) // BASE) * BASE
    bins = []
    for first in range(start, stop, piece):
        report.check()
        samples = recording.digital(table.channels, first, min(first + piece, stop))
        bins.append(fold(*extremes_of(samples), BASE))
    low, high = (np.concatenate(side, axis=1) for side in zip(*bins, strict=True))
    writer.add(table, start, stop, low, high)
