"""What an experiment is to do: variants of a training run, trained on the same folds with the same seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.checks import TABLE, Rule, check_each, check_names, list_of, one_of, whole
from core.errors import InputError
from core.training.search_space import SearchSpec
from core.training.spec import TrainingSpec

REMEDY = "Correct the specification"
# Variants are compared on the same events of the same folds; these fields say which.
OF_ALL = ("kinds", "recordings", "classes", "annotator", "split_by", "test")
NAME = re.compile(r"[^\W_][\w .+-]{0,63}")
RULES = {
    "base": TABLE,
    "variants": Rule(
        "a table of tables, named by letters, digits, blanks, points, + and -",
        lambda value: TABLE.fits(value) and all(NAME.fullmatch(n) and TABLE.fits(v) for n, v in value.items()),
    ),
    "seeds": Rule(
        "a list of different whole numbers of at least 0, at least one",
        lambda value: list_of("", whole(0)).fits(value) and 0 < len(value) == len(set(value)),
    ),
    "protocol": TABLE,
    "search": TABLE.or_none(),
}


@dataclass(frozen=True)
class Protocol:
    """How an experiment splits; fields are checked when it is made.

    Attributes
    ----------
    name : str
        ``kfold``: each event is tested once. ``holdout``: test sides drawn anew `repeats` times.
    k : int
        Folds, at least 2.
    repeats : int
        At least 1.
    """

    name: str = "kfold"
    k: int = 5
    repeats: int = 1

    def __post_init__(self) -> None:
        rules = {"name": one_of(["kfold", "holdout"]), "k": whole(2), "repeats": whole(1)}
        check_each(rules, vars(self), remedy=REMEDY)

    @property
    def n_folds(self) -> int:
        """How many splits there are."""
        return self.k if self.name == "kfold" else self.repeats

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Protocol:
        """Make it from JSON or TOML, or raise `InputError` if a field is unknown or cannot be as it is."""
        check_names("a protocol", fields, cls.__annotations__)
        return cls(**fields)


@dataclass(frozen=True)
class ExperimentSpec:
    """An experiment. Fields are checked when it is made, with every variant.

    Attributes
    ----------
    base : dict
        Fields of `TrainingSpec` that all variants share.
    variants : dict of str to dict
        By name, the fields in which each differs; the first is what the others are compared with. By default the base alone,
        called ``base``. Which events there are and how they are split cannot differ.
    seeds : list of int
        Of weights and order: each variant is trained on each fold with each of them.
    protocol : dict
        ``{"name": "kfold", "k": 5}`` or ``{"name": "holdout", "repeats": 5}``, as `Protocol`. The folds come from the seed of
        the job, not from `seeds`.
    search : dict, optional
        ``{"trials": 20, "inner": 1, "space": {…}}``, as `core.training.SearchSpec`: on each fold, the fields of each variant
        are chosen by events that are not tested on it.

    Raises
    ------
    InputError
        If a field is of another type, out of its range or none of its choices; the message names the variant.
    """

    base: dict[str, Any] = field(default_factory=dict)
    variants: dict[str, dict[str, Any]] = field(default_factory=lambda: {"base": {}})
    seeds: list[int] = field(default_factory=lambda: [0])
    protocol: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        check_each(RULES, vars(self), remedy=REMEDY)
        if not self.variants:
            raise InputError(
                "the experiment has no variant", remedy="Name one, or leave `variants` out for the base alone"
            )
        Protocol.from_json(self.protocol)
        TrainingSpec.from_json(self.base)
        for name in self.variants:
            self._check(name)

    @property
    def splitting(self) -> Protocol:
        """The protocol."""
        return Protocol.from_json(self.protocol)

    @property
    def searching(self) -> SearchSpec | None:
        """The search, if one is asked for."""
        return None if self.search is None else SearchSpec.from_json(self.search)

    def training(self, variant: str) -> TrainingSpec:
        """Return the training specification of a variant."""
        return TrainingSpec.from_json({**self.base, **self.variants[variant]})

    def _check(self, name: str) -> None:
        try:
            if fixed := [key for key in self.variants[name] if key in OF_ALL]:
                raise InputError(f"{', '.join(fixed)} cannot differ between variants", remedy="Say it for all of them")
            training = self.training(name)
            if self.searching is not None:
                self.searching.check(training)
        except InputError as error:
            what = f"{error.subject}: {error.what}" if error.subject else error.what
            raise InputError(what, subject=f"variant {name}", remedy=error.remedy) from error

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ExperimentSpec:
        """Make it from JSON.

        Raises
        ------
        InputError
            If a field is unknown or cannot be as it is.
        """
        check_names("an experiment", fields, (*cls.__annotations__, "annotator"))
        told = {name: value for name, value in fields.items() if name != "annotator"}
        if fields.get("annotator") is not None:  # noted by the study for whoever reads labels
            told["base"] = {"annotator": fields["annotator"], **told.get("base", {})}
        return cls(**told)
