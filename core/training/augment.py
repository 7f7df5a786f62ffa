"""Augmentation of batches: what could have been recorded as well, drawn by torch's random numbers.

A batch is a tuple of views: raw windows (batch, C, T) and log-spectrograms (batch, C, F, T) in dB. Spectrograms are never
computed again. Where a change of the samples is also one of the image (`time_shift`, `gain`), both views of an event get
the same; the others change one kind of view alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from core.errors import InputError
from core.training.registry import AUGMENTATIONS, check_augmentation

Views = tuple[torch.Tensor, ...]
Augmentation = Callable[[Views], Views]
DIMENSIONS = {"raw": 3, "log_spectrogram": 4}


def time_shift(views: Views, most: float = 0.1) -> Views:
    """Shift each event by up to `most` of the window, to and fro; the samples at the edges are repeated."""
    share = _between(views[0], -most, most)
    return tuple(_shifted(view, share) for view in views)


def gain(views: Views, most_db: float = 6.0) -> Views:
    """Make each event louder or softer by up to `most_db` decibels."""
    db = _between(views[0], -most_db, most_db)
    return tuple(view * _beside(10 ** (db / 20), view) if _is_raw(view) else view + _beside(db, view) for view in views)


def noise(views: Views, level: float = 0.1) -> Views:
    """Add Gaussian noise to raw windows: `level` times the standard deviation of each channel."""
    return tuple(
        view + level * view.std(dim=-1, keepdim=True) * torch.randn_like(view) if _is_raw(view) else view
        for view in views
    )


def channel_drop(views: Views, p: float = 0.1) -> Views:
    """Set each channel of raw windows to 0 with a chance of `p`; of an event that would lose all, none."""
    return tuple(_without_channels(view, p) if _is_raw(view) else view for view in views)


def spec_augment(views: Views, n_time: int = 1, time: float = 0.1, n_freq: int = 1, freq: float = 0.1) -> Views:
    """Lay masks over log-spectrograms: `n_time` and `n_freq` bands, each up to a share of the width or the height."""
    bands = ((3, n_time, time), (2, n_freq, freq))
    return tuple(view if _is_raw(view) else _masked(view, bands) for view in views)


def build_augmentation(wanted: Sequence[Mapping[str, Any]], n_dims: Sequence[int]) -> Augmentation:
    """Return what applies augmentations, ``{"name": …, options…}``, one after the other.

    Parameters
    ----------
    wanted : sequence of mapping
    n_dims : sequence of int
        Dimensions of each view, the batch included: 3 for raw windows, 4 for spectrograms.

    Raises
    ------
    InputError
        If one is unknown, has another option, or would change nothing.
    """
    steps = []
    for choice in wanted:
        options = {key: value for key, value in choice.items() if key != "name"}
        entry = check_augmentation(choice["name"], **options)
        if not any(DIMENSIONS[kind] in n_dims for kind in entry.views):
            raise InputError(
                f"the augmentation {choice['name']} changes {' and '.join(entry.views)} only, which the model does not see",
                remedy=f"Leave it out, or choose among: {', '.join(_fitting(n_dims))}",
            )
        steps.append((entry.load(), options))

    def augment(views: Views) -> Views:
        for step, options in steps:
            views = step(views, **options)
        return views

    return augment


def _fitting(n_dims: Sequence[int]) -> list[str]:
    return [name for name, entry in AUGMENTATIONS.items() if any(DIMENSIONS[kind] in n_dims for kind in entry.views)]


def _is_raw(view: torch.Tensor) -> bool:
    return view.ndim == DIMENSIONS["raw"]


def _between(view: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Draw one number for each event; on the processor, so that every device draws the same."""
    return (low + (high - low) * torch.rand(len(view))).to(view.device)


def _beside(values: torch.Tensor, view: torch.Tensor) -> torch.Tensor:
    return values.view(-1, *[1] * (view.ndim - 1))


def _shifted(view: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    n = view.shape[-1]
    places = torch.arange(n, device=view.device) - (share * n).round().long()[:, None]
    index = places.clamp(0, n - 1).view(len(view), *[1] * (view.ndim - 2), n)
    return view.gather(-1, index.expand_as(view))


def _without_channels(view: torch.Tensor, p: float) -> torch.Tensor:
    dropped = torch.rand(view.shape[:2]) < p
    kept = ~dropped | dropped.all(dim=1, keepdim=True)
    return view * kept.to(view.device, view.dtype)[:, :, None]


def _masked(view: torch.Tensor, bands: Sequence[tuple[int, int, float]]) -> torch.Tensor:
    """Set bands, given as (axis, how many, share of the axis at most), to the mean of each channel."""
    mean = view.mean(dim=(2, 3), keepdim=True)
    for axis, n, most in bands:
        size = view.shape[axis]
        places = torch.arange(size, device=view.device)
        shape = [len(view), 1, 1, 1]
        shape[axis] = size
        for _ in range(n):
            width = (_between(view, 0, most) * size)[:, None]
            start = _between(view, 0, 1)[:, None] * (size - width)
            band = (places >= start) & (places < start + width.floor())
            view = torch.where(band.view(shape), mean, view)
    return view
