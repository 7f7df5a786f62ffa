"""The convolutional autoencoder: features of windows learnt without labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.errors import InputError
from core.jobs import Reporter
from core.pretraining.encoders import Array, Arrays, Inputs, Learnt, blocks

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
    initial : str
        Weights to begin with: ``default`` (PyTorch's), or ``xavier``: normal with gain √2 in convolutions and linear layers,
        whose biases are 0, as published; transposed convolutions keep the default.
    momentum : float
        Of batch norm, in PyTorch's sense: the share of the newest batch. The published 0.99 keeps next to nothing but the
        last batch; 0.01 needs hundreds of batches, and until then the validation loss of a small study says nothing.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        n_latent: int = 32,
        bounded: bool = False,
        initial: str = "default",
        momentum: float = 0.1,
    ) -> None:
        super().__init__()
        n_chans, *size = shape
        if min(size) < 8:
            raise InputError(
                f"windows of {' × '.join(map(str, size))} are too small to encode",
                remedy="Take at least 8 along each axis",
            )
        self.spec: dict[str, Any] = {
            "shape": list(shape),
            "n_latent": n_latent,
            "bounded": bounded,
            "initial": initial,
            "momentum": momentum,
        }
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
        _set_momentum(self, momentum)
        if initial == "xavier":
            self.apply(_xavier)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return the latent vectors (batch, n_latent)."""
        return nn.functional.leaky_relu(self.to_latent(self.encoder(x)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the reconstruction, of the shape of `x`."""
        return self.decode(self.embed(x))

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return what latent vectors stand for."""
        decoded = self.decoder(self.from_latent(latent))
        out: torch.Tensor = self.output(nn.functional.interpolate(decoded, size=self.size, mode="nearest"))
        return out


def _layers(n_axes: int) -> tuple[Any, Any, Any]:
    if n_axes == 1:
        return nn.Conv1d, nn.BatchNorm1d, nn.ConvTranspose1d
    return nn.Conv2d, nn.BatchNorm2d, nn.ConvTranspose2d


def _down(conv: Any, norm: Any, n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        conv(n_in, n_out, 3, stride=2, padding=1),
        norm(n_out, eps=1e-3),
        nn.LeakyReLU(),
        conv(n_out, n_out, 3, padding=1),
        norm(n_out, eps=1e-3),
        nn.LeakyReLU(),
    )


def _up(back: Any, norm: Any, n_in: int, n_out: int, *, last: bool) -> nn.Sequential:
    layers = [
        back(n_in, n_out, 2, stride=2),
        norm(n_out, eps=1e-3),
        nn.LeakyReLU(),
        back(n_out, n_out, 3, padding=1),
        norm(n_out, eps=1e-3),
    ]
    return nn.Sequential(*layers, *([] if last else [nn.LeakyReLU()]))


def _set_momentum(model: nn.Module, momentum: float) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = momentum


def _xavier(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
        nn.init.xavier_normal_(layer.weight, gain=math.sqrt(2))
    if isinstance(layer, nn.Linear):
        nn.init.zeros_(layer.bias)


class AutoencoderEncoder:
    """The encoding half, in evaluation mode, with the standardisation of its inputs.

    Parameters
    ----------
    model : Autoencoder
    offset, scale : float
        Inputs are ``(x - offset) / scale``.
    """

    def __init__(self, model: Autoencoder, offset: float, scale: float) -> None:
        self.model, self.offset, self.scale = model.eval(), offset, scale
        self.names = tuple(f"latent {n + 1}" for n in range(model.to_latent.out_features))

    def embed(self, inputs: Inputs) -> Array:
        """Return the latents."""
        if tuple(self.model.spec["shape"]) != inputs.x.shape[1:]:
            raise InputError(
                f"these inputs are {inputs.x.shape[1:]}, those of the encoder {tuple(self.model.spec['shape'])}",
                remedy="Take the window and the representation of the encoder",
            )
        return latents(self.model, inputs.x, self.offset, self.scale)

    def to_state(self) -> tuple[dict[str, Any], Arrays]:
        """Return architecture and weights."""
        arrays = {name: value.detach().numpy() for name, value in self.model.state_dict().items()}
        return {"architecture": self.model.spec, "offset": self.offset, "scale": self.scale}, arrays

    @classmethod
    def from_state(cls, card: Mapping[str, Any], arrays: Arrays) -> Self:
        """Make it again."""
        architecture = dict(card["architecture"])
        model = Autoencoder(tuple(architecture.pop("shape")), **architecture)
        model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
        return cls(model, float(card["offset"]), float(card["scale"]))


def latents(model: Autoencoder, x: Array, offset: float, scale: float) -> Array:
    """Return the latents of inputs in evaluation mode; each batch is standardised on its own, so there is no second copy."""
    model.eval()
    out = np.empty((len(x), model.to_latent.out_features), np.float32)
    with torch.inference_mode():
        for block in blocks(len(x), 256):
            out[block] = model.embed(torch.from_numpy((x[block] - offset) / scale)).numpy()
    return out


def learn(
    inputs: Inputs,
    fit: npt.NDArray[np.bool_],
    *,
    seed: int,
    report: Reporter,
    folder: Path | None = None,
    **options: Any,
) -> Learnt:
    """Train an autoencoder on the rows at `fit`; `options` are those of `fit_autoencoder`."""
    from core.pretraining.fitting import AutoencoderSettings, fit_autoencoder

    settings = AutoencoderSettings(**options, seed=seed)
    fitted = fit_autoencoder(inputs.x, settings, fit=fit, report=report, folder=folder)
    encoder = AutoencoderEncoder(fitted.model, fitted.offset, fitted.scale)
    if settings.latents == "evaluation":
        return Learnt("autoencoder", encoder, fitted.summary())
    vectors = encoder.embed(inputs)
    vectors[fitted.rows] = fitted.training_latents
    note = (
        "The latents are those of the last epoch while it trained, as published: the encoder that is kept gives others, so "
        "new events do not fall where these would."
    )
    return Learnt("autoencoder", encoder, fitted.summary(), vectors, (note,))
