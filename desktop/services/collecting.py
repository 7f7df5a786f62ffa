"""Keeping Python's collector of cyclic garbage from stopping the window while a task makes hundreds of thousands of rows.

A collection looks at every object there is, again and again as they become more, and nothing else runs meanwhile, in no thread:
0.3 to 0.7 s each, a dozen of them, while 90,000 labels were written. What is not cyclic, which is nearly all, goes away without it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

P, R = ParamSpec("P"), TypeVar("R")
_lock, _running = Lock(), 0


def uncollected(function: Callable[P, R]) -> Callable[P, R]:
    """Return what does the same, the collector waiting until no such function runs any more, in no thread."""

    @wraps(function)
    def run(*arguments: P.args, **named: P.kwargs) -> R:
        _count(1)
        try:
            return function(*arguments, **named)
        finally:
            _count(-1)

    return run


def _count(step: int) -> None:
    global _running
    with _lock:
        _running += step
        (gc.disable if _running else gc.enable)()
