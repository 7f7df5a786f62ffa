"""Several files written together: none over what is there, unless that is said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import InputError
from core.jobs import refuse_taken, write_bytes_atomically


def write_files(files: Mapping[Path, bytes], *, replace: bool = False) -> tuple[Path, ...]:
    """Write files, each whole or not at all, and return their paths.

    Raises
    ------
    InputError
        If one is there already and `replace` is not said: nothing is written then. If the folder cannot be written to:
        the message names it, and the files that were written before.
    """
    if not replace:
        refuse_taken(*files)
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
