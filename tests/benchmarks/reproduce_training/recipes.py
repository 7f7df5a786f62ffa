"""The settings of every model on every set, chosen by validation alone (`trials`), and what they are called.

They are shorter than the published ones: a cosine over few epochs reaches what a constant rate reaches over a hundred.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.models import MODELS

GUIDANCE = {
    "auxiliary": {"raw": 1.0, "log_spectrogram": 0.01},
    "dec": 1e-4,
    "dec_from": 3,
}  # weights as published for ESR
SHIFTED = {"augment": [{"name": "time_shift", "most": 0.25}]}  # a seizure has no middle: any second of it is one
PRE_NORM = {"norm_first": True, "dropout": 0.1}  # learns in a tenth of the epochs that post-norm needs
BARE = {"class_weights": "balanced", "optimiser": "adamw", "weight_decay": 1e-5, "gradient_clip": 1.0}


@dataclass(frozen=True)
class Recipe:
    """A model and how it is trained: `model`, `options` and `fit` of `runs.Run`."""

    model: str
    options: Mapping[str, Any]
    fit: Mapping[str, Any]

    def but(self, **fit: Any) -> "Recipe":
        """Return it with other settings of training."""
        return replace(self, fit={**self.fit, **fit})


def cosine(lr: float, epochs: int, batch: int) -> dict[str, Any]:
    """Return the settings of a cosine after a short rise; the epochs that were best on validation count."""
    return {
        "lr": lr, "max_epochs": epochs, "patience": epochs, "batch_size": batch,
        "schedule": "cosine", "schedule_options": {"warmup": 0.1},
    }  # fmt: skip


def late(of_raw: dict[str, Any], of_image: dict[str, Any], fusion_epochs: int, **options: Any) -> Recipe:
    """Return late fusion: both members, each with settings of its own, then the weights of their votes."""
    stages = {"raw": of_raw, "log_spectrogram": of_image, "fusion": cosine(1e-2, fusion_epochs, 64)}
    return Recipe("late_fusion", options, BARE | {"stages": stages})


def members(preset: str) -> dict[str, Any]:
    """Return the options of both members as published, but for the order of norm and dropout in the transformer."""
    of = MODELS["late_fusion"].presets[preset].options
    return {**of, "raw": {**of["raw"], **PRE_NORM}}


def guided(settings: dict[str, Any], guidance: Mapping[str, Any] = GUIDANCE, **options: Any) -> Recipe:
    """Return guided intermediate fusion with clustering of its embedding (MIF-GR)."""
    return Recipe("intermediate_fusion", options | {"guided": True}, BARE | settings | {"guidance": dict(guidance)})


SMALL_HITS = {"d_model": 32, "n_heads": 4, "d_hidden": 64, "n_layers": 2, "n_projection": 16, "n_conv": 4} | PRE_NORM
# By set: late fusion, whose members are the two single models, and the guided hybrid.
RECIPES: dict[str, dict[str, Recipe]] = {
    "eeg": {
        "late": late(cosine(1e-3, 18, 16) | SHIFTED, cosine(1e-3, 6, 32), 3, **members("esr")),
        "guided": guided(cosine(1e-3, 8, 32) | SHIFTED, preset="esr", **PRE_NORM),
    },
    "beats": {
        "late": late(cosine(5e-4, 10, 64), cosine(5e-4, 6, 64), 3, **members("ecg")),
        "guided": guided(cosine(5e-4, 8, 64), preset="ecg", **PRE_NORM),
    },
    "hits": {
        "late": late(cosine(1e-3, 24, 32), cosine(1e-3, 16, 32), 5, raw=SMALL_HITS, log_spectrogram={"n_filters": 16}),
        "guided": guided(cosine(1e-3, 20, 32), GUIDANCE | {"dec_from": 8}, n_filters=16, d_common=32, **SMALL_HITS),
    },
}
# For label noise: small and fast, with and without what GDEC adds.
SMALL = cosine(1e-3, 12, 64)
NOISE: dict[str, Recipe] = {
    "plain": Recipe("intermediate_fusion", {"preset": "quick", **PRE_NORM}, BARE | SMALL),
    "GDEC": guided(SMALL, preset="quick", **PRE_NORM),
}
LOSSES = {"CE": {"name": "ce"}, "GCE": {"name": "gce", "q": 0.7}}
SOFT_LOSSES = {"CE": {"name": "ce"}, "JS": {"name": "js"}, "geometric JS": {"name": "gjs"}}
