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
    """Where training stands after whole epochs."""

    epoch: int = 0
    best_epoch: int = 0
    best_score: float = -2.0
    best_loss: float = float("inf")
    history: list[dict[str, float]] = field(default_factory=list)


def tensors(state: State) -> State:
    """Return a copy of a state that stands on its own."""
    return {name: value.detach().clone().contiguous() for name, value in state.items()}


def save(
    folder: Path, fingerprint: str, progress: Progress, model: nn.Module, best: State, optimiser: torch.optim.Optimizer
) -> None:
    """Write model, best model, optimiser and progress."""
    from safetensors.torch import save as serialise

    state = optimiser.state_dict()
    everything = {f"model.{name}": value for name, value in tensors(model.state_dict()).items()}
    everything |= {f"best.{name}": value for name, value in best.items()}
    for index, values in state["state"].items():
        everything |= {f"optimiser.{index}.{name}": torch.as_tensor(v).clone() for name, v in values.items()}
    head = {"fingerprint": fingerprint, "progress": asdict(progress), "groups": state["param_groups"]}
    # One file: tensors and progress can never disagree after a crash.
    write_bytes_atomically(folder / FILE, serialise(everything, metadata={"head": json.dumps(head)}))


def load(
    folder: Path, fingerprint: str, model: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[Progress, State] | None:
    """Restore what `save` wrote; None if there is nothing, or it was made from another specification.

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
    model.load_state_dict(_part(everything, "model."))
    state: dict[int, dict[str, Any]] = {}
    for name, value in _part(everything, "optimiser.").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": head["groups"]})
    return Progress(**head["progress"]), _part(everything, "best.")


def _part(everything: State, prefix: str) -> State:
    return {name.removeprefix(prefix): value for name, value in everything.items() if name.startswith(prefix)}
