"""What a training run is to do; with its seed, it gives the same numbers again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.checks import NAMED, TABLE, TEXT, check_each, check_names, finite, list_of, one_of, whole
from core.errors import InputError
from core.features import WindowSpec, build_representation
from core.models import options_of
from core.training.registry import check_loss

OPTIMISERS = ("adam", "adamw", "adamax")
RULES = {
    "kinds": list_of("texts", TEXT).or_none(),
    "recordings": list_of("whole numbers", whole(0)).or_none(),
    "classes": list_of("texts", TEXT).or_none(),
    "window": TABLE.or_none(),
    "representation": NAMED,
    "model": NAMED,
    "loss": NAMED,
    "class_weights": one_of(["balanced"]).or_none(),
    "optimiser": one_of(OPTIMISERS),
    "lr": finite(above=0),
    "weight_decay": finite(least=0),
    "schedule": one_of(["constant", "cosine", "noam"]),
    "batch_size": whole(2),  # batch norm cannot learn from one sample
    "max_epochs": whole(1),
    "patience": whole(1),
    "validation": finite(above=0, below=1),
    "test": finite(above=0, below=1),
    "split_by": one_of(["auto", "subject", "recording", "time"]),
    "threads": whole(0),
    "annotator": TEXT.or_none(),
}
REMEDY = "Correct the specification"


@dataclass(frozen=True)
class TrainingSpec:
    """A training run. Fields are checked when it is made.

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
        Above 0; 0 or more.
    schedule : str
        ``constant``, ``cosine`` or ``noam`` (linear warm-up over a tenth of the steps, then ∝ step^-1/2).
    batch_size, max_epochs, patience : int
        Training ends when validation MCC has not risen, nor at the same MCC the validation loss fallen, for `patience`
        epochs; the best epoch is kept. Batches are of at least 2 events.
    validation, test : float
        Shares of the events, above 0, together below 1.
    split_by : str
        ``auto`` (subject if all are known, else recording, else time blocks; at least three are needed), ``subject``,
        ``recording`` or ``time``.
    threads : int
        Of the processor; 0 for all.
    annotator : str, optional
        Whose labels are learnt where annotators differ; where this one gave none, the newest. A run says whose.

    Raises
    ------
    InputError
        If a field is of another type, out of its range or none of its choices; the message names each.
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

    def __post_init__(self) -> None:
        check_each(RULES, vars(self), remedy=REMEDY)
        if self.validation + self.test >= 1:
            raise InputError("validation and test must leave some to train", remedy=REMEDY)
        options_of(**self.model)
        check_loss(**self.loss)
        build_representation(self.representation)
        if self.window is not None:
            WindowSpec.from_json(self.window)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> TrainingSpec:
        """Make it from JSON or TOML.

        Raises
        ------
        InputError
            If a field is unknown or cannot be as it is.
        """
        check_names("a training specification", fields, cls.__annotations__)
        return cls(**fields)
