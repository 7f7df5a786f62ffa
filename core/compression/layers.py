"""Putting a scheme on the layers of a model, and taking it off again."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.utils import parametrize

from core.compression.choices import LAYERS
from core.compression.registry import make_scheme
from core.compression.schemes import Scheme
from core.errors import InputError

WEIGHTS: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.Conv1d, "weight"),
    (nn.Conv2d, "weight"),
    (nn.Linear, "weight"),
    (nn.MultiheadAttention, "in_proj_weight"),
)
N_BINS = 61


@dataclass(frozen=True, eq=False)
class Layer:
    """A compressed tensor.

    Attributes
    ----------
    name : str
    shape : tuple of int
    sparsity : float
        Share of zeros.
    w_p, w_n : float
        The weight is ``+w_p`` where the code is 1 and ``-w_n`` where it is -1.
    low, high : float
        Bounds of the weights that became 0.
    counts, edges : tuple
        Histogram of the weights that it was made from; one edge more than counts.
    codes : int8 array
        -1, 0 or 1, of the tensor's shape; not part of `to_json`.
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
    codes: npt.NDArray[np.int8] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return all but the codes as JSON-able fields."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "codes"}


def weight_names(model: nn.Module) -> list[str]:
    """Return the names of all weight matrices and kernels, in the model's order."""
    names = []
    for path, module in model.named_modules():
        for kind, weight in WEIGHTS:
            if isinstance(module, kind) and getattr(module, weight, None) is not None:
                names.append(f"{path}.{weight}" if path else weight)
    return names


def chosen_layers(model: nn.Module, layers: str | Sequence[str]) -> list[str]:
    """Return the tensors that a choice means: one of `LAYERS`, or their names.

    Raises
    ------
    InputError
        If the choice or a name is unknown, or a choice means no layer of this model.
    """
    every = weight_names(model)
    if not isinstance(layers, str):
        unknown = [name for name in layers if name not in every]
        if unknown or not layers:
            raise InputError(
                f"there is no layer {', '.join(unknown) or 'named'}", remedy=f"Its layers: {', '.join(every)}"
            )
        return list(dict.fromkeys(layers))
    if layers not in LAYERS:
        raise InputError(
            f"there is no choice of layers {layers!r}", remedy=f"Choose {', '.join(LAYERS)}, or names of layers"
        )
    return LAYERS[layers].choose(model, every)


def compress(
    model: nn.Module,
    scheme: str,
    layers: str | Sequence[str] = "paper",
    *,
    as_published: bool = False,
    **params: float,
) -> nn.Module:
    """Return a copy of a model whose chosen weights are computed by a scheme from trainable full-precision ones.

    Parameters
    ----------
    model : nn.Module
        Left as it is.
    scheme : str
        One of `SCHEMES`; `params` are its parameters.
    layers : str or sequence of str
        As `chosen_layers`.
    as_published : bool
        With the faults of the public code (`core.compression.published`), to reproduce its numbers.

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
        made = make_scheme(scheme, as_published=as_published, **params).to(tensor)
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
            layers.append(_describe(name, full.detach(), getattr(module, weight), scheme))
        parametrize.remove_parametrizations(module, weight, leave_parametrized=True)
    return layers


def _describe(name: str, full: torch.Tensor, ternary: torch.Tensor, scheme: Scheme) -> Layer:
    codes = scheme.codes(full)
    low, high = scheme.thresholds(full)
    counts, edges = torch.histogram(full.float().flatten().cpu(), bins=N_BINS)
    positive, negative = ternary[codes > 0], ternary[codes < 0]
    return Layer(
        name=name,
        shape=tuple(full.shape),
        sparsity=float((codes == 0).float().mean()),
        w_p=float(positive[0]) if len(positive) else 0.0,
        w_n=float(-negative[0]) if len(negative) else 0.0,
        low=float(low),
        high=float(high),
        counts=tuple(int(c) for c in counts),
        edges=tuple(float(e) for e in edges),
        codes=codes.to(torch.int8).cpu().numpy(),
    )


def dense_parameters(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return the parameters that a model computes with, by the names that they have once baked."""
    found = {name: p.detach() for name, p in model.named_parameters() if "parametrizations." not in name}
    return found | {name: getattr(module, weight).detach() for name, module, weight, _ in parametrised(model)}


def is_quantised(tensor: torch.Tensor) -> bool:
    """Return whether a tensor has at most two values besides zero; one of fewer than four weights never counts."""
    # The first weights of a full-precision tensor tell it apart without sorting all of it.
    return tensor.numel() > 3 and all(len(torch.unique(t[t != 0])) <= 2 for t in (tensor.flatten()[:256], tensor))


def quantised_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return the ternary and binary weights by name, told by their values, so that a model read from a file has them too."""
    found = {}
    for name in weight_names(model):
        path, _, weight = name.rpartition(".")
        tensor = getattr(model.get_submodule(path), weight).detach()
        if is_quantised(tensor):
            found[name] = tensor
    return found
