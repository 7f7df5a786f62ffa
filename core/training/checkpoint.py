"""Checkpoints of training: one safetensors file, replaced as a whole, never pickled."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import InputError
from core.jobs import write_bytes_atomically

FILE = "checkpoint.safetensors"
State = dict[str, torch.Tensor]


@dataclass
class Progress:
    """Where training stands after whole epochs.

    Attributes
    ----------
    epoch : int
        Epochs so far, over all stages.
    best_epoch, best_score, best_loss
        The best of the stage.
    stage, first_epoch : int
        The stage, and the epochs before it.
    history : list of dict
        Figures of each epoch.
    stages : list of dict
        What each stage that is over came to.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_score: float = -2.0
    best_loss: float = float("inf")
    stage: int = 0
    first_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)


def tensors(state: State) -> State:
    """Return a copy of a state that stands on its own."""
    return {name: value.detach().clone().contiguous() for name, value in state.items()}


@dataclass(frozen=True)
class Kept:
    """What a checkpoint holds."""

    progress: Progress
    model: State
    best: State
    optimiser: dict[str, Any]


def save(
    folder: Path,
    fingerprint: str,
    progress: Progress,
    model: nn.Module | State,
    best: State,
    optimiser: torch.optim.Optimizer,
) -> None:
    """Write model, best model, optimiser and progress."""
    from safetensors.torch import save as serialise

    weights = model.state_dict() if isinstance(model, nn.Module) else model
    state = optimiser.state_dict()
    everything = {f"model.{name}": value for name, value in tensors(weights).items()}
    everything |= {f"best.{name}": value for name, value in best.items()}
    for index, values in state["state"].items():
        everything |= {f"optimiser.{index}.{name}": torch.as_tensor(v).clone() for name, v in values.items()}
    head = {"fingerprint": fingerprint, "progress": asdict(progress), "groups": state["param_groups"]}
    # One file: tensors and progress can never disagree after a crash.
    write_bytes_atomically(folder / FILE, serialise(everything, metadata={"head": json.dumps(head)}))


def read(folder: Path, fingerprint: str) -> Kept | None:
    """Return what `save` wrote; None if there is nothing, or it was made from another specification.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / FILE
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            head = json.loads((file.metadata() or {}).get("head", "{}"))
            everything = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise InputError(
            f"the checkpoint is damaged ({error})", subject=path, remedy="Delete it and train from the start"
        ) from error
    if head.get("fingerprint") != fingerprint:
        return None
    state: dict[int, dict[str, Any]] = {}
    for name, value in _part(everything, "optimiser.").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    optimiser = {"state": state, "param_groups": head["groups"]}
    return Kept(Progress(**head["progress"]), _part(everything, "model."), _part(everything, "best."), optimiser)


def load(
    folder: Path, fingerprint: str, model: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[Progress, State] | None:
    """Restore model and optimiser as `save` wrote them; return progress and best model, or None as `read`."""
    kept = read(folder, fingerprint)
    if kept is None:
        return None
    model.load_state_dict(kept.model)
    optimiser.load_state_dict(kept.optimiser)
    return kept.progress, kept.best


def _part(everything: State, prefix: str) -> State:
    return {name.removeprefix(prefix): value for name, value in everything.items() if name.startswith(prefix)}
