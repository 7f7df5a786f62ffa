"""Predictions in batches, in evaluation mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn


def predict_logits(model: nn.Module, x: npt.NDArray[Any], batch_size: int = 128) -> torch.Tensor:
    """Return class scores (n, n_outputs) of inputs (n, …); the model is left in evaluation mode."""
    model.eval()
    with torch.inference_mode():
        parts = [
            model(torch.from_numpy(np.ascontiguousarray(x[i : i + batch_size]))) for i in range(0, len(x), batch_size)
        ]
    return torch.cat(parts).clone()


def predict_probabilities(model: nn.Module, x: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return class probabilities (n, n_outputs), float32."""
    probabilities: npt.NDArray[np.float32] = torch.softmax(predict_logits(model, x), dim=1).numpy()
    return probabilities
