"""Montages that were made for a study: ``montages.json`` in its folder."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from core.checks import TABLE, check, list_of
from core.errors import HitscopeError, InputError, ReadOnlyStudyError, StudyError
from core.jobs import read_json, write_json
from core.signals.montage import Montage
from core.study import Study

FILE = "montages.json"
_writing = threading.Lock()  # between processes, the study's own lock


def saved_montages(study: Study) -> list[Montage]:
    """Return the montages of a study by name.

    Raises
    ------
    StudyError
        If the file is damaged. It is never overwritten then.
    """
    path = Path(study.folder) / FILE
    if not path.exists():
        return []
    try:
        value: Any = read_json(path)
        check(list_of("montages", TABLE), montages=value)
        return sorted((Montage.from_json(one) for one in value), key=lambda m: m.name.casefold())
    except (json.JSONDecodeError, RecursionError, HitscopeError) as error:
        detail = error.what if isinstance(error, HitscopeError) else str(error)
        raise StudyError(
            f"the montages of the study cannot be read ({detail})",
            subject=path,
            kept="The file was left as it is",
            remedy="Correct it, or move it away to begin anew",
        ) from error


def save_montage(study: Study, montage: Montage) -> None:
    """Keep a montage in a study, in place of one of the same name.

    Raises
    ------
    InputError
        If it has no name, or the folder cannot be written to.
    ReadOnlyStudyError, StudyError
        If the study is open read-only, or its file of montages is damaged.
    """
    if not montage.name.strip():
        raise InputError("a montage needs a name to be kept by", remedy="Give it one")
    with _writing:
        others = [known for known in saved_montages(study) if known.name != montage.name]
        _write(study, [*others, montage])


def remove_montage(study: Study, name: str) -> None:
    """Remove a montage from a study.

    Raises
    ------
    InputError
        If there is none of this name, or the folder cannot be written to.
    ReadOnlyStudyError, StudyError
        As `save_montage`.
    """
    with _writing:
        known = saved_montages(study)
        kept = [montage for montage in known if montage.name != name]
        if len(kept) == len(known):
            raise InputError(
                f"the study has no montage {name!r}", subject=study.folder, remedy="Choose one of its list"
            )
        _write(study, kept)


def _write(study: Study, montages: list[Montage]) -> None:
    if study.readonly:
        raise ReadOnlyStudyError(
            "the study is open read-only",
            subject=study.folder,
            kept="Nothing was changed",
            remedy="Open it for writing",
        )
    write_json(Path(study.folder) / FILE, [montage.to_json() for montage in montages])
