"""What a model looked at: how much each sample, or each point of a spectrogram, spoke for a class or against it.

To add a way, write ``method(model, views of one event, target, seed)`` here and add its entry to
`core.training.registry.SALIENCIES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.checks import check, whole
from core.errors import InputError
from core.features import gather_windows
from core.registry import chosen
from core.study import Study
from core.training.predict import predict_probabilities
from core.training.registry import SALIENCIES
from core.training.run import TrainedRun
from core.training.side import X, tensor, views_of

Views = tuple[torch.Tensor, ...]
Array = npt.NDArray[np.float32]
N_STEPS = 32  # of the way from the baseline, and noisy copies of an event
NOISE = 0.1  # of the standard deviation of an event


@dataclass(frozen=True)
class Saliency:
    """What spoke for a class in one event.

    Attributes
    ----------
    event : int
    label : str
        The class that is spoken for.
    probability : float
        That the model gives it.
    views : dict of str to float32 array
        By representation, of the shape of what the model saw of the event: above 0 where it spoke for the class, below 0
        where against it.
    times_s : dict of str to float array
        Middle of each column (last axis) of the views, s from the start of the window.
    channels : tuple of str
        Of the window.
    span_s : (float, float)
        From where to where of its recording the window is.
    fs : float
        Of the window, Hz.
    """

    event: int
    label: str
    probability: float
    views: dict[str, Array]
    times_s: dict[str, npt.NDArray[np.floating[Any]]]
    channels: tuple[str, ...]
    span_s: tuple[float, float]
    fs: float

    def over_time(self, view: str, channel: int | None = None) -> Array:
        """Return the sum over channels (or of one), and over frequencies if there are any, of each column."""
        values = self.views[view]
        one = values if channel is None or channel >= len(values) else values[channel : channel + 1]
        summed: Array = one.reshape(-1, one.shape[-1]).sum(axis=0)
        return summed


def input_times_gradient(model: nn.Module, views: Views, target: int, seed: int) -> Views:
    """Return x · ∂score/∂x: how the score would follow if what differs from the baseline faded a little (Shrikumar 2016)."""
    return _times(_differences(views), gradients(model, views, target))


def integrated_gradients(model: nn.Module, views: Views, target: int, seed: int) -> Views:
    """Return the gradients on the straight way from the baseline, times its length (Sundararajan et al. 2017).

    They add up to the score less that of the baseline, up to the error of the midpoint rule.
    """
    differences = _differences(views)
    bases = tuple(view - difference for view, difference in zip(views, differences, strict=True))
    way = (torch.arange(N_STEPS) + 0.5) / N_STEPS
    steps = tuple(
        base + way.view(-1, *[1] * (base.ndim - 1)) * difference
        for base, difference in zip(bases, differences, strict=True)
    )
    mean = tuple(g.mean(dim=0, keepdim=True) for g in gradients(model, steps, target))
    return _times(differences, mean)


def smooth_gradients(model: nn.Module, views: Views, target: int, seed: int) -> Views:
    """Return x · the mean gradient of noisy copies of the event (SmoothGrad, Smilkov et al. 2017)."""
    draw = torch.Generator().manual_seed(seed)
    noisy = tuple(view + NOISE * view.std() * torch.randn(N_STEPS, *view.shape[1:], generator=draw) for view in views)
    mean = tuple(g.mean(dim=0, keepdim=True) for g in gradients(model, noisy, target))
    return _times(_differences(views), mean)


def attribute(
    model: nn.Module, x: X, target: int, method: str = "integrated_gradients", seed: int = 0
) -> tuple[Array, ...]:
    """Return how much each input of one event spoke for a class; the model is left in evaluation mode.

    Parameters
    ----------
    model : nn.Module
        ``model(*views) -> (batch, n_outputs)`` scores.
    x : (1, …) float32 array or tuple of them
        The views of one event. The baseline is what does not vary: each channel at its mean.
    target : int
        Number of the class.
    method : str
        One of `SALIENCIES`.
    seed : int
        Of methods that draw: the same seed gives the same picture.

    Returns
    -------
    tuple of (…) float32 arrays
        One for each view.

    Raises
    ------
    InputError
        If the method is unknown, or x is not one event.
    """
    entry = chosen(SALIENCIES, method, "saliency", "saliencies")
    check(whole(0), target=target, seed=seed)
    views = tuple(tensor(view).float() for view in views_of(x))
    if {len(view) for view in views} != {1}:
        raise InputError("saliency is of one event at a time", remedy="Give views of length 1")
    model.eval()
    wanted = [p.requires_grad for p in model.parameters()]
    model.requires_grad_(False)
    try:
        return tuple(part[0].numpy() for part in entry.load()(model, views, target, seed))
    finally:
        for parameter, was in zip(model.parameters(), wanted, strict=True):
            parameter.requires_grad_(was)


def saliency_of(
    study: Study, run: TrainedRun, event: int, label: str = "", method: str = "integrated_gradients", seed: int = 0
) -> Saliency:
    """Return what spoke for a class in an event of a study.

    Parameters
    ----------
    study : Study
    run : TrainedRun
    event : int
    label : str
        A class of the run; by default the one that it says.
    method, seed
        As `attribute`.

    Raises
    ------
    InputError
        If the event has no window, or the run no such class.
    """
    wanted = any(one.needs_levels for one in run.representations)
    windows = gather_windows(study, [event], run.window, levels=wanted)
    if not len(windows.ids):
        why = next(iter(windows.rejected.values()), "it is not there")
        raise InputError(f"event {event} cannot be shown to the model: {why}")
    views = run.views(windows.x, windows.levels)
    scores = _probabilities(run.model, views)
    if label and label not in run.classes:
        raise InputError(f"the run knows no class {label}", remedy=f"It knows {', '.join(run.classes)}")
    target = run.classes.index(label) if label else int(scores.argmax())
    parts = attribute(run.model, views, target, method, seed)
    named = dict(zip((one.name for one in run.representations), parts, strict=True))
    axes = [one.axes(windows.x.shape[1], windows.x.shape[2], windows.fs) for one in run.representations]
    return Saliency(
        event=event,
        label=run.classes[target],
        probability=float(scores[target]),
        views=named,
        times_s={name: one.times_s for name, one in zip(named, axes, strict=True)},
        channels=windows.channels,
        span_s=(float(windows.spans_s[0, 0]), float(windows.spans_s[0, 1])),
        fs=windows.fs,
    )


def gradients(model: nn.Module, views: Views, target: int) -> Views:
    """Return the gradient of each event's own score of a class by its views."""
    asked = tuple(view.detach().clone().requires_grad_(True) for view in views)
    with torch.enable_grad():
        score = model(*asked)[:, target].sum()
    return tuple(gradient.detach() for gradient in torch.autograd.grad(score, asked))


def _differences(views: Views) -> Views:
    """Return the views less their baseline."""
    return tuple(view - view.mean(dim=tuple(range(2, view.ndim)), keepdim=True) for view in views)


def _times(differences: Views, slopes: Views) -> Views:
    return tuple(difference * slope for difference, slope in zip(differences, slopes, strict=True))


def _probabilities(model: nn.Module, views: tuple[Any, ...]) -> npt.NDArray[np.float32]:
    scores: npt.NDArray[np.float32] = predict_probabilities(model, views)[0]
    return scores
