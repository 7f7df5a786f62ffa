"""Models by name. To add one, write an ``nn.Module`` in a file of its own and add its entry to `MODELS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.registry import Entry, LazyEntry, chosen

if TYPE_CHECKING:  # the window lists models without loading torch
    from torch import nn


@dataclass(frozen=True)
class Preset(Entry):
    """Options of a model that go together."""

    options: Mapping[str, Any]


@dataclass(frozen=True)
class ModelEntry(LazyEntry):
    """A model to choose; `where` is its class.

    Attributes
    ----------
    representations : tuple of str
        What it is fed with, one view each, in this order: names of `core.features.REPRESENTATIONS`.
    presets : mapping of str to Preset
        The first is what a beginner starts from.
    paper_layers : tuple of str
        Patterns (fnmatch) of the weights that its paper compresses; empty where no paper says.
    """

    representations: tuple[str, ...]
    presets: Mapping[str, Preset]
    paper_layers: tuple[str, ...] = ()


def quick(**options: Any) -> Preset:
    """Return the preset that trains in a minute or two on two cores."""
    return Preset("quick: minutes on two cores", "Small, to see whether there is something to learn", options)


def published(data: str, **options: Any) -> Preset:
    """Return a preset of the papers (reference specification 1.1 to 1.3)."""
    return Preset(f"as published for {data}", f"The size that the papers trained on {data}", options)


# The heads and the dropout of the HITS models are not published.
CNN2D_PRESETS = {
    "quick": quick(n_filters=16),
    "hits": published("HITS", n_filters=64),
    "ecg": published("ECG", n_filters=64),
    "esr": published("EEG", n_filters=64),
}
TRANSFORMER_PRESETS = {
    "quick": quick(d_model=32, n_heads=4, d_hidden=64, n_layers=2, n_projection=16, n_conv=2),
    "hits": published("HITS", d_model=128, n_heads=8, d_hidden=64, n_layers=8, n_projection=10, n_conv=2),
    "ecg": published("ECG", d_model=128, n_heads=8, d_hidden=64, n_layers=8, n_projection=10, n_conv=4),
    "esr": published("EEG", d_model=64, n_heads=4, d_hidden=8, n_layers=4, n_projection=4, n_conv=2, dropout=0.3),
}
# That of HITS is ECG's: with HITS inputs it has the multiply-adds of the talk.
_FUSED = {"n_heads": 4, "d_hidden": 64, "n_layers": 4, "n_conv": 2, "n_filters": 64, "d_common": 64}
INTERMEDIATE_PRESETS = {
    "quick": quick(d_model=32, n_heads=4, d_hidden=64, n_layers=2, n_projection=16, n_filters=16, d_common=32),
    "hits": published("HITS", **_FUSED, d_model=128, n_projection=10, dropout=0.1),
    "ecg": published("ECG", **_FUSED, d_model=128, n_projection=10, dropout=0.1),
    "esr": published("EEG", **_FUSED, d_model=64, n_projection=4, dropout=0.3),
}
LATE_PRESETS = {
    name: replace(of_raw, options={"raw": dict(of_raw.options), "log_spectrogram": dict(CNN2D_PRESETS[name].options)})
    for name, of_raw in TRANSFORMER_PRESETS.items()
}

MODELS: dict[str, ModelEntry] = {
    "cnn2d": ModelEntry(
        "2D CNN on the log-spectrogram",
        "Four blocks of convolutions that read the spectrogram as an image",
        "core.models.cnn2d:CNN2d",
        representations=("log_spectrogram",),
        presets=CNN2D_PRESETS,
        # The convolutions 2-4.
        paper_layers=("encoder.[123].0.weight",),
    ),
    "cnn_transformer": ModelEntry(
        "1D CNN-Transformer on the raw signal",
        "Convolutions shorten the signal, attention reads what is left",
        "core.models.cnn_transformer:CNNTransformer",
        representations=("raw",),
        presets=TRANSFORMER_PRESETS,
        # The second convolution and the second matrix of each feed-forward block.
        paper_layers=("conv2.weight", "transformer.layers.*.linear2.weight"),
    ),
    "intermediate_fusion": ModelEntry(
        "Intermediate fusion of raw signal and log-spectrogram",
        "Two encoders whose embeddings meet before one classifier",
        "core.models.intermediate_fusion:IntermediateFusion",
        representations=("raw", "log_spectrogram"),
        presets=INTERMEDIATE_PRESETS,
    ),
    "late_fusion": ModelEntry(
        "Late fusion of raw signal and log-spectrogram",
        "Two models decide alone; each class learns whom to trust",
        "core.models.late_fusion:LateFusion",
        representations=("raw", "log_spectrogram"),
        presets=LATE_PRESETS,
    ),
}

# Ways in which intermediate fusion makes one embedding of two.
FUSIONS: dict[str, LazyEntry] = {
    "concatenation": LazyEntry(
        "side by side", "The classifier sees both embeddings", "core.models.fusions:Concatenation"
    ),
    "sum": LazyEntry("sum", "Both embeddings count the same", "core.models.fusions:Sum"),
    "weighted_sum": LazyEntry(
        "weighted sum", "Each view has one learned weight of any sign", "core.models.fusions:WeightedSum"
    ),
    "softmax_sum": LazyEntry(
        "weighted mean",
        "Each view has one learned weight; both are positive, sum to 1",
        "core.models.fusions:SoftmaxSum",
    ),
    "product": LazyEntry("product", "A feature counts where both views have it", "core.models.fusions:Product"),
}


def options_of(name: str, preset: str | None = None, **options: Any) -> dict[str, Any]:
    """Return the options of a model with those of its preset; options given beside it win. Nothing heavy is loaded.

    Raises
    ------
    InputError
        If the name or the preset is unknown.
    """
    presets = chosen(MODELS, name, "model", "models").presets
    if preset is None:
        return options
    if preset not in presets:
        raise InputError(f"{name} has no preset {preset!r}", remedy=f"Known presets: {', '.join(presets)}")
    return {**presets[preset].options, **options}


def build(name: str, *, preset: str | None = None, **options: Any) -> nn.Module:
    """Build a model.

    Parameters
    ----------
    name : str
        ``cnn2d`` (spectrograms; needs `n_chans`, `n_freqs`, `n_frames`), ``cnn_transformer`` (raw signal; needs
        `n_chans`, `n_times`), ``intermediate_fusion`` or ``late_fusion`` (both; need `n_chans`, `n_times`,
        `n_spec_chans`, `n_freqs`, `n_frames`); all need `n_outputs`. The vocabulary is that of braindecode.
    preset : str, optional
        One of the model's in `MODELS`, such as ``hits`` or ``quick``; options given beside it win.

    Returns
    -------
    nn.Module
        Its attribute ``spec`` is ``{"name": …, options…}``: ``build(**spec)`` gives the same architecture.

    Raises
    ------
    InputError
        If the name, the preset or an option is unknown, an option is out of its range, or the input is too small for the model.
    """
    options = options_of(name, preset, **options)
    try:
        model: nn.Module = MODELS[name].load()(**options)
    except TypeError as error:
        raise InputError(
            f"{name} cannot be built ({error})", remedy="Give what it needs and nothing it does not know"
        ) from error
    model.spec = {"name": name, **options}  # type: ignore[assignment]
    return model


def count_parameters(model: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
