"""Predictions in batches, in evaluation mode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.training.side import X, tensor, views_of

BATCH = 128


def predict_logits(model: nn.Module, x: X, batch_size: int = BATCH) -> torch.Tensor:
    """Return class scores (n, n_outputs) of inputs, on the processor; the model is left in evaluation mode.

    Parameters
    ----------
    model : nn.Module
    x : (n, …) array or tuple of them
        The views, in the order that the model takes them.
    """
    views = views_of(x)
    blocks = (tuple(tensor(view[i : i + batch_size]) for view in views) for i in range(0, len(views[0]), batch_size))
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    model.eval()
    with torch.inference_mode():
        parts = [model(*(view.to(device) for view in block)).cpu() for block in blocks]
    return torch.cat(parts).clone()


def scores_of(model: nn.Module, views: Sequence[torch.Tensor], device: torch.device) -> torch.Tensor:
    """Return class scores (n, n_outputs) of views that are tensors, on the processor; the model is left as `predict_logits`."""
    model.eval()
    with torch.inference_mode():
        blocks = zip(*(view.split(BATCH) for view in views), strict=True)
        parts = [model(*(view.to(device) for view in block)) for block in blocks]
    return torch.cat(parts).float().cpu().clone()


def predict_probabilities(model: nn.Module, x: X) -> npt.NDArray[np.float32]:
    """Return class probabilities (n, n_outputs), float32, of inputs as `predict_logits` takes them."""
    probabilities: npt.NDArray[np.float32] = torch.softmax(predict_logits(model, x), dim=1).numpy()
    return probabilities
