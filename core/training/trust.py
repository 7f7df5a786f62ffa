"""Whom late fusion trusts: the table of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import read_json
from core.models import MODELS


@dataclass(frozen=True)
class Trust:
    """How much each member of a late fusion counts for each class.

    Attributes
    ----------
    members, classes : tuple of str
        Representations, and classes.
    weights : (n_members, n_classes) float64 array
        Where they are constrained, those of a class are positive and sum to 1.
    constrained : bool
    """

    members: tuple[str, ...]
    classes: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    constrained: bool


def trust_of(folder: str | Path) -> Trust | None:
    """Return the weights of a finished run; None where its model is no late fusion. No model is built.

    Raises
    ------
    InputError
        If the run has no model yet.
    """
    folder = Path(folder)
    if not (folder / "model.json").exists():
        raise InputError("this run has no model yet", subject=folder, remedy="Wait until it is done, or resume it")
    card = read_json(folder / "model.json")
    if card["model"]["name"] != "late_fusion":
        return None
    from safetensors import safe_open

    with safe_open(str(folder / "model.safetensors"), framework="np") as file:
        scales = file.get_tensor("scales").astype(np.float64)
    constrained = bool(card["model"].get("constrained", True))
    if constrained:
        raised = np.exp(scales - scales.max(axis=0))
        scales = raised / raised.sum(axis=0)
    members = MODELS[card["model"]["name"]].representations
    return Trust(members, tuple(card["classes"]), scales, constrained)
