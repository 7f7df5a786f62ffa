"""The model with what only its training has: the centres of clusters in its embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from core.errors import InputError
from core.training.checkpoint import State, tensors
from core.training.predict import BATCH

CENTRES = "guidance.centres"


class Learner(nn.Module):
    """Gives all that a loss is made of in one pass.

    Parameters
    ----------
    model : nn.Module
        ``model(*views)``, and where it is guided ``model.parts(*views)`` as `core.models.Parts`.
    guided : bool
        Whether its parts are asked for.
    autocast : callable
        Gives the context that the model computes in.

    Raises
    ------
    InputError
        If it is to be guided and has no parts.
    """

    def __init__(
        self, model: nn.Module, guided: bool, autocast: Callable[[], AbstractContextManager[Any]] = nullcontext
    ) -> None:
        super().__init__()
        if guided and not hasattr(model, "parts"):
            raise InputError(
                "this model has no parts that could be guided",
                remedy="Use intermediate_fusion, or leave guidance and links on the embedding out",
            )
        self.model, self.guided, self._autocast = model, guided, autocast
        self.register_parameter("centres", None)

    def forward(self, *views: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return ``logits`` and, if guided, ``embedding``, ``auxiliary.<view>`` and ``assignment`` to the centres."""
        with self._autocast():
            if not self.guided:
                return {"logits": self.model(*views).float()}
            parts = self.model.parts(*views)  # type: ignore[operator]
        out = {"logits": parts.logits.float(), "embedding": parts.embedding.float()}
        out |= {f"auxiliary.{name}": scores.float() for name, scores in parts.auxiliary.items()}
        if self.centres is not None:
            from core.models.dec import soft_assignment

            out["assignment"] = soft_assignment(out["embedding"], self.centres)
        return out

    def embeddings(self, views: Sequence[torch.Tensor], device: torch.device) -> torch.Tensor:
        """Return the embeddings (n, d) of all events in evaluation mode, without gradient."""
        self.model.eval()
        with torch.no_grad():
            blocks = zip(*(view.split(BATCH) for view in views), strict=True)
            parts = [self.model.parts(*(view.to(device) for view in block)) for block in blocks]  # type: ignore[operator]
        return torch.cat([part.embedding.float() for part in parts])

    def set_centres(self, centres: torch.Tensor) -> None:
        """Take centres (n, d) as a parameter."""
        device = next(self.model.parameters()).device
        self.centres = nn.Parameter(centres.detach().clone().to(device))


def state_of(model: nn.Module, learner: Learner) -> State:
    """Return a copy of all weights of a model, and of the centres of who learns now."""
    state = tensors(model.state_dict())
    return state if learner.centres is None else state | {CENTRES: learner.centres.detach().clone()}


def restore(model: nn.Module, learner: Learner, state: State) -> None:
    """Take back what `state_of` returned."""
    model.load_state_dict({name: value for name, value in state.items() if name != CENTRES})
    if CENTRES in state:
        learner.set_centres(state[CENTRES])
