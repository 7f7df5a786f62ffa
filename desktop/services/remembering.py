"""What of a study was open when it was left: the study remembers it, in a small file of its folder."""

from __future__ import annotations

import contextlib
from typing import Any

from core.errors import HitscopeError
from core.jobs import read_json, write_json
from core.study import Study

FILE = "window.json"


def read_layout(study: Study) -> dict[str, Any]:
    """Return what was open; nothing if the file is not there or is damaged, since nothing depends on it."""
    with contextlib.suppress(HitscopeError, ValueError):
        stored = read_json(study.folder / FILE)
        return stored if isinstance(stored, dict) else {}
    return {}


def write_layout(study: Study, state: dict[str, Any]) -> None:
    """Remember what is open; a study that cannot be written to remembers nothing."""
    if not study.readonly:
        with contextlib.suppress(HitscopeError):
            write_json(study.folder / FILE, state)
