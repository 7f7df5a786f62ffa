"""What an experiment left, or has left so far, read for the window: cells, pooled predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from core.jobs import read_json
from core.study import RunEntry
from core.training import SEARCHED, ExperimentSpec, cells_so_far, read_figures, read_pooled
from desktop.views.train.results import Result
from desktop.views.train.words import tr
from desktop.widgets.parts import NOTHING, number

Row = dict[str, Any]


def rows_of(run: RunEntry) -> list[Row]:
    """Return the cells of an experiment, those to come included (in a task where it is not done)."""
    if run.status == "done":
        return list(run.summary["cells"])
    return cells_so_far(run.folder, ExperimentSpec.from_json(run.params))


def title_of_cell(row: Mapping[str, Any]) -> str:
    """Return what the job calls a cell."""
    return f"{row['variant']}, fold {row['fold'] + 1}, seed {row['seed']}"


def cell_entry(experiment: RunEntry, row: Mapping[str, Any]) -> RunEntry:
    """Return a cell as a run that can be shown (in a task); its parameters are those that it was trained with."""
    folder = experiment.folder / row["folder"]
    params = read_json(folder / "model.json")["training"]
    name = tr("{}, fold {}").format(row["variant"], row["fold"] + 1)
    return RunEntry(
        f"{experiment.id}/{row['folder']}", "training", name, "done", experiment.id, params, row["seed"],
        read_json(folder / "result.json"), experiment.created, folder,
    )  # fmt: skip


def read_pooled_result(run: RunEntry, variant: int) -> Result | None:
    """Read the predictions of a variant over all folds and seeds (in a task); None if it could be trained on no fold."""
    if run.summary["variants"][run.summary["order"][variant]]["pooled"] is None:
        return None
    columns, classes = read_pooled(run.folder, variant), list(run.summary["classes"])
    ids = columns["ids"]
    figures = {"test": read_figures(run.folder)[run.summary["order"][variant]]}
    return Result(
        run, classes, ids, columns["y_true"], columns["probabilities"], np.full(len(ids), "test"),
        columns["subject"].astype(object), figures=figures,
    )  # fmt: skip


def last_training(history: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Return the epochs of the training at work, of those of all trainings one after the other."""
    begin = len(history) - 1
    while begin > 0 and history[begin - 1]["step"] < history[begin]["step"]:
        begin -= 1
    return list(history[max(begin, 0) :])


def validation_means(run: RunEntry) -> dict[str, float]:
    """Return the mean validation MCC of each variant over its cells."""
    scores: dict[str, list[float]] = {}
    for row in run.summary.get("cells", ()):
        if row["status"] == "done":
            scores.setdefault(row["variant"], []).append(row["validation_mcc"])
    return {name: fmean(values) for name, values in scores.items()}


def values_in_words(search: Mapping[str, Any]) -> str:
    """Return what a search chose on a fold, by the names that variants are called by."""
    return ", ".join(f"{name.rpartition('.')[2]} {_value(value)}" for name, value in search["values"].items())


def chosen_in_words(search: Mapping[str, Any]) -> str:
    """Return what a search chose on a fold, and of how many trials."""
    values = ", ".join(f"{_field(name)} {_value(value)}" for name, value in search["values"].items())
    failed = tr(", {} failed").format(number(search["failed"])) if search["failed"] else ""
    mcc = NOTHING if search["validation_mcc"] is None else number(search["validation_mcc"], 2)
    return tr("{} (best of {} trials{}, MCC {})").format(values, number(search["trials"]), failed, mcc)


def _field(name: str) -> str:
    return tr(SEARCHED[name].title).lower() if name in SEARCHED else name


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
