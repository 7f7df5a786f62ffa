"""What is asked for beside the choices of the registries: sides, learning, guidance; recipes to begin from; the job of all that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.models import FUSIONS
from core.options import Option, choice, number, whole_number, yes_or_no
from core.registry import Entry

# Fields of `TrainingSpec`, whose defaults are theirs.
SIDES: dict[str, Option] = {
    "split_by": choice(
        "Keep apart",
        {
            "auto": "subjects, else recordings, else blocks of time",
            "subject": "subjects",
            "recording": "recordings",
            "time": "blocks of time: says little about new patients",
        },
        "auto",
    ),
    "validation": number(
        "For validation", 0.2, above=0, below=1, help="Share of the events; it chooses the best epoch"
    ),
    "test": number("For the test", 0.2, above=0, below=1, help="Share of the events; they choose nothing"),
}
TARGETS: dict[str, Option] = {
    "targets": choice(
        "Labels",
        {"hard": "one class for each event", "soft": "shares of all annotators"},
        "hard",
        help="Where annotators differ, shares keep their doubt; events are scored by their label in either case",
    ),
    "class_weights": choice(
        "Rare classes", {"balanced": "count as much as frequent ones"}, "balanced", help="By the inverse of frequency"
    ).or_none("count by their events"),
    "sampling": choice(
        "Each epoch", {"shuffled": "takes every event once", "balanced": "draws as many of each class"}, "shuffled"
    ),
}
LEARNING: dict[str, Option] = {
    "max_epochs": whole_number("Epochs at most", 1, 30, help="Passes over the training events"),
    "patience": whole_number("Stop after", 1, 6, unit="epochs without better validation MCC"),
    "lr": number("Learning rate", 1e-3, above=0, help="The length of a step; too long a one does not settle"),
}
OPTIMISING: dict[str, Option] = {
    "optimiser": choice("Optimiser", {"adam": "Adam", "adamw": "AdamW", "adamax": "Adamax"}, "adam"),
    "weight_decay": number("Weight decay", 0.0, least=0),
    "batch_size": whole_number("Events of a step", 2, 32),
    "gradient_clip": number("Longest gradient", above=0, help="Longer ones are shortened").or_none("any"),
}
COMPUTING: dict[str, Option] = {
    "device": choice("Computed on", {"auto": "the GPU, if there is one", "cpu": "the processor"}, "auto"),
    "precision": choice(
        "Precision", {"float32": "float32", "bfloat16": "bfloat16: faster where the device has it"}, "float32"
    ),
    "threads": whole_number("Threads", 0, 0, help="Of the processor; 0 for all. Jobs give way to the window"),
}
SEEDS: dict[str, Option] = {
    "seed": whole_number(
        "Seed", 0, 0, help="It draws split, weights and batches; the same seed gives the same figures"
    ),
    "n_seeds": whole_number("Seeds one after the other", 1, 1, help="Each is a run; they tell how much is chance"),
}
# Of guided models: a weight for the head of each view, and clusters of the embedding.
DEC: dict[str, Option] = {
    "dec": number(
        "Weight of clusters (DEC)", 1e-4, least=0, help="Draws embeddings to as many clusters as classes; 0: none"
    ),
    "dec_from": whole_number("From epoch", 0, 5, help="Epochs before the clusters start"),
}
HEADS = {"raw": 1.0, "log_spectrogram": 0.01}  # weights of the published hybrid
FUSING: dict[str, Option] = {
    "fusion": choice("Embeddings meet by", {key: entry.title for key, entry in FUSIONS.items()}, "concatenation"),
    "guided": yes_or_no(
        "Guided by a head for each view", False, help="Each view must be able to tell the classes alone"
    ),
}
# Options of models that are asked for beside their preset; of others, the preset says all.
MODEL_OPTIONS: dict[str, dict[str, Option]] = {
    "intermediate_fusion": FUSING,
    "late_fusion": {
        "constrained": yes_or_no("Weights of a class sum to 1", True, help="So that they can be read as trust")
    },
}


@dataclass(frozen=True)
class Recipe(Entry):
    """A run to begin from.

    Attributes
    ----------
    fields : mapping
        Fields of `TrainingSpec` that are not as usual; the data and their representation are the study's.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)


GUIDED = {"auxiliary": dict(HEADS), "dec": 1e-4, "dec_from": 5}
RECIPES: dict[str, Recipe] = {
    "first": Recipe(
        "First look: small 2D CNN",
        "Minutes on two cores: is there something to learn?",
        {"model": {"name": "cnn2d", "preset": "quick"}},
    ),
    "signal": Recipe(
        "The raw signal: small CNN-Transformer",
        "The same look, at the samples instead of their spectrogram",
        {"model": {"name": "cnn_transformer", "preset": "quick"}, "lr": 2e-3},
    ),
    "propagated": Recipe(
        "Propagated labels: a loss that forgives",
        "Some labels are wrong: generalised cross-entropy learns less from those that do not fit",
        {"model": {"name": "cnn2d", "preset": "quick"}, "loss": {"name": "gce"}},
    ),
    "late": Recipe(
        "Two models, and whom to trust for which class",
        "Late fusion: its weights can be read as a table",
        {"model": {"name": "late_fusion", "preset": "quick"}},
    ),
    "hybrid": Recipe(
        "Hybrid, guided (MIF-GR)",
        "Signal and spectrogram in one model, guided by a head for each and by clusters",
        {
            "model": {"name": "intermediate_fusion", "preset": "quick", "guided": True},
            "loss": {"name": "gce"},
            "guidance": GUIDED,
        },
    ),
}


def changed(options: Mapping[str, Option], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not as usual, so that the same wishes are the same parameters."""
    return {name: value for name, value in values.items() if name in options and value != options[name].default}
