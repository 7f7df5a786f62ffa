"""The training loop: early stopping on validation MCC, a checkpoint each epoch, the same numbers from the same seed."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.checks import check, whole
from core.errors import InputError, JobError
from core.jobs import NullReporter, Reporter
from core.training import checkpoint
from core.training.losses import Loss, build_loss
from core.training.metrics import confusion, mcc
from core.training.predict import predict_logits

OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adamax": torch.optim.Adamax,
}
# Factor of the learning rate at a step of `total`.
SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda step, total: 1.0,
    "cosine": lambda step, total: 0.5 * (1 + math.cos(math.pi * min(step / total, 1.0))),
    "noam": lambda step, total: min((step + 1) / max(1, total // 10), math.sqrt(max(1, total // 10) / (step + 1))),
}


@dataclass(frozen=True)
class FitSettings:
    """How to train; the fields of `TrainingSpec` of the same names."""

    loss: dict[str, Any] = field(default_factory=lambda: {"name": "ce"})
    class_weights: str | None = "balanced"
    optimiser: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    batch_size: int = 32
    max_epochs: int = 30
    patience: int = 6
    seed: int = 0


@dataclass(frozen=True)
class FitResult:
    """What training came to; the model holds the weights of `best_epoch` (from 1)."""

    history: list[dict[str, float]]
    best_epoch: int
    best_score: float
    resumed_from: int


Arrays = tuple[np.ndarray, np.ndarray]


def fit(
    model: nn.Module,
    train: Arrays,
    validation: Arrays,
    settings: FitSettings,
    report: Reporter | None = None,
    folder: Path | None = None,
    parameters: Iterable[Any] | None = None,
) -> FitResult:
    """Train a classifier in place and leave it with the weights of its best epoch, in evaluation mode.

    Parameters
    ----------
    model : nn.Module
        ``model(x) -> (batch, n_outputs)`` scores.
    train, validation : (x, y)
        float32 and int64 arrays; the best epoch is chosen on `validation` alone.
    settings : FitSettings
    report : Reporter, optional
        Gets the losses and the MCC of each epoch; `check` is called before every batch.
    folder : Path, optional
        Where to keep the checkpoint. If it holds one of the same settings and data, training goes on from there, and
        ends with the same weights as if it had not been interrupted.
    parameters : iterable, optional
        Parameters or groups for the optimiser; by default all that require a gradient.

    Raises
    ------
    JobCancelled
        If asked to stop; the checkpoint of the last whole epoch is kept.
    JobError
        If the loss becomes NaN.
    InputError
        If a setting is unknown, or batches are of one event.
    """
    check(whole(2), batch_size=settings.batch_size)  # batch norm cannot learn from one sample
    report = report or NullReporter()
    x, y = torch.from_numpy(np.ascontiguousarray(train[0])), torch.from_numpy(np.ascontiguousarray(train[1]))
    n_classes = predict_logits(model, train[0][:1]).shape[1]
    loss, weight = build_loss(**settings.loss), class_weights(train[1], n_classes, settings.class_weights)
    groups = list(parameters) if parameters is not None else [p for p in model.parameters() if p.requires_grad]
    optimiser = _optimiser(groups, settings)
    base_rates = [group["lr"] for group in optimiser.param_groups]
    fingerprint = _fingerprint(settings, train, validation)
    progress, best = checkpoint.Progress(), checkpoint.tensors(model.state_dict())
    if folder is not None and (kept := checkpoint.load(folder, fingerprint, model, optimiser)):
        progress, best = kept
        report.log(f"Resumed after epoch {progress.epoch}.")
    elif folder is not None and (folder / checkpoint.FILE).exists():
        report.log("Events, labels or settings are others than at the last checkpoint: training starts anew.")
    resumed = progress.epoch
    per_epoch = -(-len(x) // settings.batch_size)
    rate = SCHEDULES[settings.schedule]
    while progress.epoch < settings.max_epochs and progress.epoch - progress.best_epoch < settings.patience:
        started = time.perf_counter()
        epoch = progress.epoch
        # Every epoch has random numbers of its own, so that a resumed run draws the same as an uninterrupted one.
        torch.manual_seed(settings.seed * 1_000_003 + epoch)
        order = torch.randperm(len(x))
        model.train()
        total, n_seen = 0.0, 0
        for batch in range(per_epoch):
            report.check()
            rows = order[batch * settings.batch_size : (batch + 1) * settings.batch_size]
            if len(rows) == 1:
                continue  # one left over
            factor = rate(epoch * per_epoch + batch, settings.max_epochs * per_epoch)
            for group, base in zip(optimiser.param_groups, base_rates, strict=True):
                group["lr"] = base * factor
            total += _step(model, optimiser, loss, x[rows], y[rows], weight) * len(rows)
            n_seen += len(rows)
            report.progress(epoch + (batch + 1) / per_epoch, settings.max_epochs, f"epoch {epoch + 1}")
        progress.epoch += 1
        figures = _validate(model, validation, loss, weight) | {"train_loss": total / max(n_seen, 1)}
        better = (figures["validation_mcc"], -figures["validation_loss"]) > (progress.best_score, -progress.best_loss)
        if better:
            best = checkpoint.tensors(model.state_dict())
            progress.best_epoch, progress.best_score = progress.epoch, figures["validation_mcc"]
            progress.best_loss = figures["validation_loss"]
        progress.history.append(figures)
        report.metrics(progress.epoch, **figures, seconds=time.perf_counter() - started)
        if folder is not None:
            checkpoint.save(folder, fingerprint, progress, model, best, optimiser)
    model.load_state_dict(best)
    model.eval()
    report.progress(1, 1, f"best epoch {progress.best_epoch}")
    return FitResult(progress.history, progress.best_epoch, progress.best_score, resumed)


def class_weights(y: np.ndarray, n_classes: int, how: str | None) -> torch.Tensor | None:
    """Return n / (K · n_k) for each of the K classes that occur, 0 for others; None if none are wanted."""
    if how is None:
        return None
    if how != "balanced":
        raise InputError(f"unknown class weights {how!r}", remedy="Use balanced, or none")
    counts = np.bincount(y, minlength=n_classes)
    weights = np.where(counts > 0, len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1)), 0.0)
    return torch.tensor(weights, dtype=torch.float32)


def _optimiser(groups: list[Any], settings: FitSettings) -> torch.optim.Optimizer:
    for name, known in ((settings.optimiser, OPTIMISERS), (settings.schedule, SCHEDULES)):
        if name not in known:
            raise InputError(f"there is no {name!r} to train with", remedy=f"Known: {', '.join(known)}")
    return OPTIMISERS[settings.optimiser](groups, lr=settings.lr, weight_decay=settings.weight_decay)


def _step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    loss: Loss,
    x: torch.Tensor,
    y: torch.Tensor,
    weight: torch.Tensor | None,
) -> float:
    optimiser.zero_grad(set_to_none=True)
    value = loss(model(x), y, weight)
    if not torch.isfinite(value):
        raise JobError(
            "the loss is no longer a number",
            kept="The checkpoint of the last epoch is kept",
            remedy="Lower the learning rate, or scale the windows",
        )
    value.backward()
    optimiser.step()
    return float(value.detach())


def _validate(model: nn.Module, validation: Arrays, loss: Loss, weight: torch.Tensor | None) -> dict[str, float]:
    logits, y = predict_logits(model, validation[0]), validation[1]
    counts = confusion(y, logits.argmax(dim=1).numpy(), logits.shape[1])
    value = float(loss(logits, torch.from_numpy(y), weight))
    return {"validation_loss": value if math.isfinite(value) else 1e9, "validation_mcc": float(mcc(counts))}


def _fingerprint(settings: FitSettings, train: Arrays, validation: Arrays) -> str:
    """Return a hash of settings and data: a checkpoint of others is not resumed."""
    digest = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    for x, y in (train, validation):
        digest.update(np.ascontiguousarray(x).tobytes() + y.tobytes())
    return digest.hexdigest()
