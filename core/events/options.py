"""The options of event makers: which there are, and whether what was given fits."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, get_args, get_type_hints

from core.errors import InputError

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def known_options(function: Callable[..., Any], more: type | None = None) -> dict[str, tuple[type, ...]]:
    """Return the types of each option of a maker: its keyword-only parameters, and the fields of `more`."""
    hints = get_type_hints(function)
    names = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    known = {name: hints[name] for name in names} | (get_type_hints(more) if more else {})
    return {name: get_args(hint) or (hint,) for name, hint in known.items()}


def check_options(maker: str, given: Mapping[str, Any], known: Mapping[str, tuple[type, ...]]) -> None:
    """Refuse options that a maker does not know or that are of another type.

    Raises
    ------
    InputError
        Naming the option, and what the maker's options are.
    """
    each = (f"{name} ({_described(types)})" for name, types in known.items())
    remedy = f"Options of {maker}: {', '.join(each) or 'none'}"
    for name, value in given.items():
        if name not in known:
            raise InputError(f"{maker} has no option {name}", remedy=remedy)
        if not _fits(value, known[name]):
            raise InputError(f"option {name} of {maker} is {_described(known[name])}, not {value!r}", remedy=remedy)


def _described(types: tuple[type, ...]) -> str:
    return " or ".join(KINDS[kind] for kind in types if kind is not NoneType)


def _fits(value: Any, types: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in types  # though True is an int to Python
    if isinstance(value, int):
        return int in types or float in types
    if isinstance(value, float):
        return float in types and math.isfinite(value)
    return isinstance(value, types)
