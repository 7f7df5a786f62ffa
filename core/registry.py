"""What every registry's entries say of themselves, so that help, window and engine offer the same."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One thing that can be chosen by its key.

    Attributes
    ----------
    title : str
        What a list of choices shows.
    help : str
        One more line for who hesitates.
    """

    title: str
    help: str


@dataclass(frozen=True)
class LazyEntry(Entry):
    """An entry whose code stands elsewhere and is imported when it is used, not when choices are listed.

    Attributes
    ----------
    where : str
        ``module:name``.
    """

    where: str

    def load(self) -> Any:
        """Import and return it."""
        return resolve(self.where)


def resolve(where: str) -> Any:
    """Return what stands at ``module:name``."""
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)
