"""Compression runs: fine-tune a trained model with ternary weights and compare it with full precision."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from core.compression.accounting import account
from core.compression.layers import bake, compress, parametrised
from core.compression.spec import CompressionSpec
from core.errors import InputError
from core.jobs import JobSpec, Reporter, write_json
from core.study import Study
from core.training import (
    Dataset,
    FitSettings,
    Split,
    TrainedRun,
    TrainingSpec,
    evaluate,
    fit,
    load_dataset,
    load_run,
    paired_difference,
    predict_probabilities,
    provenance,
    take,
    write_run,
)


def run_compression(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Compress a trained run (job kind ``compression``); its parameters are the fields of `CompressionSpec`.

    The split, the loss, the classes and the representation are those of the training run; the compressed weights are chosen
    on its validation events and compared on its test events.
    """
    wanted, started = CompressionSpec.from_json(spec.params), time.perf_counter()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    with Study.open(spec.study or "", readonly=True) as study:
        trained = study.run(wanted.run)
        if trained.kind != "training":
            raise InputError(
                f"a {trained.kind} run cannot be compressed", subject=wanted.run, remedy="Choose a training run"
            )
        parent = load_run(trained.folder)
        # What the training run left open was settled when it ran: labels added since must not unsettle it.
        training = replace(parent.spec, classes=parent.classes, window=parent.window.to_json())
        study.annotator = training.annotator or study.annotator
        _refuse_several(parent)
        dataset = load_dataset(study, training, report)
    split = _same_split(parent, dataset)
    torch.manual_seed(spec.seed)
    model = compress(parent.model, wanted.scheme, wanted.layers, **wanted.scheme_params)
    settings = _settings(wanted, training, spec.seed)
    sides = [(take(dataset.x, rows), dataset.y[rows]) for rows in (split.train, split.validation)]
    fitted = fit(model, sides[0], sides[1], settings, report, spec.folder, _groups(model, settings.lr))
    baked = bake(model)
    figures = write_run(spec.folder, model, training, dataset, split)
    comparison = _compare(parent.model, model, dataset, split)
    example = torch.from_numpy(dataset.x[0][:1])
    accounts = {method: account(parent.model, model, example, method).to_json() for method in ("operations", "talk")}
    detail = {
        "scheme": wanted.scheme,
        "layers": [layer.to_json() for layer in baked],
        "accounts": accounts,
        **comparison,
    }
    write_json(spec.folder / "compression.json", detail)
    return {
        "metrics": figures,
        "full": comparison["full"],
        "delta_mcc": comparison["delta_mcc"],
        "delta_mcc_interval": comparison["delta_mcc_interval"],
        "n_disagreements": len(comparison["disagreements"]),
        "sparsity": accounts["operations"]["sparsity"],
        "account": accounts["operations"],
        "scheme": wanted.scheme,
        "parent": wanted.run,
        "history": fitted.history,
        "best_epoch": fitted.best_epoch,
        "seconds": time.perf_counter() - started,
        **provenance(dataset, split, spec.seed),
    }


def _refuse_several(parent: TrainedRun) -> None:
    """Refuse a model of several views: its layers and its cost are counted for one input."""
    if len(parent.representations) > 1:
        raise InputError(
            "a model of several representations cannot be compressed yet",
            subject=parent.folder.name,
            remedy="Compress one of cnn2d or cnn_transformer",
        )


def _settings(wanted: CompressionSpec, training: TrainingSpec, seed: int) -> FitSettings:
    return FitSettings(
        loss=training.loss,
        class_weights=training.class_weights,
        optimiser=wanted.optimiser,
        lr=wanted.lr,
        batch_size=wanted.batch_size or training.batch_size,
        max_epochs=wanted.epochs,
        patience=wanted.patience or training.patience,
        seed=seed,
    )


def _groups(model: torch.nn.Module, lr: float) -> list[dict[str, Any]]:
    """Return parameter groups: scales and thresholds move slower than weights."""
    of_schemes = {id(p) for _, _, _, scheme in parametrised(model) for p in scheme.parameters()}
    every = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in every if id(p) not in of_schemes]},
        {"params": [p for p in every if id(p) in of_schemes], "lr": lr * 0.1},
    ]


def _same_split(parent: TrainedRun, dataset: Dataset) -> Split:
    """Return the rows of the parent's split; events labelled since are in none of its sides.

    Raises
    ------
    InputError
        If too few of its events are still labelled.
    """
    stored = parent.splits
    train, validation, test = (np.isin(dataset.ids, stored[side]) for side in ("train", "validation", "test"))
    train &= ~np.isin(dataset.origin, dataset.ids[validation | test])  # relabelled from an event that scores
    sides = (train, validation & dataset.scored, test & dataset.scored)
    rows = [np.flatnonzero(side) for side in sides]
    split = Split(rows[0], rows[1], rows[2], stored["unit"], tuple(stored["warnings"]))
    lost = {side: len(stored[side]) - len(getattr(split, side)) for side in ("train", "validation", "test")}
    if unlearnt := [name for number, name in enumerate(parent.classes) if not (dataset.y[split.train] == number).any()]:
        raise InputError(
            f"none of the events that the model learnt {', '.join(unlearnt)} from is still labelled so",
            subject=parent.folder.name,
            remedy="Train the model again, then compress it",
        )
    if any(len(np.unique(dataset.y[getattr(split, side)])) < 2 for side in lost):
        raise InputError(
            "too few of the events that the model was trained and tested on are still labelled",
            subject=parent.folder.name,
            remedy="Train the model again, then compress it",
        )
    if any(lost.values()):
        gone = ", ".join(f"{n} of {side}" for side, n in lost.items() if n)
        note = f"Events of the training run that are no longer there or no longer labelled: {gone}."
        split = replace(split, warnings=(*split.warnings, note))
    return split


def _compare(full: torch.nn.Module, compressed: torch.nn.Module, dataset: Dataset, split: Split) -> dict[str, Any]:
    rows = split.test
    before, after = (predict_probabilities(model, take(dataset.x, rows)) for model in (full, compressed))
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
