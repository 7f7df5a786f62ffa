"""Where the cells of an experiment are, and which of them are done."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import HitscopeError
from core.jobs import read_json
from core.training.experiment_spec import ExperimentSpec
from core.training.experiment_table import Cell


def cells_so_far(folder: Path, wanted: ExperimentSpec) -> list[dict[str, Any]]:
    """Return a row for each cell of an experiment under way, as its table will have it; ``waiting`` where it is not done.

    Parameters
    ----------
    folder : Path
        Of the experiment.
    wanted : ExperimentSpec
    """
    rows = []
    for variant in wanted.variants:
        for number in range(wanted.splitting.n_folds):
            for seed in wanted.seeds:
                place = place_of(folder, variant, number, seed)
                cell = Cell(variant, number, seed, place, result_of(place))
                waits = {"variant": variant, "fold": number, "seed": seed, "status": "waiting"}
                rows.append(cell.to_json(folder) if cell.result else waits)
    return rows


def slug(variant: str) -> str:
    """Return the name of a variant as a folder has it; two that differ have different ones."""
    plain = re.sub(r"[^\w+-]+", "_", variant)
    return plain if plain == variant else f"{plain}-{hashlib.sha256(variant.encode()).hexdigest()[:6]}"


def place_of(folder: Path, variant: str, fold: int, seed: int) -> Path:
    """Return the folder of a cell of the experiment in `folder`."""
    return folder / "cells" / slug(variant) / f"fold {fold} seed {seed}"


def result_of(folder: Path) -> dict[str, Any]:
    """Return the result of a cell that is done, else an empty one."""
    with suppress(HitscopeError, json.JSONDecodeError):
        result: dict[str, Any] = read_json(folder / "result.json")
        return result
    return {}
