"""The convolutional autoencoder: features of windows learnt without labels."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.errors import InputError, JobError
from core.jobs import NullReporter, Reporter

WIDTHS = (16, 32, 64)


class Autoencoder(nn.Module):
    """Three strided blocks to a latent vector and back (reference specification 1.5), for signals and for images.

    Parameters
    ----------
    shape : tuple of int
        Of one input: (n_chans, n_times) or (n_chans, n_freqs, n_frames), at least 8 along each axis.
    n_latent : int
    bounded : bool
        End with a sigmoid, as published for pictures in [0, 1]. Signals are standardised and have no bounds, so by
        default the output is linear.
    """

    def __init__(self, shape: tuple[int, ...], n_latent: int = 32, bounded: bool = False) -> None:
        super().__init__()
        n_chans, *size = shape
        if min(size) < 8:
            raise InputError(
                f"windows of {' × '.join(map(str, size))} are too small to encode",
                remedy="Take at least 8 along each axis",
            )
        self.size = tuple(size)
        conv, norm, back = _layers(len(size))
        widths = (n_chans, *WIDTHS)
        self.encoder = nn.Sequential(*(_down(conv, norm, a, b) for a, b in pairwise(widths)), nn.Flatten())
        small = tuple(math.ceil(n / 8) for n in size)
        self.to_latent = nn.Linear(WIDTHS[-1] * math.prod(small), n_latent)
        self.from_latent = nn.Linear(n_latent, WIDTHS[-1] * math.prod(small))
        ups = [_up(back, norm, a, b, last=b == n_chans) for a, b in pairwise(widths[::-1])]
        self.decoder = nn.Sequential(nn.Unflatten(1, (WIDTHS[-1], *small)), *ups)
        self.output = nn.Sigmoid() if bounded else nn.Identity()

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return the latent vectors (batch, n_latent)."""
        return nn.functional.leaky_relu(self.to_latent(self.encoder(x)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the reconstruction, of the shape of `x`."""
        decoded = self.decoder(self.from_latent(self.embed(x)))
        out: torch.Tensor = self.output(nn.functional.interpolate(decoded, size=self.size, mode="nearest"))
        return out


def _layers(n_axes: int) -> tuple[Any, Any, Any]:
    if n_axes == 1:
        return nn.Conv1d, nn.BatchNorm1d, nn.ConvTranspose1d
    return nn.Conv2d, nn.BatchNorm2d, nn.ConvTranspose2d


def _down(conv: Any, norm: Any, n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        conv(n_in, n_out, 3, stride=2, padding=1),
        norm(n_out, eps=1e-3, momentum=0.01),
        nn.LeakyReLU(),
        conv(n_out, n_out, 3, padding=1),
        norm(n_out, eps=1e-3, momentum=0.01),
        nn.LeakyReLU(),
    )


def _up(back: Any, norm: Any, n_in: int, n_out: int, *, last: bool) -> nn.Sequential:
    layers = [
        back(n_in, n_out, 2, stride=2),
        norm(n_out, eps=1e-3, momentum=0.01),
        nn.LeakyReLU(),
        back(n_out, n_out, 3, padding=1),
        norm(n_out, eps=1e-3, momentum=0.01),
    ]
    return nn.Sequential(*layers, *([] if last else [nn.LeakyReLU()]))


def train_autoencoder(
    x: npt.NDArray[np.float32],
    n_latent: int = 32,
    epochs: int = 15,
    lr: float = 2e-3,
    batch_size: int = 64,
    patience: int = 4,
    seed: int = 0,
    report: Reporter | None = None,
) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
    """Train an autoencoder and return the latents of all inputs, in evaluation mode.

    Parameters
    ----------
    x : (N, …) float32 array
        Windows or images; standardised here by the mean and standard deviation of all.
    patience : int
        Epochs without a lower loss on a held-out tenth before it stops; the best epoch is used.

    Returns
    -------
    vectors : (N, n_latent) float32 array
    summary : dict
        Losses by epoch (mean squared error of standardised values), best epoch, standardisation.

    Raises
    ------
    InputError
        If there are fewer than ten inputs, all are the same, some hold NaN, or batches are of one.
    JobError
        If the loss was never a number.
    """
    report = report or NullReporter()
    _check(x, batch_size)
    mean, spread = float(x.mean()), float(x.std())
    data = torch.from_numpy((x - mean) / spread)
    torch.manual_seed(seed)
    model = Autoencoder(tuple(x.shape[1:]), n_latent)
    optimiser = torch.optim.Adamax(model.parameters(), lr=lr, weight_decay=1e-5)
    shuffled = torch.randperm(len(data))
    held_out, rest = shuffled[: max(1, len(data) // 10)], shuffled[max(1, len(data) // 10) :]
    history, best, best_loss, best_epoch = [], model.state_dict(), math.inf, 0
    for epoch in range(epochs):
        model.train()
        for batch in rest[torch.randperm(len(rest))].split(batch_size):
            report.check()
            if len(batch) > 1:
                optimiser.zero_grad(set_to_none=True)
                nn.functional.mse_loss(model(data[batch]), data[batch]).backward()
                optimiser.step()
        loss = float(nn.functional.mse_loss(_apply(model, data[held_out]), data[held_out]))
        history.append(loss)
        report.metrics(epoch + 1, validation_loss=loss)
        report.progress(epoch + 1, epochs, f"epoch {epoch + 1}")
        if loss < best_loss:
            best, best_loss, best_epoch = {k: v.clone() for k, v in model.state_dict().items()}, loss, epoch + 1
        elif epoch + 1 - best_epoch >= patience:
            break
    if not best_epoch:
        raise JobError("the loss of the autoencoder was never a number", remedy="Lower the learning rate")
    model.load_state_dict(best)
    model.eval()
    with torch.inference_mode():
        vectors = torch.cat([model.embed(part) for part in data.split(256)]).numpy()
    return vectors, {"validation_loss": history, "best_epoch": best_epoch, "mean": mean, "std": spread}


def _check(x: npt.NDArray[np.float32], batch_size: int) -> None:
    wrong = {
        f"{len(x)} windows are too few": len(x) < 10,
        "windows with missing samples (NaN) are nothing": not np.isfinite(x).all(),
        "windows that are all the same are nothing": len(x) > 0 and x.std() == 0,
        "batches of one window are too small": batch_size < 2,
    }
    for what, is_so in wrong.items():
        if is_so:
            raise InputError(
                f"{what} to learn features from", remedy="Choose more events, another window or batch_size"
            )


def _apply(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(part) for part in x.split(256)])
