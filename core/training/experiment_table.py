"""What an experiment came to: a table of cells, figures of variants over folds and seeds, differences between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.jobs import replacing
from core.training.metrics import figures, without_drawings, write_figures
from core.training.metrics_compare import compare, corrected_t_test, holm

FIGURES = ("mcc", "balanced_accuracy", "accuracy", "macro_f1")
Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Cell:
    """One training of an experiment.

    Attributes
    ----------
    variant : str
    fold, seed : int
    folder : Path or None
        None where it failed.
    result : dict
        As `core.training.run_training` returns.
    why : str
        It failed.
    """

    variant: str
    fold: int
    seed: int
    folder: Path | None = None
    result: dict[str, Any] = field(default_factory=dict)
    why: str = ""

    def figure(self, name: str) -> float | None:
        """Return a test figure; None where it failed, or where the test side holds one class only."""
        test = self.result.get("metrics", {}).get("test")
        if test is None or sum(entry["n"] > 0 for entry in test["per_class"].values()) < 2:
            return None
        value: float | None = test[name]
        return value

    def predictions(self) -> Columns:
        """Return ``ids``, ``y_true``, ``probabilities`` and ``subject`` of its test events, with ``fold`` and ``seed``."""
        assert self.folder is not None
        with (self.folder / "predictions.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            rows = stored["split"] == "test"
            columns = {name: stored[name][rows] for name in ("ids", "y_true", "probabilities", "subject")}
        n = len(columns["ids"])
        return {**columns, "fold": np.full(n, self.fold), "seed": np.full(n, self.seed)}

    def to_json(self, root: Path) -> dict[str, Any]:
        """Return the row of the table."""
        told = {"variant": self.variant, "fold": self.fold, "seed": self.seed}
        if self.folder is None:
            return {**told, "status": "failed", "why": self.why}
        test = self.result["metrics"]["test"]
        return {
            **told,
            "status": "done",
            "folder": self.folder.relative_to(root).as_posix(),
            "n_train": self.result["split"]["train"],
            "n_test": test["n"],
            **{name: self.figure(name) for name in FIGURES},
            "mcc_interval": test["mcc_interval"] if self.figure("mcc") is not None else None,
            "validation_mcc": self.result["metrics"]["validation"]["mcc"],
            "best_epoch": self.result["best_epoch"],
            "epochs": self.result["epochs"],
            "seconds": self.result["seconds"],
        }


def tabulate(root: Path, cells: Sequence[Cell], variants: Sequence[str], seed: int) -> dict[str, Any]:
    """Return the figures of all variants, and write their pooled predictions and what is to be drawn of them.

    Predictions of test events are pooled over folds and seeds, so that each event is predicted by models that did not see its
    subject; all predictions of an event, or of a subject, are drawn together in the bootstrap.

    Parameters
    ----------
    root : Path
        Folder of the experiment: ``pooled.npz`` (by variant ``NUMBER/ids``, ``…/y_true``, ``…/probabilities``, ``…/subject``,
        ``…/fold``, ``…/seed``) and ``figures.json`` (by variant as `figures`) are written there.
    cells : sequence of Cell
    variants : sequence of str
        The first is what the others are compared with.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``cells``: a row for each, with ``status`` ``done`` or ``failed``. ``variants``: by name ``n_cells``, ``folds`` (for
        ``mcc``, ``balanced_accuracy``, ``accuracy`` and ``macro_f1`` over cells ``n``, ``mean``, ``std``, ``interval``, corrected
        for overlapping training sides), ``pooled`` (as `evaluate`, with areas and calibration) and ``parameters``.
        ``order``: their names, the first first.
        ``differences``: of each pair ``variant``, ``against``, ``pooled`` (`compare`: variant minus against), ``folds``
        (`corrected_t_test` of MCC), and ``p_holm`` of both, corrected for the number of pairs.
    """
    done = {name: [cell for cell in cells if cell.variant == name and cell.folder] for name in variants}
    pooled = {name: _pooled(own) for name, own in done.items() if own}
    classes = next(cell.result for own in done.values() for cell in own)["metrics"]["test"]["classes"]
    drawn = {name: _figures(columns, classes, seed) for name, columns in pooled.items()}
    write_figures(root, drawn)
    with replacing(root / "pooled.npz") as file:
        arrays = {f"{variants.index(v)}/{name}": a for v, columns in pooled.items() for name, a in columns.items()}
        np.savez(file, **arrays)  # type: ignore[arg-type]
    of_variants = {
        name: {
            "n_cells": len(own),
            "folds": {figure: _over_cells(own, figure) for figure in FIGURES},
            "pooled": without_drawings(drawn[name]) if name in drawn else None,
            "parameters": own[0].result["parameters"] if own else None,
        }
        for name, own in done.items()
    }
    return {
        "cells": [cell.to_json(root) for cell in cells],
        "variants": of_variants,
        "order": list(variants),
        "classes": classes,
        "differences": _differences(pooled, done, seed),
    }


def read_pooled(root: Path, variant: int) -> Columns:
    """Return the pooled predictions of a variant, by its number.

    Returns
    -------
    dict
        ``ids``, ``y_true`` and ``fold``, ``seed`` (n,) int64; ``probabilities`` (n, K); ``subject`` (n,) str.
    """
    with (root / "pooled.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
        return {name.partition("/")[2]: stored[name] for name in stored.files if name.startswith(f"{variant}/")}


def _pooled(cells: Sequence[Cell]) -> Columns:
    parts = [cell.predictions() for cell in cells]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _figures(columns: Mapping[str, Any], classes: list[str], seed: int) -> dict[str, Any]:
    return figures(
        columns["y_true"], columns["probabilities"], classes, columns["subject"], seed, events=columns["ids"]
    )


def _over_cells(cells: Sequence[Cell], figure: str) -> dict[str, Any]:
    """Return mean and spread of a figure over folds and seeds."""
    values = [(value, cell) for cell in cells if (value := cell.figure(figure)) is not None]
    if not values:
        return {"n": 0, "mean": None, "std": None, "interval": None}
    told = corrected_t_test([value for value, _ in values], *_sizes([cell for _, cell in values]))
    return {name: told[name] for name in ("n", "mean", "std", "interval")}


def _sizes(cells: Sequence[Cell]) -> tuple[float, float]:
    """Return the mean numbers of training and test events."""
    splits = [cell.result["split"] for cell in cells]
    return float(np.mean([s["train"] for s in splits])), float(np.mean([s["test"] for s in splits]))


def _differences(pooled: Mapping[str, Columns], done: Mapping[str, Sequence[Cell]], seed: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one, other in combinations(pooled, 2):
        rows = _same(pooled[one], pooled[other])
        if not len(rows[0]):
            continue
        a, b = (
            {name: column[at] for name, column in pooled[v].items()} for v, at in zip((one, other), rows, strict=True)
        )
        told = compare(a["y_true"], a["probabilities"], b["probabilities"], a["subject"], seed, events=a["ids"])
        found.append({"variant": other, "against": one, "pooled": told, "folds": _over_folds(done[one], done[other])})
    for key in ("pooled", "folds"):
        corrected = holm([None if entry[key] is None else entry[key]["p"] for entry in found])
        for entry, p in zip(found, corrected, strict=True):
            if entry[key] is not None:
                entry[key]["p_holm"] = p
    return found


def _same(one: Columns, other: Columns) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the rows of the same event, fold and seed."""
    keys = [np.column_stack([part["ids"], part["fold"], part["seed"]]) for part in (one, other)]
    number = np.unique(np.concatenate(keys), axis=0, return_inverse=True)[1].ravel()
    n = len(keys[0])
    _, a, b = np.intersect1d(number[:n], number[n:], assume_unique=True, return_indices=True)
    return a, b


def _over_folds(one: Sequence[Cell], other: Sequence[Cell]) -> dict[str, Any] | None:
    """Return the corrected resampled t-test of MCC over the folds and seeds that both have; None if there is none."""
    of = {(cell.fold, cell.seed): cell.figure("mcc") for cell in one}
    both = [
        (value - before, cell)
        for cell in other
        if (value := cell.figure("mcc")) is not None and (before := of.get((cell.fold, cell.seed))) is not None
    ]
    if not both:
        return None
    return corrected_t_test([d for d, _ in both], *_sizes([cell for _, cell in both]))
