"""Rules for values that somebody gives: what a value may be, checked and said in the same words."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from reprlib import repr as shortened
from typing import Any

from core.errors import InputError


@dataclass(frozen=True)
class Rule:
    """What a value may be.

    Attributes
    ----------
    text : str
        It in words, to stand after "must be".
    fits : callable
        Whether a value of any type is so.
    """

    text: str
    fits: Callable[[Any], bool]

    def or_none(self) -> Rule:
        """Return the rule that also lets None pass."""
        return Rule(f"{self.text}, or nothing", lambda value: value is None or self.fits(value))


TEXT = Rule("text", lambda value: isinstance(value, str))
YES_OR_NO = Rule("true or false", lambda value: isinstance(value, bool))
TABLE = Rule("a table", lambda value: isinstance(value, Mapping))
NAMED = Rule("a table with a name", lambda value: TABLE.fits(value) and TEXT.fits(value.get("name")))


def whole(least: int) -> Rule:
    """Return the rule of whole numbers of at least `least`, NumPy's included; True and False are none."""
    return Rule(
        f"a whole number of at least {least}",
        lambda value: isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least,
    )


def finite(
    *, least: float | None = None, above: float | None = None, most: float | None = None, below: float | None = None
) -> Rule:
    """Return the rule of finite numbers within the bounds given; True and False are none."""
    every = (
        (operator.ge, "of at least", least),
        (operator.gt, "above", above),
        (operator.le, "at most", most),
        (operator.lt, "below", below),
    )
    bounds = [(holds, word, bound) for holds, word, bound in every if bound is not None]
    text = " and ".join(f"{word} {bound:g}" for _, word, bound in bounds)
    return Rule(
        f"a number {text}" if text else "a finite number",
        lambda value: _is_finite(value) and all(holds(value, bound) for holds, _, bound in bounds),
    )


def one_of(choices: Collection[str]) -> Rule:
    """Return the rule of texts that are among `choices`."""
    return Rule(f"one of {', '.join(choices)}", lambda value: isinstance(value, str) and value in choices)


def list_of(items: str, rule: Rule) -> Rule:
    """Return the rule of lists whose items, called `items`, all fit `rule`."""
    return Rule(f"a list of {items}", lambda value: isinstance(value, list | tuple) and all(map(rule.fits, value)))


def check(rule: Rule, **values: Any) -> None:
    """Refuse values, given by their names, that do not fit a rule.

    Raises
    ------
    InputError
        Naming each, what it must be, and what was given.
    """
    check_each(dict.fromkeys(values, rule), values)


def check_each(
    rules: Mapping[str, Rule],
    values: Mapping[str, Any],
    *,
    subject: object | None = None,
    remedy: str = "Correct the value",
) -> None:
    """Refuse values that do not fit the rule of their name; `subject` and `remedy` are those of the error.

    Raises
    ------
    InputError
        Naming each, what it must be, and what was given.
    """
    wrong = [
        f"{name} must be {rules[name].text}, not {shortened(value)}"
        for name, value in values.items()
        if not rules[name].fits(value)
    ]
    if wrong:
        raise InputError("; ".join(wrong), subject=subject, remedy=remedy)


def check_names(owner: str, given: Iterable[str], known: Collection[str]) -> None:
    """Refuse names that `owner`, such as ``a training specification``, does not know.

    Raises
    ------
    InputError
        Naming them, and those that it knows.
    """
    if unknown := [name for name in given if name not in known]:
        raise InputError(f"{owner} has no {', '.join(unknown)}", remedy=f"It knows {', '.join(known) or 'none'}")


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return is_number and abs(value) < math.inf
