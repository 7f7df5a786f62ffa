"""A loss by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from core.training.registry import LOSSES, check_loss

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]


def build_loss(name: str, **options: Any) -> Loss:
    """Return the loss of this name with its options.

    Raises
    ------
    InputError
        If there is none, or an option is unknown or out of its range.
    """
    check_loss(name, **options)
    return partial(LOSSES[name].load(), **options)
