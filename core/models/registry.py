"""Models by name. To add one, write an ``nn.Module`` in a file of its own and add its line to `MODELS`."""

from __future__ import annotations

from typing import Any

from torch import nn

from core.errors import InputError
from core.models.cnn2d import CNN2d
from core.models.cnn_transformer import CNNTransformer

MODELS: dict[str, type[nn.Module]] = {"cnn2d": CNN2d, "cnn_transformer": CNNTransformer}

# Options by model and preset. "hits", "esr" and "ecg" are the papers' (reference specification 1.1 and 1.2; the heads
# and the dropout of "hits" are not published); "quick" trains in a minute or two on two cores.
PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "cnn2d": {
        "hits": {"n_filters": 64},
        "esr": {"n_filters": 64},
        "ecg": {"n_filters": 64},
        "quick": {"n_filters": 16},
    },
    "cnn_transformer": {
        "hits": {"d_model": 128, "n_heads": 8, "d_hidden": 64, "n_layers": 8, "n_projection": 10, "n_conv": 2},
        "esr": {
            "d_model": 64,
            "n_heads": 4,
            "d_hidden": 8,
            "n_layers": 4,
            "n_projection": 4,
            "n_conv": 2,
            "dropout": 0.3,
        },
        "ecg": {"d_model": 128, "n_heads": 8, "d_hidden": 64, "n_layers": 8, "n_projection": 10, "n_conv": 4},
        "quick": {"d_model": 32, "n_heads": 4, "d_hidden": 64, "n_layers": 2, "n_projection": 16, "n_conv": 2},
    },
}


def build(name: str, *, preset: str | None = None, **options: Any) -> nn.Module:
    """Build a model.

    Parameters
    ----------
    name : str
        ``cnn2d`` (spectrograms; needs `n_chans`, `n_freqs`, `n_frames`) or ``cnn_transformer`` (raw signal; needs
        `n_chans`, `n_times`); both need `n_outputs`. The vocabulary is that of braindecode.
    preset : str, optional
        ``hits``, ``esr``, ``ecg`` or ``quick``; options given beside it win.

    Returns
    -------
    nn.Module
        Its attribute ``spec`` is ``{"name": …, options…}``: ``build(**spec)`` gives the same architecture.

    Raises
    ------
    InputError
        If the name, the preset or an option is unknown, or the input is too small for the model.
    """
    if name not in MODELS:
        raise InputError(f"there is no model {name!r}", remedy=f"Known models: {', '.join(MODELS)}")
    if preset is not None:
        if preset not in PRESETS[name]:
            raise InputError(f"{name} has no preset {preset!r}", remedy=f"Known presets: {', '.join(PRESETS[name])}")
        options = PRESETS[name][preset] | options
    try:
        model = MODELS[name](**options)
    except TypeError as error:
        raise InputError(
            f"{name} cannot be built ({error})", remedy="Give what it needs and nothing it does not know"
        ) from error
    model.spec = {"name": name, **options}  # type: ignore[assignment]
    return model


def count_parameters(model: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
