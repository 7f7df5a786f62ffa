"""Which layers to compress, by name. To add a choice, write a function and add its entry to `LAYERS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from core.errors import InputError
from core.models import MODELS
from core.registry import Entry

if TYPE_CHECKING:  # the window lists choices without loading torch
    from torch import nn


@dataclass(frozen=True)
class LayerChoice(Entry):
    """A choice of layers.

    Attributes
    ----------
    choose : callable
        ``choose(model, names) -> list of str``: which of the names of a model's weights are meant.
    """

    choose: Callable[[nn.Module, list[str]], list[str]]


def of_the_paper(model: nn.Module, names: list[str]) -> list[str]:
    """Return the weights that the paper of this model compresses, as its entry in `MODELS` says."""
    entry = MODELS.get(getattr(model, "spec", {}).get("name", ""))
    patterns = () if entry is None else entry.paper_layers
    chosen = [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]
    if not chosen:
        raise InputError("no paper says which layers of this model to compress", remedy="Choose all_but_ends or all")
    return chosen


def all_but_ends(model: nn.Module, names: list[str]) -> list[str]:
    """Return all weights but the first and the last."""
    if len(names) < 3:
        raise InputError("this model has no layer between its first and its last", remedy="Choose all, or names")
    return names[1:-1]


def everything(model: nn.Module, names: list[str]) -> list[str]:
    """Return all weights."""
    return names


LAYERS: dict[str, LayerChoice] = {
    "paper": LayerChoice("as in the papers", "The layers that the paper of the model compresses", of_the_paper),
    "all_but_ends": LayerChoice(
        "all but first and last", "The first and the last layer suffer most from few values", all_but_ends
    ),
    "all": LayerChoice("everything", "Every weight matrix and kernel; biases and norms stay as they are", everything),
}
