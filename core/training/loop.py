"""The training loop: early stopping on validation MCC, a checkpoint each epoch, the same numbers from the same seed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from core.jobs import NullReporter, Reporter
from core.training import checkpoint
from core.training.checkpoint import Progress, State
from core.training.device import engine_for
from core.training.epochs import Epochs
from core.training.learner import CENTRES, restore, state_of
from core.training.pairs import Pairs
from core.training.predict import predict_logits
from core.training.settings import FitSettings
from core.training.side import Array, X, make_side, take, views_of
from core.training.stages import Stage, plan
from core.training.stopping import is_over, next_stage, note

Arrays = tuple[X, Array]


@dataclass(frozen=True)
class FitResult:
    """What training came to.

    Attributes
    ----------
    history : list of dict
        Figures of each epoch, with the number of its ``stage`` where there are several.
    best_epoch, best_score : int, float
        The epoch, from 1, whose weights the model holds, and its validation MCC; of the last stage.
    resumed_from : int
        Epochs that an earlier call had done.
    stages : list of dict
        ``name``, ``epochs``, ``best_epoch``, ``best_score`` of each stage.
    centres : (n_clusters, d) float32 array or None
        Of the clusters at the best epoch, where they guided it.
    """

    history: list[dict[str, float]]
    best_epoch: int
    best_score: float
    resumed_from: int
    stages: list[dict[str, Any]] = field(default_factory=list)
    centres: npt.NDArray[np.float32] | None = None


def fit(
    model: nn.Module,
    train: Arrays,
    validation: Arrays,
    settings: FitSettings,
    report: Reporter | None = None,
    folder: Path | None = None,
    parameters: Iterable[Any] | None = None,
    pairs: Pairs | None = None,
) -> FitResult:
    """Train a classifier in place and leave it on the processor, with the weights of its best epoch, in evaluation mode.

    Parameters
    ----------
    model : nn.Module
        ``model(*views) -> (batch, n_outputs)`` scores; ``model.parts(*views)`` where it is to be guided; ``model.members``
        where its members are trained first (`core.training.stages`).
    train, validation : (x, y)
        x is a tuple of float32 arrays, one for each view, or one array; y class numbers (n,) int64, or shares of classes
        (n, n_outputs). The best epoch is chosen on `validation` alone.
    settings : FitSettings
    report : Reporter, optional
        Gets the losses and the MCC of each epoch; `check` is called before every batch.
    folder : Path, optional
        Where to keep the checkpoint. If it holds one of the same settings and data, training goes on from there, and
        ends with the same weights as if it had not been interrupted.
    parameters : iterable, optional
        Parameters or groups for the optimiser; by default all that require a gradient. With them there is one stage.
    pairs : Pairs, optional
        Of rows of `train`, for ``settings.links``.

    Raises
    ------
    JobCancelled
        If asked to stop; the checkpoint of the last whole epoch is kept.
    JobError
        If the loss becomes NaN.
    InputError
        If a setting is unknown or does not fit the model, batches are of one event, or a side is empty or of one class.
    """
    training = _Training(model, train, validation, settings, report or NullReporter(), folder, pairs)
    wanted = {p: p.requires_grad for p in model.parameters()}
    try:
        return training.run(plan(model, settings, len(views_of(train[0])), parameters))
    finally:
        for parameter, was in wanted.items():
            parameter.requires_grad_(was)
        model.cpu()


class _Training:
    """Stages of a model, one after the other, from wherever a checkpoint left them."""

    def __init__(
        self,
        model: nn.Module,
        train: Arrays,
        validation: Arrays,
        settings: FitSettings,
        report: Reporter,
        folder: Path | None,
        pairs: Pairs | None,
    ) -> None:
        self.model, self.report, self.folder, self.pairs = model, report, folder, pairs
        self.engine = engine_for(settings.device, settings.precision, report)
        n_classes = predict_logits(model, take(views_of(train[0]), np.arange(1))).shape[1]
        self.train = make_side("training", *train, n_classes, self.engine.device)
        self.validation = make_side("validation", *validation, n_classes, self.engine.device)
        self.fingerprint = _fingerprint(settings, train, validation, pairs) if folder is not None else ""
        self.progress, self.best = Progress(), State()
        self.kept = checkpoint.read(folder, self.fingerprint) if folder is not None else None
        if self.kept is not None:
            self.progress, self.best = self.kept.progress, self.kept.best
            report.log(f"Resumed after epoch {self.progress.epoch}.")
        elif folder is not None and (folder / checkpoint.FILE).exists():
            report.log("Events, labels or settings are others than at the last checkpoint: training starts anew.")

    def run(self, stages: list[Stage]) -> FitResult:
        """Train the stages that are left; return what came of all."""
        self.model.to(self.engine.device)
        resumed, progress = self.progress.epoch, self.progress
        while progress.stage < len(stages):
            self._train(stages, progress.stage)
            if progress.stage + 1 == len(stages):
                break
            next_stage(progress)
        self.report.progress(1, 1, f"best epoch {progress.best_epoch}")
        self.model.eval()
        centres = self.best.get(CENTRES)
        return FitResult(
            progress.history,
            progress.best_epoch,
            progress.best_score,
            resumed,
            progress.stages,
            None if centres is None else centres.cpu().numpy(),
        )

    def _train(self, stages: list[Stage], number: int) -> None:
        """Train one stage to its end and leave the model with its best weights."""
        stage, progress, settings = stages[number], self.progress, stages[number].settings
        for module in stage.frozen:
            module.requires_grad_(False)
        before = sum(s.settings.max_epochs for s in stages[:number])
        span = before, sum(s.settings.max_epochs for s in stages)
        learnt_from, pairs = (self.validation, None) if stage.held_out else (self.train, self.pairs)
        sides = learnt_from.of_views(stage.views), self.validation.of_views(stage.views)
        epochs = Epochs(stage, *sides, pairs, self.engine, self.report, span)
        if self.kept is not None:
            restore(self.model, epochs.learner, self.kept.model)
            epochs.resume(self.kept.optimiser)
            self.kept = None
        else:
            self.best = state_of(self.model, epochs.learner)
        while not is_over(progress, settings.max_epochs, settings.patience, epochs.clusters_from):
            self._epoch(epochs, {"stage": float(number)} if len(stages) > 1 else {})
        restore(self.model, epochs.learner, self.best)
        progress.stages.append(
            {
                "name": stage.name,
                "epochs": progress.epoch - progress.first_epoch,
                "best_epoch": progress.best_epoch,
                "best_score": progress.best_score,
            }
        )

    def _epoch(self, epochs: Epochs, also: dict[str, float]) -> None:
        started, progress = time.perf_counter(), self.progress
        trained = epochs.train(progress)
        rate = epochs.optimiser.param_groups[0]["lr"]
        figures = self.engine.agree(epochs.validate() | trained | {"lr": rate} | also)
        if note(progress, figures):
            self.best = state_of(self.model, epochs.learner)
        if self.engine.main:
            self.report.metrics(progress.epoch, **figures, seconds=time.perf_counter() - started)
            if self.folder is not None:
                state = state_of(self.model, epochs.learner)
                checkpoint.save(self.folder, self.fingerprint, progress, state, self.best, epochs.optimiser)
        self.engine.wait()


def _fingerprint(settings: FitSettings, train: Arrays, validation: Arrays, pairs: Pairs | None) -> str:
    """Return a hash of settings and data: a checkpoint of others is not resumed; one of another device is."""
    told = {name: value for name, value in asdict(settings).items() if name != "device"}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for x, y in (train, validation):
        for array in (*views_of(x), y):
            digest.update(np.ascontiguousarray(array).tobytes())
    if pairs is not None:
        digest.update(pairs.rows.tobytes() + pairs.must.tobytes())
    return digest.hexdigest()
