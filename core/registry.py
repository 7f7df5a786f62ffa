"""What every registry's entries say of themselves, so that help, window and engine offer the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from core.errors import InputError

T = TypeVar("T")


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


def chosen(table: Mapping[str, T], key: str, what: str, several: str) -> T:
    """Return the entry of a table.

    Raises
    ------
    InputError
        If there is none: there is no `what` of this key; the `several` that are known are named.
    """
    if key not in table:
        raise InputError(f"there is no {what} {key!r}", remedy=f"Known {several}: {', '.join(table)}")
    return table[key]


def resolve(where: str) -> Any:
    """Return what stands at ``module:name``."""
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)
