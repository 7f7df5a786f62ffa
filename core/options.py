"""Options that an entry of a registry takes: what they are called, what they may be and how they are asked for, said once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from reprlib import repr as shortened
from typing import Any

from core.checks import TEXT, YES_OR_NO, Rule, finite, list_of, one_of, whole

NOTHING = ("", "none")  # what is written for no value


@dataclass(frozen=True)
class Option:
    """An option; made by the functions of this module, each of which makes those of one type.

    Attributes
    ----------
    title : str
        What the window and the help call it.
    type : str
        One of `TYPES`: how a dialog asks for it, and how a text is read.
    rule : Rule
        What it may be.
    default : Any
        What holds where it is not given; None where it must be given, if the rule does not let None pass.
    help : str
        One more line for who hesitates.
    unit : str
        Of a number.
    low, high : float
        What the arrows of a box offer; the rule says whether the bounds themselves may be.
    choices : mapping of str to str
        Title by value, of one of a list; of a run, what each kind of runs is called that it may be of.
    unset : str
        What None means, in words; empty where there has to be a value.
    """

    title: str
    type: str
    rule: Rule
    default: Any = None
    help: str = ""
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: Mapping[str, str] = field(default_factory=dict)
    unset: str = ""

    def or_none(self, unset: str) -> Option:
        """Return it so that it may also be left open, which means what `unset` says."""
        return replace(self, rule=self.rule.or_none(), unset=unset)

    def read(self, text: str) -> Any:
        """Return the value that a text says; the text itself where it says none of this type, which the rule then refuses."""
        if self.unset and text.strip().lower() in NOTHING:
            return None
        return TYPES[self.type](text)

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value, to stand beside its field; empty if nothing is."""
        if self.rule.fits(value):
            return ""
        given = "" if value in (None, "", []) else f", not {shortened(value)}"
        return f"must be {self.rule.text}{given}"


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _yes_or_no(text: str) -> bool | str:
    return {"true": True, "yes": True, "false": False, "no": False}.get(text.strip().lower(), text)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


TYPES: dict[str, Callable[[str], Any]] = {
    "whole number": _number,
    "number": _number,
    "yes or no": _yes_or_no,
    "one of a list": str,
    "some of a list": _names,
    "run": str,
}


def whole_number(title: str, least: int, default: int | None = None, *, unit: str = "", help: str = "") -> Option:
    """Return the option of a whole number of at least `least`."""
    return Option(title, "whole number", whole(least), default, help, unit, low=least)


def number(
    title: str,
    default: float | None = None,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    unit: str = "",
    help: str = "",
) -> Option:
    """Return the option of a number within the bounds given."""
    low, high = (
        next((bound for bound in bounds if bound is not None), none)
        for bounds, none in (((least, above), -math.inf), ((most, below), math.inf))
    )
    rule = finite(least=least, above=above, most=most, below=below)
    return Option(title, "number", rule, default, help, unit, low, high)


def yes_or_no(title: str, default: bool | None = None, *, help: str = "") -> Option:
    """Return the option of something that is so or not."""
    return Option(title, "yes or no", YES_OR_NO, default, help)


def choice(title: str, choices: Mapping[str, str], default: str | None = None, *, help: str = "") -> Option:
    """Return the option of one of `choices`, a mapping of value to title."""
    return Option(title, "one of a list", one_of(choices), default, help, choices=choices)


def some_of(title: str, items: str, *, rule: Rule = TEXT, help: str = "") -> Option:
    """Return the option of values that fit `rule`, such as names of channels, called `items`; which there are, the data say."""
    return Option(title, "some of a list", list_of(items, rule), help=help)


def run_of(title: str, kinds: Mapping[str, str], *, help: str = "") -> Option:
    """Return the option of a run of the study of one of `kinds`, a mapping of kind to what it is called."""
    *some, last = kinds
    named = f"{', '.join(some)} or {last}" if some else last
    rule = Rule(f"the id of a {named} run", lambda value: isinstance(value, str) and bool(value))
    return Option(title, "run", rule, help=help, choices=kinds)
