"""How to train: what the loop is told, whichever the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.checks import TABLE, Rule, check_each, check_names, finite, one_of, whole
from core.errors import InputError

SAMPLINGS = ("shuffled", "balanced")
PRECISIONS = ("float32", "bfloat16")
# A rule of its own for the values of a table: names to weights.
WEIGHTS = Rule(
    "a table of weights of at least 0",
    lambda value: isinstance(value, Mapping) and all(finite(least=0).fits(v) for v in value.values()),
)
# What a stage may be told otherwise than the others.
STAGE_FIELDS = (
    "class_weights", "optimiser", "lr", "weight_decay", "schedule", "schedule_options", "batch_size", "max_epochs",
    "patience", "gradient_clip", "sampling", "augment",
)  # fmt: skip


@dataclass(frozen=True)
class FitSettings:
    """How to train; the fields of `TrainingSpec` of the same names."""

    loss: dict[str, Any] = field(default_factory=lambda: {"name": "ce"})
    class_weights: str | None = "balanced"
    optimiser: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    batch_size: int = 32
    max_epochs: int = 30
    patience: int = 6
    seed: int = 0
    schedule_options: dict[str, Any] = field(default_factory=dict)
    gradient_clip: float | None = None
    precision: str = "float32"
    sampling: str = "shuffled"
    augment: list[dict[str, Any]] = field(default_factory=list)
    guidance: dict[str, Any] | None = None
    links: dict[str, Any] | None = None
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    device: str = "auto"


@dataclass(frozen=True)
class Guidance:
    """What leads a model beside the loss of its scores (GDEC); fields are checked when it is made.

    Attributes
    ----------
    auxiliary : mapping of str to float
        Weights of the losses of auxiliary heads, by view.
    dec : float
        Weight of the clustering loss; 0 for none.
    dec_from : int
        Epochs before the clustering starts.
    """

    auxiliary: Mapping[str, float] = field(default_factory=dict)
    dec: float = 0.0
    dec_from: int = 5

    def __post_init__(self) -> None:
        check_each({"auxiliary": WEIGHTS, "dec": finite(least=0), "dec_from": whole(0)}, vars(self))

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Guidance:
        """Make it from JSON or TOML, or raise `InputError` if a field is unknown or cannot be as it is."""
        check_names("guidance", fields, cls.__annotations__)
        return cls(**fields)


@dataclass(frozen=True)
class Links:
    """The loss of pairs of events that must, or cannot, be of one class; fields are checked when it is made.

    Attributes
    ----------
    weight : float
    on : str
        ``probabilities`` (`core.training.losses.probability_links`) or ``embedding`` (`embedding_links`).
    margin : float or None
        None for that of the loss.
    """

    weight: float = 0.1
    on: str = "probabilities"
    margin: float | None = None

    def __post_init__(self) -> None:
        rules = {
            "weight": finite(least=0),
            "on": one_of(["probabilities", "embedding"]),
            "margin": finite(above=0).or_none(),
        }
        check_each(rules, vars(self))

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Links:
        """Make it from JSON or TOML, or raise `InputError` if a field is unknown or cannot be as it is."""
        check_names("links", fields, cls.__annotations__)
        return cls(**fields)


def check_stages(stages: Mapping[str, Any]) -> None:
    """Refuse tables of stages with fields that a stage cannot have of its own; their values are checked with the others.

    Raises
    ------
    InputError
        Naming the stage and the field.
    """
    for name, fields in stages.items():
        if not TABLE.fits(fields):
            raise InputError(f"stage {name} must be a table, not {fields!r}", remedy="Give it as {lr = 0.01}")
        check_names(f"the stage {name}", fields, STAGE_FIELDS)
