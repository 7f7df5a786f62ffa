"""Training the autoencoder: a checkpoint each epoch, the same numbers from the same seed, interrupted or not."""

from __future__ import annotations

import hashlib
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.checks import check, whole
from core.errors import InputError, JobError
from core.jobs import NullReporter, Reporter
from core.pretraining.autoencoder import Autoencoder, latents
from core.pretraining.encoders import Array, blocks, moments
from core.training import checkpoint

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class AutoencoderSettings:
    """How to train an autoencoder; the options of the objective, see `core.pretraining.OBJECTIVES`."""

    n_latent: int = 32
    epochs: int = 15
    lr: float = 2e-3
    weight_decay: float = 1e-5
    batch_size: int = 64
    validation: float = 0.1
    patience: int = 4
    bounded: bool = False
    initial: str = "default"
    momentum: float = 0.1
    latents: str = "evaluation"
    seed: int = 0


@dataclass(frozen=True)
class FittedAutoencoder:
    """A trained autoencoder.

    Attributes
    ----------
    model : Autoencoder
        With the weights of its best epoch, in evaluation mode.
    offset, scale : float
        Its inputs are ``(x - offset) / scale``.
    history : list of dict
        Losses of each epoch: mean squared errors of standardised values.
    best_epoch : int
        From 1; the last, where no windows decide when to stop.
    rows : (n,) int array
        Rows that were trained on, in increasing order.
    training_latents : (n, n_latent) float32 array
        Their latents when each was last trained on, if the settings ask for them; else empty.
    """

    model: Autoencoder
    offset: float
    scale: float
    history: list[dict[str, float]]
    best_epoch: int
    rows: Rows
    training_latents: Array

    def summary(self) -> dict[str, Any]:
        """Return what a record says of the training."""
        return {
            "history": self.history,
            "train_loss": [epoch["train_loss"] for epoch in self.history],
            "validation_loss": [epoch["validation_loss"] for epoch in self.history if "validation_loss" in epoch],
            "epochs": len(self.history),
            "best_epoch": self.best_epoch,
            "offset": self.offset,
            "scale": self.scale,
            "parameters": sum(p.numel() for p in self.model.parameters()),
        }


def train_autoencoder(
    x: Array, *, report: Reporter | None = None, folder: Path | None = None, **settings: Any
) -> tuple[Array, dict[str, Any]]:
    """Train an autoencoder on arrays; return the latents (N, n_latent) of all inputs and a summary, as `fit_autoencoder`."""
    chosen = AutoencoderSettings(**settings)
    fitted = fit_autoencoder(x, chosen, report=report, folder=folder)
    vectors = latents(fitted.model, x, fitted.offset, fitted.scale)
    if chosen.latents == "training":
        vectors[fitted.rows] = fitted.training_latents
    return vectors, fitted.summary()


def fit_autoencoder(
    x: Array,
    settings: AutoencoderSettings,
    *,
    fit: npt.NDArray[np.bool_] | None = None,
    report: Reporter | None = None,
    folder: Path | None = None,
) -> FittedAutoencoder:
    """Train an autoencoder.

    Parameters
    ----------
    x : (N, …) float32 array
        Windows or images; each batch is standardised by mean and standard deviation of the rows at `fit`, or, for a bounded
        output, scaled from their least and largest value to 0 and 1.
    settings : AutoencoderSettings
    fit : (N,) bool array, optional
        Rows that anything may be learnt from, early stopping and standardisation included; by default all.
    report : Reporter, optional
        Gets ``train_loss`` and ``validation_loss`` of each epoch; `check` is called before every batch.
    folder : Path, optional
        Where to keep the checkpoint; one of the same settings and data is gone on from, to the same weights.

    Raises
    ------
    InputError
        If there are fewer than ten inputs, all are the same, some hold NaN, or batches are of one.
    JobError
        If the loss was never a number.
    JobCancelled
        If asked to stop; the checkpoint of the last whole epoch is kept.
    """
    report = report or NullReporter()
    fit = np.ones(len(x), bool) if fit is None else fit
    _check(x, fit, settings.batch_size)
    offset, scale = _standardisation(x, fit, settings.bounded)
    torch.manual_seed(settings.seed)
    model = Autoencoder(x.shape[1:], settings.n_latent, settings.bounded, settings.initial, settings.momentum)
    validation, rows = _sides(fit, settings)
    trainer = _Trainer(x, rows, validation, offset, scale, model, settings, report)
    trainer.run(folder)
    return FittedAutoencoder(
        model, offset, scale, trainer.progress.history, trainer.progress.best_epoch, rows, trainer.training_latents
    )


class _Trainer:
    """The state of one training."""

    def __init__(
        self,
        x: Array,
        rows: Rows,
        validation: Rows,
        offset: float,
        scale: float,
        model: Autoencoder,
        settings: AutoencoderSettings,
        report: Reporter,
    ) -> None:
        self.x, self.rows, self.validation, self.offset, self.scale = x, rows, validation, offset, scale
        self.model, self.settings, self.report = model, settings, report
        self.optimiser = torch.optim.Adamax(model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
        self.progress, self.best = checkpoint.Progress(), checkpoint.tensors(model.state_dict())
        self.training_latents: Array = np.empty((0, settings.n_latent), np.float32)

    def run(self, folder: Path | None) -> None:
        """Train until it is done, and leave the model with its best weights."""
        fingerprint = ""
        if folder is not None:
            fingerprint = _fingerprint(self.x, self.rows, self.validation, self.settings)
            self._resume(folder, fingerprint)
        state = self.progress
        while state.epoch < self.settings.epochs and state.epoch - state.best_epoch < self.settings.patience:
            self._epoch()
            # Latents taken while training are in no checkpoint: a resumed run has to do the last epoch again.
            last = state.epoch == self.settings.epochs and self.settings.latents == "training"
            if folder is not None and not last:
                checkpoint.save(folder, fingerprint, state, self.model, self.best, self.optimiser)
        if not state.best_epoch:
            raise JobError("the loss of the autoencoder was never a number", remedy="Lower the learning rate")
        self.model.load_state_dict(self.best)
        self.model.eval()

    def _resume(self, folder: Path, fingerprint: str) -> None:
        if kept := checkpoint.load(folder, fingerprint, self.model, self.optimiser):
            self.progress, self.best = kept
            self.report.log(f"Resumed after epoch {self.progress.epoch}.")
        elif (folder / checkpoint.FILE).exists():
            self.report.log("Events or settings are others than at the last checkpoint: training starts anew.")

    def _epoch(self) -> None:
        state, started = self.progress, time.perf_counter()
        # Every epoch has random numbers of its own, so that a resumed run draws the same as an uninterrupted one.
        torch.manual_seed(self.settings.seed * 1_000_003 + state.epoch)
        figures = {"train_loss": self._train()}
        if len(self.validation):
            figures["validation_loss"] = self._validate()
        state.epoch += 1
        loss = figures.get("validation_loss", figures["train_loss"])
        # Where nothing is held out, there is no telling which epoch is best: the last is taken.
        if math.isfinite(loss) and (loss < state.best_loss or not len(self.validation)):
            self.best = checkpoint.tensors(self.model.state_dict())
            state.best_epoch, state.best_loss = state.epoch, loss
        finite = {name: value if math.isfinite(value) else 1e9 for name, value in figures.items()}
        state.history.append(finite)
        self.report.metrics(state.epoch, **finite, seconds=time.perf_counter() - started)

    def _train(self) -> float:
        """Go once through the windows and return the mean loss."""
        self.model.train()
        keep = self.settings.latents == "training" and self.progress.epoch + 1 == self.settings.epochs
        if keep:
            self.training_latents = latents(self.model, self.x[self.rows], self.offset, self.scale)
            self.model.train()
        total, n_seen = 0.0, 0
        order = torch.randperm(len(self.rows)).numpy()
        for batch in blocks(len(order), self.settings.batch_size):
            self.report.check()
            taken = order[batch]
            if len(taken) > 1:  # batch norm cannot learn from one left over
                loss, latent = self._step(self._batch(self.rows[taken]))
                total, n_seen = total + loss * len(taken), n_seen + len(taken)
                if keep:
                    self.training_latents[taken] = latent.detach().numpy()
            done = self.progress.epoch + min(batch.stop, len(order)) / len(order)
            self.report.progress(done, self.settings.epochs, f"epoch {self.progress.epoch + 1}")
        return total / max(n_seen, 1)

    def _step(self, x: torch.Tensor) -> tuple[float, torch.Tensor]:
        self.optimiser.zero_grad(set_to_none=True)
        latent = self.model.embed(x)
        loss = nn.functional.mse_loss(self.model.decode(latent), x)
        loss.backward()
        self.optimiser.step()
        return float(loss.detach()), latent

    def _validate(self) -> float:
        self.model.eval()
        total = 0.0
        with torch.inference_mode():
            for block in blocks(len(self.validation), 256):
                x = self._batch(self.validation[block])
                total += float(nn.functional.mse_loss(self.model(x), x)) * len(x)
        return total / len(self.validation)

    def _batch(self, rows: Rows) -> torch.Tensor:
        return torch.from_numpy((self.x[rows] - self.offset) / self.scale)


def _sides(fit: npt.NDArray[np.bool_], settings: AutoencoderSettings) -> tuple[Rows, Rows]:
    """Return the rows that decide when to stop and those to train on, drawn by the seed."""
    shuffled = np.random.default_rng(settings.seed).permutation(np.flatnonzero(fit))
    n = max(1, round(settings.validation * len(shuffled))) if settings.validation else 0
    return np.sort(shuffled[:n]), np.sort(shuffled[n:])


def _standardisation(x: Array, fit: npt.NDArray[np.bool_], bounded: bool) -> tuple[float, float]:
    if bounded:
        low = float(x.min(initial=np.inf, where=fit.reshape(-1, *[1] * (x.ndim - 1))))
        return low, float(x.max(initial=-np.inf, where=fit.reshape(-1, *[1] * (x.ndim - 1)))) - low
    mean, spread = moments(x, fit, axes=tuple(range(x.ndim)))
    return float(mean.item()), float(spread.item())


def _check(x: Array, fit: npt.NDArray[np.bool_], batch_size: int) -> None:
    check(whole(2), batch_size=batch_size)
    first = x[np.argmax(fit)] if len(x) else x
    wrong = {
        f"{int(fit.sum())} windows are too few": fit.sum() < 10,
        "windows with missing samples (NaN) are nothing": not all(np.isfinite(x[b]).all() for b in blocks(len(x))),
        "windows that are all the same are nothing": bool(fit.any())
        and all((x[b][fit[b]] == first.flat[0]).all() for b in blocks(len(x))),
    }
    for what, is_so in wrong.items():
        if is_so:
            raise InputError(
                f"{what} to learn features from", remedy="Choose more events, another window or batch_size"
            )


def _fingerprint(x: Array, rows: Rows, validation: Rows, settings: AutoencoderSettings) -> str:
    """Return a hash of settings and data: a checkpoint of others is not resumed."""
    digest = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    for array in (rows, validation):
        digest.update(array.tobytes())
    for block in blocks(len(x)):
        digest.update(np.ascontiguousarray(x[block]).tobytes())
    return digest.hexdigest()
