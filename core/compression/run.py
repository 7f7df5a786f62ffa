"""Compression runs: fine-tune a trained model with ternary weights and compare it with full precision."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from core.compression.accounting import account
from core.compression.layers import bake, compress, parametrised
from core.jobs import JobSpec, Reporter, write_json
from core.study import Study
from core.training import (
    FitSettings,
    Split,
    evaluate,
    fit,
    load_dataset,
    load_run,
    paired_difference,
    predict_probabilities,
    write_run,
)


def run_compression(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Compress a trained run (job kind ``compression``).

    Its parameters: ``run`` (id of the training run), ``scheme``, ``scheme_params``, ``layers``, ``epochs``, ``lr``,
    ``batch_size``, ``patience``, ``threads``. The split, the loss and the representation are those of the training run; the
    compressed weights are chosen on its validation events and compared on its test events.
    """
    params, started = spec.params, time.perf_counter()
    if params.get("threads"):
        torch.set_num_threads(int(params["threads"]))
    with Study.open(spec.study or "", readonly=True) as study:
        parent = load_run(study.run(params["run"]).folder)
        dataset = load_dataset(study, parent.spec, report)
    split = _same_split(parent.splits, dataset.ids)
    scheme, layers = params.get("scheme", "pttq"), params.get("layers", "paper")
    torch.manual_seed(spec.seed)
    model = compress(parent.model, scheme, layers, **params.get("scheme_params", {}))
    settings = FitSettings(
        loss=parent.spec.loss,
        class_weights=parent.spec.class_weights,
        optimiser=params.get("optimiser", "adam"),
        lr=params.get("lr", 1e-3),
        batch_size=params.get("batch_size", parent.spec.batch_size),
        max_epochs=params.get("epochs", 10),
        patience=params.get("patience", parent.spec.patience),
        seed=spec.seed,
    )
    sides = [(dataset.x[rows], dataset.y[rows]) for rows in (split.train, split.validation)]
    fitted = fit(model, sides[0], sides[1], settings, report, spec.folder, _groups(model, settings.lr))
    baked = bake(model)
    figures = write_run(spec.folder, model, parent.spec, dataset, split)
    comparison = _compare(parent.model, model, dataset, split)
    example = torch.from_numpy(dataset.x[:1])
    accounts = {method: account(parent.model, model, example, method).to_json() for method in ("operations", "talk")}
    detail = {"scheme": scheme, "layers": [layer.to_json() for layer in baked], "accounts": accounts, **comparison}
    write_json(spec.folder / "compression.json", detail)
    return {
        "metrics": figures,
        "full": comparison["full"],
        "delta_mcc": comparison["delta_mcc"],
        "delta_mcc_interval": comparison["delta_mcc_interval"],
        "n_disagreements": len(comparison["disagreements"]),
        "sparsity": accounts["operations"]["sparsity"],
        "account": accounts["operations"],
        "scheme": scheme,
        "history": fitted.history,
        "best_epoch": fitted.best_epoch,
        "warnings": list(split.warnings),
        "seconds": time.perf_counter() - started,
        "seed": spec.seed,
    }


def _groups(model: torch.nn.Module, lr: float) -> list[dict[str, Any]]:
    """Return parameter groups: scales and thresholds move slower than weights."""
    of_schemes = {id(p) for _, _, _, scheme in parametrised(model) for p in scheme.parameters()}
    every = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in every if id(p) not in of_schemes]},
        {"params": [p for p in every if id(p) in of_schemes], "lr": lr * 0.1},
    ]


def _same_split(stored: dict[str, Any], ids: np.ndarray) -> Split:
    """Return the rows of the parent's split; events labelled since are in none of its sides."""
    train, validation, test = (np.flatnonzero(np.isin(ids, stored[name])) for name in ("train", "validation", "test"))
    return Split(train, validation, test, stored["unit"], tuple(stored["warnings"]))


def _compare(full: torch.nn.Module, compressed: torch.nn.Module, dataset: Any, split: Split) -> dict[str, Any]:
    rows = split.test
    before, after = (predict_probabilities(model, dataset.x[rows]) for model in (full, compressed))
    delta, interval = paired_difference(dataset.y[rows], before, after, dataset.subject[rows])
    differ = before.argmax(axis=1) != after.argmax(axis=1)
    disagreements = [
        {
            "event": int(event),
            "true": dataset.classes[true],
            "full": dataset.classes[a],
            "compressed": dataset.classes[b],
        }
        for event, true, a, b in zip(
            dataset.ids[rows][differ],
            dataset.y[rows][differ],
            before.argmax(axis=1)[differ],
            after.argmax(axis=1)[differ],
            strict=True,
        )
    ]
    return {
        "full": evaluate(dataset.y[rows], before, dataset.classes, dataset.subject[rows]),
        "delta_mcc": delta,
        "delta_mcc_interval": interval,
        "disagreements": disagreements,
    }
