"""What a compression run is to do; with its seed, it gives the same numbers again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError


@dataclass(frozen=True)
class CompressionSpec:
    """A compression run.

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

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> CompressionSpec:
        """Make it from JSON.

        Raises
        ------
        InputError
            If a field is unknown, missing or out of its range.
        """
        try:
            spec = cls(**fields)
        except TypeError as error:
            names = ", ".join(cls.__annotations__)
            raise InputError(f"a compression cannot be run so ({error})", remedy=f"Its fields: {names}") from error
        numbers = {name: getattr(spec, name) for name in ("epochs", "lr", "batch_size", "patience")}
        if wrong := [name for name, value in numbers.items() if value is not None and value <= 0]:
            raise InputError(f"{', '.join(wrong)} must be above 0", remedy="Correct the specification")
        return spec
