"""Putting a scheme on the layers of a model, and taking it off again."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from core.compression.schemes import Scheme, make_scheme
from core.errors import InputError

# Tensors that the papers quantise: of the 2D CNN the convolutions 2-4, of the CNN-Transformer the second convolution and
# the second matrix of each feed-forward block.
PAPER = {
    "cnn2d": ("encoder.[123].0.weight",),
    "cnn_transformer": ("conv2.weight", "transformer.layers.*.linear2.weight"),
}
WEIGHTS: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.Conv1d, "weight"),
    (nn.Conv2d, "weight"),
    (nn.Linear, "weight"),
    (nn.MultiheadAttention, "in_proj_weight"),
)


@dataclass(frozen=True)
class Layer:
    """A compressed tensor: its name, shape, share of zeros, scales, thresholds, and the histogram of the weights that it
    was made from (`edges` has one value more than `counts`).
    """

    name: str
    shape: tuple[int, ...]
    sparsity: float
    w_p: float
    w_n: float
    low: float
    high: float
    counts: tuple[int, ...]
    edges: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return asdict(self)


def weight_names(model: nn.Module) -> list[str]:
    """Return the names of all weight matrices and kernels, in the model's order."""
    names = []
    for path, module in model.named_modules():
        for kind, weight in WEIGHTS:
            if isinstance(module, kind) and getattr(module, weight, None) is not None:
                names.append(f"{path}.{weight}" if path else weight)
    return names


def chosen_layers(model: nn.Module, layers: str | Sequence[str]) -> list[str]:
    """Return the tensors that a choice means: ``paper``, ``all_but_ends``, ``all``, or their names.

    Raises
    ------
    InputError
        If the choice or a name is unknown.
    """
    every = weight_names(model)
    if not isinstance(layers, str):
        unknown = [name for name in layers if name not in every]
        if unknown or not layers:
            raise InputError(
                f"there is no layer {', '.join(unknown) or 'named'}", remedy=f"Its layers: {', '.join(every)}"
            )
        return list(layers)
    if layers == "all":
        return every
    if layers == "all_but_ends":
        return every[1:-1]
    if layers == "paper":
        patterns = PAPER.get(getattr(model, "spec", {}).get("name", ""), ())
        if names := [name for name in every if any(fnmatch(name, p) for p in patterns)]:
            return names
        raise InputError("no paper says which layers of this model to compress", remedy="Choose all_but_ends or all")
    raise InputError(f"there is no choice of layers {layers!r}", remedy="Choose paper, all_but_ends, all, or names")


def compress(model: nn.Module, scheme: str, layers: str | Sequence[str] = "paper", **params: float) -> nn.Module:
    """Return a copy of a model whose chosen weights are computed by a scheme from trainable full-precision ones.

    Parameters
    ----------
    model : nn.Module
        Left as it is.
    scheme : str
        One of `SCHEMES`; `params` are its parameters.
    layers : str or sequence of str
        As `chosen_layers`.

    Raises
    ------
    InputError
        If something is unknown, or a chosen tensor holds NaN or one value only.
    """
    copied = copy.deepcopy(model)
    for name in chosen_layers(copied, layers):
        path, _, weight = name.rpartition(".")
        module = copied.get_submodule(path)
        tensor = getattr(module, weight).detach()
        if not torch.isfinite(tensor).all() or bool((tensor == tensor.flatten()[0]).all()):
            raise InputError(
                "its weights are all the same or not finite: there is nothing to compress",
                subject=name,
                remedy="Train the model longer, or leave this layer out",
            )
        made = make_scheme(scheme, **params).to(tensor.dtype)
        made.start(tensor)
        parametrize.register_parametrization(module, weight, made)
    return copied


def parametrised(model: nn.Module) -> list[tuple[str, nn.Module, str, Scheme]]:
    """Return name, module, attribute and scheme of each compressed tensor."""
    found = []
    for path, module in model.named_modules():
        if parametrize.is_parametrized(module):
            for weight, chain in module.parametrizations.items():
                found.append((f"{path}.{weight}" if path else weight, module, weight, chain[0]))
    return found


def bake(model: nn.Module) -> list[Layer]:
    """Replace the parametrizations of a model, in place, by their ternary weights; return what they were."""
    layers = []
    for name, module, weight, scheme in parametrised(model):
        with torch.no_grad():
            full = module.parametrizations[weight].original  # type: ignore[union-attr, index]
            ternary = getattr(module, weight)
            low, high = scheme.thresholds(full)
            counts, edges = torch.histogram(full.detach().float().flatten().cpu(), bins=61)
            positive, negative = ternary[ternary > 0], ternary[ternary < 0]
            layers.append(
                Layer(
                    name=name,
                    shape=tuple(full.shape),
                    sparsity=float((ternary == 0).float().mean()),
                    w_p=float(positive[0]) if len(positive) else 0.0,
                    w_n=float(-negative[0]) if len(negative) else 0.0,
                    low=float(low),
                    high=float(high),
                    counts=tuple(int(c) for c in counts),
                    edges=tuple(float(e) for e in edges),
                )
            )
        parametrize.remove_parametrizations(module, weight, leave_parametrized=True)
    return layers


def quantised_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights with at most one positive, one negative value and zero: the ternary and binary ones."""
    found = {}
    for name in weight_names(model):
        path, _, weight = name.rpartition(".")
        tensor = getattr(model.get_submodule(path), weight).detach()
        if len(torch.unique(tensor[tensor > 0])) <= 1 and len(torch.unique(tensor[tensor < 0])) <= 1:
            found[name] = tensor
    return found
