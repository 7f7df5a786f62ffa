"""What a training run is to do; with its seed, it gives the same numbers again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from core.checks import NAMED, TABLE, TEXT, YES_OR_NO, Rule, check_each, check_names, finite, list_of, one_of, whole
from core.errors import InputError
from core.features import WindowSpec, build_representation
from core.models import MODELS, options_of
from core.training.registry import SCHEDULES, check_augmentation, check_loss, check_schedule
from core.training.settings import PRECISIONS, SAMPLINGS, FitSettings, Guidance, Links, check_stages

OPTIMISERS = ("adam", "adamw", "adamax")
PAIRS = list_of("pairs of event numbers", Rule("", lambda pair: list_of("", whole(0)).fits(pair) and len(pair) == 2))
DEVICE = r"auto|cpu|mps|several|cuda(:\d+)?"
RULES = {
    "kinds": list_of("texts", TEXT).or_none(),
    "recordings": list_of("whole numbers", whole(0)).or_none(),
    "classes": list_of("texts", TEXT).or_none(),
    "window": TABLE.or_none(),
    "representation": Rule(
        "a table with a name, or a list of them",
        lambda value: NAMED.fits(value) or (list_of("", NAMED).fits(value) and len(value) > 0),
    ),
    "model": NAMED,
    "loss": NAMED,
    "class_weights": one_of(["balanced"]).or_none(),
    "optimiser": one_of(OPTIMISERS),
    "lr": finite(above=0),
    "weight_decay": finite(least=0),
    "schedule": one_of(SCHEDULES),
    "schedule_options": TABLE,
    "batch_size": whole(2),  # batch norm cannot learn from one sample
    "max_epochs": whole(1),
    "patience": whole(1),
    "validation": finite(above=0, below=1),
    "test": finite(above=0, below=1),
    "split_by": one_of(["auto", "subject", "recording", "time"]),
    "threads": whole(0),
    "annotator": TEXT.or_none(),
    "targets": one_of(["hard", "soft"]),
    "guidance": TABLE.or_none(),
    "links": TABLE.or_none(),
    "stages": TABLE,
    "gradient_clip": finite(above=0).or_none(),
    "precision": one_of(PRECISIONS),
    "sampling": one_of(SAMPLINGS),
    "augment": list_of("tables with a name", NAMED),
    "device": Rule(
        "auto, cpu, cuda, cuda:N, mps or several",
        lambda value: TEXT.fits(value) and re.fullmatch(DEVICE, value) is not None,
    ),
    "accept_leaks": YES_OR_NO,
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
    representation : dict or list of dict
        As `core.features.build_representation`; a list for a model of several views, in the order of its
        ``representations``.
    model : dict
        ``{"name": …, "preset": …, options…}`` as `core.models.registry`.
    loss : dict
        ``{"name": "ce"}`` or ``{"name": "gce", "q": 0.7}``, as `core.training.LOSSES`.
    class_weights : str or None
        ``balanced`` weighs classes by the inverse of their frequency in the training data.
    optimiser : str
        ``adam``, ``adamw`` or ``adamax``.
    lr, weight_decay : float
        Above 0; 0 or more.
    schedule : str
        ``constant``, ``cosine``, ``noam`` (linear warm-up over a tenth of the steps, then ∝ step^-1/2) or ``plateau``, as
        `core.training.SCHEDULES`.
    schedule_options : dict
        Of the schedule: ``warmup`` (a share of all steps if below 1, else steps), ``floor``, ``factor``, ``patience``.
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
    targets : str
        ``hard``: the label of each event; ``soft``: the shares of the classes that all annotators together gave it
        (`core.annotation.soft_labels`). Events are scored by their label in either case.
    guidance : dict, optional
        ``{"auxiliary": {"raw": 1.0, "log_spectrogram": 0.01}, "dec": 1e-4, "dec_from": 5}``: weights of the losses of
        auxiliary heads and of clusters, which start after so many epochs.
    links : dict, optional
        ``{"must": [[1, 2]], "cannot": [[1, 3]], "weight": 0.1, "on": "probabilities"}``: pairs of event ids that are, or
        are not, of one class; ``on`` may be ``embedding``. Pairs with an event that is held out are left out.
    stages : dict
        What a stage of late fusion (a view, or ``fusion``) has otherwise: ``{"fusion": {"lr": 0.01, "max_epochs": 15}}``.
    gradient_clip : float, optional
        Longest gradient of a step; longer ones are shortened.
    precision : str
        ``float32``, or ``bfloat16`` (mixed precision): faster where the device has it.
    sampling : str
        ``shuffled``, or ``balanced``: each epoch draws as many events of each class, and classes are not weighted.
    augment : list of dict
        ``{"name": "time_shift", "most": 0.1}`` and others, as `core.training.AUGMENTATIONS`, one after the other.
    device : str
        ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``several`` under ``accelerate launch``.
    accept_leaks : bool
        Train also where the figures are known to be wrong (`core.training.review_split`); the result says so.

    Raises
    ------
    InputError
        If a field is of another type, out of its range or none of its choices; the message names each.
    """

    kinds: list[str] | None = None
    recordings: list[int] | None = None
    classes: list[str] | None = None
    window: dict[str, Any] | None = None
    representation: dict[str, Any] | list[dict[str, Any]] = field(default_factory=lambda: {"name": "raw"})
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
    schedule_options: dict[str, Any] = field(default_factory=dict)
    targets: str = "hard"
    guidance: dict[str, Any] | None = None
    links: dict[str, Any] | None = None
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    gradient_clip: float | None = None
    precision: str = "float32"
    sampling: str = "shuffled"
    augment: list[dict[str, Any]] = field(default_factory=list)
    device: str = "auto"
    accept_leaks: bool = False

    def __post_init__(self) -> None:
        check_each(RULES, vars(self), remedy=REMEDY)
        if self.validation + self.test >= 1:
            raise InputError("validation and test must leave some to train", remedy=REMEDY)
        options_of(**self.model)
        self._check_loss()
        check_schedule(self.schedule, **self.schedule_options)
        for augmentation in self.augment:
            check_augmentation(**augmentation)
        for representation in self.representations:
            build_representation(representation)
        self._check_views()
        if self.guidance is not None:
            Guidance.from_json(self.guidance)
        self._check_links()
        self._check_stages()
        if self.window is not None:
            WindowSpec.from_json(self.window)

    @property
    def representations(self) -> tuple[dict[str, Any], ...]:
        """The specification of each view."""
        one = self.representation
        return (one,) if isinstance(one, dict) else tuple(one)

    def _check_views(self) -> None:
        wanted = MODELS[self.model["name"]].representations
        given = tuple(one.get("name", "raw") for one in self.representations)
        if len(given) > 1 and given != wanted:
            raise InputError(
                f"{self.model['name']} does not take {' and '.join(given)} in this order",
                remedy=f"Give it {' and '.join(wanted)}",
            )

    def _check_loss(self) -> None:
        if not check_loss(**self.loss).soft and self.targets == "soft":
            raise InputError(
                f"the loss {self.loss['name']} does not take soft targets", remedy="Choose another, or hard"
            )

    def _check_links(self) -> None:
        links = dict(self.links or {})
        pairs = {kind: links.pop(kind, []) for kind in ("must", "cannot")}
        check_each(dict.fromkeys(pairs, PAIRS), pairs, remedy=REMEDY)
        Links.from_json(links)

    def _check_stages(self) -> None:
        check_stages(self.stages)
        for own in self.stages.values():
            replace(self, **own, stages={})

    def fit_settings(self, seed: int) -> FitSettings:
        """Return what the loop is told."""
        told = {f.name: getattr(self, f.name) for f in fields(FitSettings) if hasattr(self, f.name)}
        if self.links is not None:
            told["links"] = {name: value for name, value in self.links.items() if name not in ("must", "cannot")}
        return FitSettings(**told, seed=seed)

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
