"""Losses by name. To add one, write it in `losses.py` and add its entry to `LOSSES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.checks import Rule, check_each, check_names, finite
from core.registry import LazyEntry, chosen


@dataclass(frozen=True)
class LossEntry(LazyEntry):
    """A loss to choose; `where` is its function.

    Attributes
    ----------
    options : mapping of str to Rule
        What its options may be.
    """

    options: Mapping[str, Rule] = field(default_factory=dict)


LOSSES: dict[str, LossEntry] = {
    "ce": LossEntry(
        "cross-entropy", "The usual one, where labels can be trusted", "core.training.losses:cross_entropy"
    ),
    "gce": LossEntry(
        "generalised cross-entropy: forgives wrong labels",
        "Between cross-entropy and the absolute error (Zhang and Sabuncu 2018); for propagated labels",
        "core.training.losses:generalized_cross_entropy",
        {"q": finite(above=0, most=1)},
    ),
}


def check_loss(name: str, **options: Any) -> None:
    """Refuse a loss that there is not, or options that it cannot have; nothing heavy is loaded.

    Raises
    ------
    InputError
        Naming it, and what there is.
    """
    rules = chosen(LOSSES, name, "loss", "losses").options
    check_names(f"the loss {name}", options, rules)
    check_each(rules, options)
