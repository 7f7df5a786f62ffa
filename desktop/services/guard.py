"""Faults of ours: shown where they happen, never the end of the window."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject
from shiboken6 import isValid


def guarded(override: Callable[..., None]) -> Callable[..., None]:
    """Hand an exception of a Qt override to `sys.excepthook`.

    Let through, it ends the process: PySide 6.11 reads the arguments of an exception that Python 3.11 has not made yet.
    """

    @functools.wraps(override)
    def call(*arguments: Any) -> None:
        try:
            override(*arguments)
        except Exception as error:
            sys.excepthook(type(error), error, error.__traceback__)

    return call


def show_faults(show: Callable[[Exception], object]) -> None:
    """Show every exception that nobody caught, besides printing it with its trace."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        if isinstance(error, Exception):
            show(error)

    sys.excepthook = hook


def while_alive(owner: QObject, call: Callable[..., object]) -> Callable[..., None]:
    """Return a callback for a task that does nothing once its owner, such as a dialog that was closed, is gone."""

    def told(*arguments: object) -> None:
        if isValid(owner):
            call(*arguments)

    return told
