"""What a search may choose: fields of a training specification, and the values that each may take."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.checks import TABLE, YES_OR_NO, Rule, check_each, check_names, finite, list_of, whole
from core.errors import InputError
from core.training.spec import TrainingSpec

# What decides which events there are, what is measured, or on what it is computed.
FIXED = (
    "kinds", "recordings", "classes", "annotator", "window", "targets", "split_by", "validation", "test", "threads", "device",
    "accept_leaks",
)  # fmt: skip
REMEDY = "Give low and high (with log, whole or step), or choices"
ANYTHING = Rule("anything", lambda value: True)


@dataclass(frozen=True)
class Choice:
    """The values that one field may take; fields are checked when it is made.

    Attributes
    ----------
    low, high : float, optional
        Both ends of a range.
    log : bool
        Whether the range is searched by orders of magnitude.
    whole : bool
        Whether only whole numbers are meant.
    step : float, optional
        From `low` in steps; not with `log`.
    choices : list, optional
        Instead of a range: values of any kind, tables too.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    step: float | None = None
    choices: list[Any] | None = None

    def __post_init__(self) -> None:
        end = finite().or_none()
        rules = {"low": end, "high": end, "log": YES_OR_NO, "whole": YES_OR_NO, "step": finite(above=0).or_none()}
        check_each(rules | {"choices": list_of("values", ANYTHING).or_none()}, vars(self), remedy=REMEDY)
        if self.choices is not None:
            wrong = self.low is not None or self.high is not None or not self.choices
        else:
            wrong = self.low is None or self.high is None or self.low > self.high or (self.log and self.low <= 0)
            wrong |= self.log and self.step is not None
            wrong |= self.whole and any(v is not None and v != int(v) for v in (self.low, self.high, self.step))
        if wrong:
            raise InputError("this is neither a range nor a list of choices", remedy=REMEDY)

    @property
    def ends(self) -> list[Any]:
        """Values to check a specification with: all choices, or both ends."""
        if self.choices is not None:
            return self.choices
        return [int(v) if self.whole else v for v in (self.low, self.high) if v is not None]


@dataclass(frozen=True)
class SearchSpec:
    """A search for the fields that do best on validation events; checked when it is made.

    Attributes
    ----------
    trials : int
        Trainings on each fold, of each variant.
    inner : int
        1: each trial is judged by the validation side of the fold. From 2: by as many inner folds of all events that are not
        tested on it, which takes as many trainings each.
    space : dict
        What may be chosen, by field: ``{"lr": {"low": 1e-4, "high": 1e-2, "log": true}, "model.dropout": {"low": 0, "high":
        0.5}, "batch_size": {"choices": [16, 32]}}``. A dot leads into a table.
    """

    trials: int = 20
    inner: int = 1
    space: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tables = Rule(
            "a table of tables, by field",
            lambda value: TABLE.fits(value) and value and all(map(TABLE.fits, value.values())),
        )
        check_each({"trials": whole(1), "inner": whole(1), "space": tables}, vars(self), remedy=REMEDY)
        for name in self.space:
            self.choice(name)

    def choice(self, name: str) -> Choice:
        """Return what a field may be."""
        try:
            check_names("what a field may be", self.space[name], Choice.__annotations__)
            return Choice(**self.space[name])
        except InputError as error:
            raise InputError(error.what, subject=f"search of {name}", remedy=error.remedy) from error

    def check(self, training: TrainingSpec) -> None:
        """Raise `InputError` where a field, or a value it may take, is none of a training specification."""
        for name in self.space:
            if name.partition(".")[0] in FIXED:
                raise InputError(
                    f"{name} cannot be searched: trials are compared on the same events", remedy="Set it in the base"
                )
            for value in self.choice(name).ends:
                with_values(training, {name: value})

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> SearchSpec:
        """Make it from JSON or TOML, or raise `InputError` if a field is unknown or cannot be as it is."""
        check_names("a search", fields, cls.__annotations__)
        return cls(**fields)


def with_values(training: TrainingSpec, values: Mapping[str, Any]) -> TrainingSpec:
    """Return a specification with other values, by field; a dot leads into a table.

    Raises
    ------
    InputError
        If there is no such field, or the value cannot be.
    """
    fields = copy.deepcopy(training.to_json())
    for name, value in values.items():
        *way, last = name.split(".")
        table = fields
        for step in way:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                raise InputError(f"{step} is no table that {name} could be in", remedy="Give it in the base first")
        table[last] = value
    return TrainingSpec.from_json(fields)
