"""What a compression run is to do; with its seed, it gives the same numbers again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.checks import TABLE, TEXT, Rule, check_each, check_names, finite, list_of, one_of, whole
from core.compression.registry import check_scheme
from core.training import OPTIMISERS

LAYER_NAMES = list_of("texts", TEXT)
RULES = {
    "run": TEXT,
    "scheme": TEXT,
    "scheme_params": TABLE,
    "layers": Rule("text or a list of texts", lambda value: TEXT.fits(value) or LAYER_NAMES.fits(value)),
    "optimiser": one_of(OPTIMISERS),
    "epochs": whole(1),
    "lr": finite(above=0),
    "batch_size": whole(2).or_none(),  # batch norm cannot learn from one sample
    "patience": whole(1).or_none(),
    "threads": whole(0),
}


@dataclass(frozen=True)
class CompressionSpec:
    """A compression run. Fields are checked when it is made.

    Attributes
    ----------
    run : str
        Id of the training run.
    scheme, scheme_params, layers
        As `core.compression.compress`.
    optimiser : str
        ``adam``, ``adamw`` or ``adamax``.
    epochs : int
        Of fine-tuning, at most.
    lr : float
        Of the weights; scales and thresholds move at a tenth of it.
    batch_size, patience : int or None
        None for those of the training run.
    threads : int
        Of the processor; 0 for all.

    Raises
    ------
    InputError
        If a field is of another type, out of its range or none of its choices; the message names each.
    """

    run: str
    scheme: str = "pttq"
    scheme_params: dict[str, Any] = field(default_factory=dict)
    layers: str | list[str] = "paper"
    optimiser: str = "adam"
    epochs: int = 10
    lr: float = 1e-3
    batch_size: int | None = None
    patience: int | None = None
    threads: int = 0

    def __post_init__(self) -> None:
        check_each(RULES, vars(self), remedy="Correct the specification")
        check_scheme(self.scheme, **self.scheme_params)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> CompressionSpec:
        """Make it from JSON.

        Raises
        ------
        InputError
            If a field is unknown, missing or cannot be as it is.
        """
        check_names("a compression", fields, cls.__annotations__)
        return cls(**{"run": None, **fields})  # the one field that must be given: None is refused by name
