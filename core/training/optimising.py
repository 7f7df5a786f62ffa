"""Optimisers and schedules of the learning rate.

A schedule is a function of the step and of the epochs so far: it has no state of its own to be lost with a killed run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from core.registry import chosen
from core.training.registry import check_schedule
from core.training.stopping import is_better

FUSED = (
    "cpu",
    "cuda",
)  # devices on which one pass over a parameter makes the whole step: the same equations, 2 to 3 times faster
OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adamax": torch.optim.Adamax,
}
# Which make a step in one pass over a parameter, and on which devices: the same equations, 2 to 3 times faster.
FUSED, ON = ("adam", "adamw"), {"cpu", "cuda"}


@dataclass(frozen=True)
class Moment:
    """Where training stands: at `step` of `total` batches, after the epochs of `history`."""

    step: int
    total: int
    history: Sequence[Mapping[str, float]] = ()


Schedule = Callable[[Moment], float]


def constant(at: Moment, warmup: float = 0.0) -> float:
    """Return 1, but for the warm-up: see `rising`."""
    return rising(at, warmup)


def cosine(at: Moment, warmup: float = 0.0, floor: float = 0.0) -> float:
    """Return what falls as half a cosine from 1, after the warm-up, to `floor` at the last step."""
    first = steps_of(at, warmup)
    through = min(max(at.step - first, 0) / max(at.total - first, 1), 1.0)
    return rising(at, warmup) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * through)))


def noam(at: Moment, warmup: float = 0.1) -> float:
    """Return what rises linearly to 1 over the warm-up, then falls as the inverse root of the step."""
    peak = max(1, steps_of(at, warmup))
    return min((at.step + 1) / peak, math.sqrt(peak / (at.step + 1)))


def plateau(at: Moment, warmup: float = 0.0, factor: float = 0.5, patience: int = 3, floor: float = 0.0) -> float:
    """Return `factor` to the power of how often validation was no better for `patience` epochs, at least `floor`."""
    best, waited, rate = None, 0, 1.0
    for epoch in at.history:
        if best is None or is_better(epoch, best):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            rate, waited = max(rate * factor, floor), 0
    return rising(at, warmup) * rate


def rising(at: Moment, warmup: float) -> float:
    """Return what rises linearly to 1 over the warm-up: a share of all steps if below 1, else a number of steps."""
    return min(1.0, (at.step + 1) / max(1, steps_of(at, warmup)))


def steps_of(at: Moment, warmup: float) -> int:
    """Return the number of steps of a warm-up."""
    return int(warmup * at.total) if warmup < 1 else int(warmup)


def build_schedule(name: str, **options: Any) -> Schedule:
    """Return the schedule of this name: ``schedule(moment)`` is the factor of the learning rate.

    Raises
    ------
    InputError
        If there is none, or an option is unknown or out of its range.
    """
    return partial(check_schedule(name, **options).load(), **options)


def build_optimiser(name: str, parameters: Iterable[Any], lr: float, weight_decay: float) -> torch.optim.Optimizer:
    """Return an optimiser of parameters or groups, whose own rates are kept in ``initial_lr``.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    make, given = chosen(OPTIMISERS, name, "optimiser", "optimisers"), list(parameters)
    every = [p for one in given for p in (one["params"] if isinstance(one, Mapping) else [one])]
    fused = {"fused": True} if name in FUSED and {p.device.type for p in every} <= ON else {}
    optimiser = make(given, lr=lr, weight_decay=weight_decay, **fused)
    for group in optimiser.param_groups:
        group["initial_lr"] = group["lr"]
    return optimiser


def join(optimiser: torch.optim.Optimizer, parameter: torch.nn.Parameter, lr: float) -> None:
    """Add a parameter to an optimiser in use; what it knows of the others, and the schedule, go on."""
    optimiser.add_param_group({"params": [parameter], "lr": lr, "initial_lr": lr, "weight_decay": 0.0})


def set_rates(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Set the rate of each group to `factor` times its own."""
    for group in optimiser.param_groups:
        group["lr"] = group["initial_lr"] * factor
