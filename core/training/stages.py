"""Stages of training: one for most models; for late fusion each member on its own view, then what joins them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from core.errors import InputError
from core.training.settings import FitSettings

JOINING = "fusion"
JOINING_LR = 1e-2  # reference specification 4: the published fusion is trained ten times faster than its members


@dataclass(frozen=True)
class Stage:
    """A part of training with early stopping of its own.

    Attributes
    ----------
    name : str
        Of the member, or ``fusion``; empty where there is one stage.
    module : nn.Module
        What is trained and judged.
    views : tuple of int
        Which views it takes.
    settings : FitSettings
    parameters : list
        Parameters or groups for the optimiser.
    frozen : tuple of nn.Module
        Its parts that stay as they are, in evaluation mode.
    held_out : bool
        Whether it learns from the validation side: what weighs the votes of members must not believe those who know the
        training events by heart (stacked generalisation, Wolpert 1992).
    """

    name: str
    module: nn.Module
    views: tuple[int, ...]
    settings: FitSettings
    parameters: list[Any]
    frozen: tuple[nn.Module, ...] = ()
    held_out: bool = False

    def begin(self) -> None:
        """Go to training mode, but for what is frozen."""
        self.module.train()
        for module in self.frozen:
            module.eval()


def plan(model: nn.Module, settings: FitSettings, n_views: int, parameters: Iterable[Any] | None = None) -> list[Stage]:
    """Return the stages of a model.

    A model with ``members``, a ModuleDict in the order of its views, is trained member by member; these are then frozen
    and what is left, a few numbers, is learnt from the validation side. With `parameters` given, as for the fine-tuning of
    a compressed model, there is one stage.

    Raises
    ------
    InputError
        If the settings name a stage that there is not, or members and views are not of one number.
    """
    members = _members(model) if parameters is None else {}
    names = [*members, JOINING] if members else [""]
    if unknown := [name for name in settings.stages if name not in names]:
        known = f"It has: {', '.join(names)}" if members else "It is trained in one: leave stages out"
        raise InputError(f"the model has no stage {', '.join(unknown)}", remedy=known)
    everything = tuple(range(n_views))
    if not members:
        chosen = _trainable(model) if parameters is None else list(parameters)
        return [Stage("", model, everything, settings, chosen)]
    if len(members) != n_views:
        raise InputError(f"the model has {len(members)} members for {n_views} views", remedy="Give a view for each")
    stages = [
        Stage(name, member, (number,), _own(settings, name, guidance=None), _trainable(member))
        for number, (name, member) in enumerate(members.items())
    ]
    of_members = {id(p) for member in members.values() for p in member.parameters()}
    joining = [p for p in _trainable(model) if id(p) not in of_members]
    rest = _own(settings, JOINING, lr=max(settings.lr, JOINING_LR), augment=[], links=None)
    return [*stages, Stage(JOINING, model, everything, rest, joining, tuple(members.values()), held_out=True)]


def _members(model: nn.Module) -> dict[str, nn.Module]:
    members = getattr(model, "members", None)
    return dict(members.items()) if isinstance(members, nn.ModuleDict) else {}


def _trainable(module: nn.Module) -> list[nn.Parameter]:
    return [p for p in module.parameters() if p.requires_grad]


def _own(settings: FitSettings, name: str, **usual: Any) -> FitSettings:
    return replace(settings, **(usual | settings.stages.get(name, {})))
