"""What a training run is to do; with its seed, it gives the same numbers again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import InputError


@dataclass(frozen=True)
class TrainingSpec:
    """A training run.

    Attributes
    ----------
    kinds, recordings, classes : list or None
        Which events: by kind, by recording, by label; None for all. Classes keep this order.
    window : dict or None
        As `core.features.WindowSpec`; None for what is usual for the first recording.
    representation : dict
        As `core.features.build_representation`.
    model : dict
        ``{"name": …, "preset": …, options…}`` as `core.models.registry`.
    loss : dict
        ``{"name": "ce"}`` or ``{"name": "gce", "q": 0.7}``.
    class_weights : str or None
        ``balanced`` weighs classes by the inverse of their frequency in the training data.
    optimiser : str
        ``adam``, ``adamw`` or ``adamax``.
    lr, weight_decay : float
    schedule : str
        ``constant``, ``cosine`` or ``noam`` (linear warm-up over a tenth of the steps, then ∝ step^-1/2).
    batch_size, max_epochs, patience : int
        Training ends when validation MCC has not risen for `patience` epochs; the best epoch is kept.
    validation, test : float
        Shares of the events.
    split_by : str
        ``auto`` (subject if all are known, else recording, else time blocks; at least three are needed), ``subject``,
        ``recording`` or ``time``.
    threads : int
        Of the processor; 0 for all.
    annotator : str, optional
        Whose labels are learnt where annotators differ; where this one gave none, the newest. A run says whose.
    """

    kinds: list[str] | None = None
    recordings: list[int] | None = None
    classes: list[str] | None = None
    window: dict[str, Any] | None = None
    representation: dict[str, Any] = field(default_factory=lambda: {"name": "raw"})
    model: dict[str, Any] = field(default_factory=lambda: {"name": "cnn_transformer", "preset": "quick"})
    loss: dict[str, Any] = field(default_factory=lambda: {"name": "ce"})
    class_weights: str | None = "balanced"
    optimiser: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    batch_size: int = 32
    max_epochs: int = 30
    patience: int = 6
    validation: float = 0.2
    test: float = 0.2
    split_by: str = "auto"
    threads: int = 0
    annotator: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> TrainingSpec:
        """Make it from JSON or TOML.

        Raises
        ------
        InputError
            If a field is unknown or out of its range.
        """
        unknown = sorted(set(fields) - set(cls.__annotations__))
        if unknown:
            known = ", ".join(cls.__annotations__)
            raise InputError(
                f"unknown in a training specification: {', '.join(unknown)}", remedy=f"Known fields: {known}"
            )
        spec = cls(**fields)
        wrong = [name for name in ("batch_size", "max_epochs", "patience", "lr") if not getattr(spec, name) > 0]
        shares = spec.validation > 0 and spec.test > 0 and spec.validation + spec.test < 1
        if wrong or not shares:
            what = (
                f"{', '.join(wrong)} must be above 0"
                if wrong
                else "validation and test must be above 0 and leave some to train"
            )
            raise InputError(what, remedy="Correct the specification")
        return spec
