"""Several files written together: none over what is there, unless that is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from core.errors import InputError
from core.jobs import write_bytes_atomically


def refuse_taken(paths: Iterable[Path]) -> None:
    """Raise where one of some files is there already.

    Raises
    ------
    InputError
        Naming it.
    """
    for path in paths:
        if path.exists():
            raise InputError(
                "there is such a file already",
                subject=path,
                kept="It was not changed, and nothing was written",
                remedy="Choose another folder, or say that it is to be replaced (--replace)",
            )


def write_files(files: Mapping[Path, bytes], *, replace: bool = False) -> tuple[Path, ...]:
    """Write files, each whole or not at all, and return their paths.

    Raises
    ------
    InputError
        If one is there already and `replace` is not said: nothing is written then. If the folder cannot be written to:
        the message names it, and the files that were written before.
    """
    if not replace:
        refuse_taken(files)
    written: list[Path] = []
    for path, data in files.items():
        try:
            write_bytes_atomically(path, data)
        except InputError as error:
            also = f"; written before: {', '.join(p.name for p in written)}" if written else ""
            raise InputError(
                f"{path.name} could not be written into this folder: {error.what}",
                subject=path.parent,
                kept=f"{error.kept}, the study too{also}",
                remedy=error.remedy,
            ) from error
        written.append(path)
    return tuple(written)
