"""Nothing is written over the files of a recording."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.errors import HitscopeError, InputError
from core.signals.readers import files_of


def refuse_own_files(target: str | Path, recordings: Iterable[tuple[str, str | Path]]) -> None:
    """Raise where a file that is to be written is one of the files of some recordings, by whatever name or link.

    Parameters
    ----------
    target : str or Path
    recordings : iterable of (str, str or Path)
        What a person calls each, and where it is; one that is gone, or cannot be read, still has its own place.

    Raises
    ------
    InputError
        Naming the recording.
    """
    target = Path(target).expanduser()
    for name, path in recordings:
        what = ""
        if _same(target, Path(path)):
            what = f"this is the recording {name} itself"
        elif target.exists() and any(_same(target, file) for file in _files(path)):
            what = f"this is a file of the recording {name}"
        if what:
            raise InputError(what, subject=target, kept="Nothing was written", remedy="Choose another name")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return one.resolve() == other.resolve()


def _files(path: str | Path) -> list[Path]:
    try:
        return files_of(path)
    except HitscopeError:
        return []
